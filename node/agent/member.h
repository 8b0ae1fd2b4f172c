/* A node's membership in a cluster: what it knows of the API server, and what the kubelet has of the cluster.
 *
 *   member.c              where things are; requests, with what is wrong said in words
 *   member-certificate.c  why a server's certificate is not good; the kubelet's own certificate
 *   join.c                "agent join": becomes a member again and again, until it is one
 *   join-write.c          what the kubelet reads
 *   cordon.c              "agent cordon", "agent uncordon" */
#pragma once

#include "node/agent/api.h"
#include "node/agent/apply.h"
#include "node/agent/certificate.h"
#include "node/agent/join-file.h"

#define MEMBER_CA "/etc/kubernetes/pki/ca.crt"
#define MEMBER_BOOTSTRAP "/etc/kubernetes/bootstrap-kubeconfig"
#define MEMBER_KUBECONFIG "/var/lib/kubelet/kubeconfig"
#define MEMBER_PKI "/var/lib/kubelet/pki"
#define MEMBER_CERTIFICATE MEMBER_PKI "/kubelet-client-current.pem"
#define MEMBER_FACTS "/run/mkdl/facts"
#define MEMBER_WAITS "/run/mkdl/waits" /* for nodectl status: one line, there as long as the node is not a member */

struct member {
	struct arena *arena; /* of one attempt */
	struct root root;
	struct join_file in;
	const char *hostname;
	const char *server;      /* URL */
	const char *ca;          /* PEM, NULL until known */
	struct certificates authorities;
	const char *token;       /* or NULL */
	bool token_given;        /* else it is that of the image's bootstrap-kubeconfig */
	const char *certificate; /* PEM, with its key: the kubelet's own; NULL: none */
	int64_t certificate_until;
};

/* Read the join file, the machine's name and the image's bootstrap-kubeconfig. An error when no server is named. */
int member_load(struct member *m, struct error *err);

/* Take this authority (PEM) for the cluster's. */
int member_trust(struct member *m, const char *ca, struct error *err);

/* The kubelet's certificate, if it has one that is good for this cluster. reason: why one that is there is not, else NULL. */
void member_find_certificate(struct member *m, const char **reason);

/* Ask the API server, which has to be the cluster's. What is wrong is in err, with what to do about it; an answer of any status
 * is an answer, but those of no API server (redirects, 5xx) are errors too. q->server and q->ca are filled in. */
int member_ask(struct member *m, struct api_request q, struct api_answer *out, struct error *err);

/* For an answer whose status is not what it should be. */
int member_refused(const struct member *m, const struct api_answer *answer, const char *what, struct error *err);

/* A server whose certificate was not verified: why, as far as can be seen. */
int member_explain(struct member *m, const char *problem, struct error *err);

/* The node's clock against the server's: an error where the cluster's certificates would not be valid here. */
int member_check_clock(struct member *m, const struct api_answer *answer, struct error *err);

/* "agent join": returns when the node may be a member. once: one attempt. */
int join_run(const char *root, bool once, struct error *err);
int join_write(struct member *m, struct error *err);

int cordon_run(const char *root, struct error *err);
/* Waits until the Node is there. once: one attempt. */
int uncordon_run(const char *root, bool once, struct error *err);
