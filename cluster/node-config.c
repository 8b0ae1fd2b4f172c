#include <string.h>

#include "cluster/follow.h"
#include "cluster/yaml-text.h"

/* The cable that it boots over: by DHCP, as without configuration, and besides the ways to the other nodes' pods. */
static void add_network(struct strbuf *out, const struct cluster *c, const struct cluster_node *node)
{
	strbuf_printf(out,
		      "network:\n  version: 2\n  ethernets:\n    boot:\n      match: {macaddress: \"%s\"}\n      dhcp4: true\n",
		      node->mac);
	if (c->nameservers.count) {
		strbuf_puts(out, "      nameservers: {addresses: ");
		yaml_list(out, &c->nameservers);
		strbuf_puts(out, "}\n");
	}
	if (c->node_count < 2)
		return;
	strbuf_puts(out, "      routes:\n");
	for (size_t i = 0; i < c->node_count; i++)
		if (strcmp(c->nodes[i].name, node->name) != 0)
			strbuf_printf(out, "        - {to: %s, via: %s}   # pods of %s\n", c->nodes[i].pod_cidr, c->nodes[i].address,
				      c->nodes[i].name);
}

/* Labels of these domains are for the administrator to set: a kubelet that is told to does not start
 * (kubernetes.io/docs/reference/access-authn-authz/admission-controllers, NodeRestriction). The Node objects have them. */
static bool is_own_label(const char *key)
{
	const char *slash = strchr(key, '/');
	size_t n = slash ? (size_t)(slash - key) : 0;
	static const char *const reserved[] = {"kubernetes.io", "k8s.io"};

	for (size_t i = 0; i < 2; i++) {
		size_t length = strlen(reserved[i]);

		if (n >= length && !strncmp(key + n - length, reserved[i], length) && (n == length || key[n - length - 1] == '.'))
			return false;
	}
	return true;
}

static void add_labels(struct strbuf *out, const struct pairs *labels)
{
	bool any = false;

	for (size_t i = 0; i < labels->count; i++) {
		if (!is_own_label(labels->items[i].key))
			continue;
		strbuf_puts(out, any ? ", " : "    labels: {");
		yaml_quoted(out, labels->items[i].key);
		strbuf_puts(out, ": ");
		yaml_quoted(out, labels->items[i].value);
		any = true;
	}
	strbuf_puts(out, any ? "}\n" : "");
}

static void add_registries(struct strbuf *out, const struct cluster *c)
{
	strbuf_puts(out, c->registry_count ? "  registries:\n" : "");
	for (size_t i = 0; i < c->registry_count; i++) {
		strbuf_puts(out, "    ");
		yaml_quoted(out, c->registries[i].host);
		strbuf_puts(out, ": ");
		yaml_list(out, &c->registries[i].mirrors);
		strbuf_puts(out, "\n");
	}
}

static void add_mkdl(struct strbuf *out, const struct cluster *c, const struct cluster_node *node, const char *token,
		     const char *ca)
{
	const struct strings *taints = node_taints(c, node);

	strbuf_printf(out, "mkdl:\n  kubernetes:\n    server: \"https://%s:%u\"\n    token: \"%s\"\n    ca:", c->api, c->api_port,
		      token);
	yaml_block(out, 6, ca);
	add_labels(out, &node->labels);
	if (taints->count) {
		strbuf_puts(out, "    taints: ");
		yaml_list(out, taints);
		strbuf_puts(out, "\n");
	}
	add_registries(out, c);
	follow_states(out, 2, &c->kinds[node->role].states, true);
}

void follow_node_config(struct strbuf *out, const struct cluster *c, const struct cluster_node *node, const char *token,
			const char *ca, const struct pki_files *files)
{
	strbuf_printf(out,
		      "#cloud-config\n# Node %s of the cluster %s, made by \"mkdl cluster init\": secret, and what is changed here is "
		      "lost.\nhostname: %s\n",
		      node->name, c->name, node->name);
	if (c->ssh_keys.count) {
		strbuf_puts(out, "ssh_authorized_keys: ");
		yaml_list(out, &c->ssh_keys);
		strbuf_puts(out, "\n");
	}
	add_network(out, c, node);
	add_mkdl(out, c, node, token, ca);
	if (files && files->count)
		strbuf_puts(out, "write_files:\n");
	for (size_t i = 0; files && i < files->count; i++) {
		strbuf_printf(out, "  - path: %s\n    permissions: \"%04o\"\n    content:", files->items[i].path, files->items[i].mode);
		yaml_block(out, 6, files->items[i].text);
	}
}
