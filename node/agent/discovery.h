/* What a cluster says of itself to everybody: the ConfigMap kube-public/cluster-info, whose kubeconfig is signed with each
 * bootstrap token (Kubernetes: "Authenticating with Bootstrap Tokens", ConfigMap Signing; kubeadm's design: token-based
 * discovery). All of it is foreign bytes until the signature was checked. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

#define DISCOVERY_PATH "/api/v1/namespaces/kube-public/configmaps/cluster-info"

enum discovery {
	DISCOVERY_SIGNED,
	DISCOVERY_UNSIGNED,  /* not with this token */
	DISCOVERY_FORGED,    /* the signature is not one by this token */
	DISCOVERY_MALFORMED, /* it is no such ConfigMap */
};

/* Is it "ID.SECRET", 6 and 16 characters of a-z and 0-9? */
int discovery_check_token(const char *token, struct error *err);

/* Read the ConfigMap (JSON, n bytes) and check it by the token, which is of the form above. ca: the authority's PEM. What is
 * not DISCOVERY_SIGNED comes with err. */
enum discovery discovery_read(struct arena *a, const char *json, size_t n, const char *token, const char **ca,
			      struct error *err);

/* A detached JWS (RFC 7515, appendix F) with HS256 over payload by the secret of the token: 0 when it is right. kid: the
 * token's ID, which the header has to name. */
int discovery_check_signature(struct arena *a, const char *jws, const char *payload, const char *kid, const char *secret,
			      struct error *err);

/* What is wanted of a kubeconfig (client-go's clientcmd v1; YAML): the first cluster's authority and server, the first user's
 * token. NULL where it has none. base: certificate-authority names a file; its path is in ca_file. */
struct kubeconfig {
	const char *server, *ca, *ca_file, *token;
};
int kubeconfig_read(struct arena *a, const char *text, size_t n, struct kubeconfig *out, struct error *err);
