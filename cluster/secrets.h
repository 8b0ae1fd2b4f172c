/* What a server puts into the cluster of what DIR holds: manifests for `kubectl apply`, as YAML. */
#pragma once

#include "base/strbuf.h"
#include "cluster/pki.h"

/* The Secrets of the bootstrap tokens (kube-system/bootstrap-token-ID, type bootstrap.kubernetes.io/token). */
void secrets_tokens(struct arena *a, const struct cluster_tokens *tokens, struct strbuf *out);

/* The ConfigMap kube-public/cluster-info, which everybody may read: where the API is and its authority's certificate; the
 * cluster's bootstrapsigner adds signatures by the tokens. That is all that kubeadm's discovery needs. */
void secrets_cluster_info(struct arena *a, const struct cluster *c, const char *ca, struct strbuf *out);

/* The same Secret as JSON for the API. */
void secrets_token_json(struct arena *a, const struct cluster_token *token, struct strbuf *out);

/* "/api/v1/namespaces/kube-system/secrets" and "…/bootstrap-token-ID" below it. */
#define SECRETS_PATH "/api/v1/namespaces/kube-system/secrets"
const char *secrets_token_path(struct arena *a, const char *id);
