/* kubeconfig files: how a client finds and trusts the API and who it is there. */
#pragma once

#include "base/arena.h"
#include "base/strbuf.h"
#include "cluster/cluster.h"

struct kubeconfig {
	const char *cluster; /* name */
	const char *user;    /* name; NULL: nobody, as in cluster-info */
	const char *server;  /* URL */
	const char *ca, *certificate, *key; /* PEM */
};

/* Append it, as YAML with everything embedded. */
void kubeconfig_write(struct arena *a, const struct kubeconfig *k, struct strbuf *out);

/* "https://API:PORT" */
const char *kubeconfig_server(struct arena *a, const struct cluster *c);
