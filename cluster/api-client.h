/* Requests to the Kubernetes API as the administrator, through libcurl; keys stay in memory. */
#pragma once

#include "base/strbuf.h"
#include "cluster/cluster.h"

struct api {
	const char *server; /* URL */
	const char *ca, *certificate, *key; /* PEM */
};

/* What it takes, from DIR/pki. server NULL: the cluster's. */
int api_open(struct arena *a, const struct cluster *c, const char *dir, const char *server, struct api *out,
	     struct error *err);

/* Make one request. body NULL: none; else JSON. *status: of HTTP, whatever it is; answer: appended. An error is a server that
 * cannot be reached, or cannot be trusted. Gives up after API_SECONDS. */
enum { API_SECONDS = 15, API_CONNECT_SECONDS = 5 };
int api_request(const struct api *api, const char *method, const char *path, const char *body, long *status,
		struct strbuf *answer, struct error *err);

/* Why the API refused, from its answer (kind Status). */
const char *api_reason(struct arena *a, long status, const struct strbuf *answer);
