/* mkdl cluster: its subcommands. A row in the table in cmd-cluster.c and a function; argv[0] is "cluster NAME", and what is
 * returned is as of a command (builder/command.h). */
#pragma once

#include "builder/command.h"

int cluster_cmd_init(const struct globals *g, int argc, char **argv, struct error *err);
int cluster_cmd_example(const struct globals *g, int argc, char **argv, struct error *err);
int cluster_cmd_renew(const struct globals *g, int argc, char **argv, struct error *err);
int cluster_cmd_token(const struct globals *g, int argc, char **argv, struct error *err);
int cluster_cmd_kubeconfig(const struct globals *g, int argc, char **argv, struct error *err);
