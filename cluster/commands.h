/* What the parts of `mkdl cluster` that deal with secrets have in common, and their help. */
#pragma once

#include "cluster/cluster.h"
#include "cluster/command-table.h"

/* Help, in lines of 80 columns, for the details of the row "cluster". */
#define CLUSTER_RENEW_HELP \
	"  renew DIR             issue all certificates anew, by the same authorities\n" \
	"    --if-less-than DAYS only those that end in fewer days\n"
#define CLUSTER_TOKEN_HELP \
	"  token create DIR      make a bootstrap token, here and in the running cluster\n" \
	"    --ttl TIME          how long it is good: 90m, 24h (default), 7d; 0: for ever\n" \
	"    --description TEXT  what for\n" \
	"  token list DIR        the tokens that are good, nodes' tokens too\n" \
	"    --secrets           whole tokens\n" \
	"  token revoke DIR ID…  end tokens; a node that is in cluster.yml gets another\n" \
	"    --no-api            change DIR alone: the cluster follows when a server\n" \
	"                        boots (create, revoke)\n" \
	"    --server URL        where the API is reached from here (create, revoke)\n"
#define CLUSTER_KUBECONFIG_HELP \
	"  kubeconfig DIR        print the administrator's kubeconfig\n" \
	"    --server URL        with another address of the API\n" \
	"    --user NAME         or one for this user, who has no rights until some\n" \
	"                        are given by RBAC, to the user or to a group\n" \
	"    --group NAME        of which the user is a member; may be repeated\n" \
	"    --days N            how long it is good (default 30)\n"

/* cluster_open with its diagnostics printed. */
int cluster_open_for_command(const struct globals *g, struct arena *a, const char *dir, struct cluster *out, struct error *err);

/* The one DIR among the operands of argv from optind on: without it, or with more, an error. */
const char *cluster_command_folder(int argc, char **argv, struct error *err);
