/* The run functions of the subcommands, for the table in commands.c (command.h says what they take and return). */
#pragma once

#include "base/error.h"

struct globals;

int cmd_build(const struct globals *g, int argc, char **argv, struct error *err);
int cmd_cache(const struct globals *g, int argc, char **argv, struct error *err);
int cmd_check(const struct globals *g, int argc, char **argv, struct error *err);
int cmd_init(const struct globals *g, int argc, char **argv, struct error *err);
int cmd_list(const struct globals *g, int argc, char **argv, struct error *err);
int cmd_lock(const struct globals *g, int argc, char **argv, struct error *err);
int cmd_recipe(const struct globals *g, int argc, char **argv, struct error *err);
int cmd_run(const struct globals *g, int argc, char **argv, struct error *err);
int cmd_version(const struct globals *g, int argc, char **argv, struct error *err);
int cmd_why(const struct globals *g, int argc, char **argv, struct error *err);
