#include "cluster/kubeconfig.h"

#include <string.h>

#include "builder/quote.h"
#include "node/agent/base64.h"

static void add_data(struct strbuf *out, const char *key, const char *pem)
{
	strbuf_puts(out, key);
	base64_encode(pem, strlen(pem), out);
	strbuf_puts(out, "\n");
}

const char *kubeconfig_server(struct arena *a, const struct cluster *c)
{
	return arena_printf(a, "https://%s:%u", c->api, c->api_port);
}

void kubeconfig_write(struct arena *a, const struct kubeconfig *k, struct strbuf *out)
{
	const char *cluster = quote_text(a, k->cluster), *context;

	strbuf_puts(out, "apiVersion: v1\nkind: Config\nclusters:\n- cluster:\n");
	add_data(out, "    certificate-authority-data: ", k->ca);
	strbuf_printf(out, "    server: %s\n  name: %s\n", quote_text(a, k->server), cluster);
	if (!k->user) {
		strbuf_puts(out, "contexts: []\ncurrent-context: \"\"\npreferences: {}\nusers: []\n");
		return;
	}
	context = quote_text(a, arena_printf(a, "%s@%s", k->user, k->cluster));
	strbuf_printf(out, "contexts:\n- context:\n    cluster: %s\n    user: %s\n  name: %s\ncurrent-context: %s\n", cluster,
		      quote_text(a, k->user), context, context);
	strbuf_printf(out, "preferences: {}\nusers:\n- name: %s\n  user:\n", quote_text(a, k->user));
	add_data(out, "    client-certificate-data: ", k->certificate);
	add_data(out, "    client-key-data: ", k->key);
}
