#include "cluster/secrets.h"

#include <string.h>
#include <time.h>

#include "base/json.h"
#include "builder/quote.h"
#include "cluster/kubeconfig.h"
#include "node/agent/base64.h"

/* RFC 3339, as the controller tokencleaner reads it. */
static const char *expiration(struct arena *a, int64_t when)
{
	char text[64];
	time_t seconds = (time_t)when;
	struct tm broken;

	/* A year that no clock reaches: as good as never. */
	if (!gmtime_r(&seconds, &broken) || broken.tm_year > 9999 - 1900)
		return NULL;
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &broken);
	return arena_strdup(a, text);
}

/* The data of a token's Secret. */
static struct pairs token_data(struct arena *a, const struct cluster_token *token)
{
	struct pairs data = {0};
	struct place nowhere = {0};
	const char *end = token->expires ? expiration(a, token->expires) : NULL;
	const char *of = token->node ? arena_printf(a, "mkdl: the node %s", token->node) : NULL;

	pairs_add(a, &data, "token-id", token->id, nowhere);
	pairs_add(a, &data, "token-secret", token->secret, nowhere);
	pairs_add(a, &data, "usage-bootstrap-authentication", "true", nowhere);
	pairs_add(a, &data, "usage-bootstrap-signing", "true", nowhere);
	if (token->description || of)
		pairs_add(a, &data, "description", token->description ? token->description : of, nowhere);
	if (end)
		pairs_add(a, &data, "expiration", end, nowhere);
	return data;
}

static const char *encoded(struct arena *a, const char *text)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	base64_encode(text, strlen(text), &out);
	return arena_strdup(a, out.data ? out.data : "");
}

void secrets_tokens(struct arena *a, const struct cluster_tokens *tokens, struct strbuf *out)
{
	for (size_t i = 0; i < tokens->count; i++) {
		struct pairs data = token_data(a, &tokens->items[i]);

		strbuf_printf(out, "%sapiVersion: v1\nkind: Secret\nmetadata:\n  name: bootstrap-token-%s\n  namespace: kube-system\n"
			      "type: bootstrap.kubernetes.io/token\ndata:\n", i ? "---\n" : "", tokens->items[i].id);
		for (size_t k = 0; k < data.count; k++)
			strbuf_printf(out, "  %s: %s\n", data.items[k].key, quote_text(a, encoded(a, data.items[k].value)));
	}
}

void secrets_token_json(struct arena *a, const struct cluster_token *token, struct strbuf *out)
{
	struct pairs data = token_data(a, token);
	struct json j = json_begin(out);

	json_open_object(&j, NULL);
	json_string(&j, "apiVersion", "v1");
	json_string(&j, "kind", "Secret");
	json_open_object(&j, "metadata");
	json_string(&j, "name", arena_printf(a, "bootstrap-token-%s", token->id));
	json_string(&j, "namespace", "kube-system");
	json_close_object(&j);
	json_string(&j, "type", "bootstrap.kubernetes.io/token");
	json_open_object(&j, "data");
	for (size_t k = 0; k < data.count; k++)
		json_string(&j, data.items[k].key, encoded(a, data.items[k].value));
	json_close_object(&j);
	json_close_object(&j);
	json_end(&j);
}

const char *secrets_token_path(struct arena *a, const char *id)
{
	return arena_printf(a, SECRETS_PATH "/bootstrap-token-%s", id);
}

void secrets_cluster_info(struct arena *a, const struct cluster *c, const char *ca, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf kubeconfig = {0};
	struct kubeconfig k = {.cluster = "", .server = kubeconfig_server(a, c), .ca = ca};

	kubeconfig_write(a, &k, &kubeconfig);
	strbuf_puts(out, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cluster-info\n  namespace: kube-public\ndata:\n"
			 "  kubeconfig: |\n");
	for (const char *line = kubeconfig.data, *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		strbuf_printf(out, "    %.*s\n", (int)(end - line), line);
	}
	strbuf_puts(out, "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: mkdl:cluster-info\n"
			 "  namespace: kube-public\nrules:\n- apiGroups: [\"\"]\n  resources: [configmaps]\n"
			 "  resourceNames: [cluster-info]\n  verbs: [get]\n"
			 "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n  name: mkdl:cluster-info\n"
			 "  namespace: kube-public\nroleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: Role\n"
			 "  name: mkdl:cluster-info\nsubjects:\n- apiGroup: rbac.authorization.k8s.io\n  kind: User\n"
			 "  name: system:anonymous\n");
}
