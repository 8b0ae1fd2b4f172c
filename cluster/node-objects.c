#include <stdlib.h>
#include <string.h>

#include "cluster/follow.h"
#include "cluster/yaml-text.h"

/* kubeadm's history: "master" until 1.23 as label and until 1.24 as taint (kubernetes.io/blog, removals of 1.24 and 1.25). */
enum { LABEL_MASTER_UNTIL = 23, TAINT_MASTER_UNTIL = 24 };

static int minor_of(const struct cluster *c)
{
	return atoi(strchr(c->version, '.') + 1);
}

struct taint taint_parse(struct arena *a, const char *text)
{
	const char *colon = strrchr(text, ':');
	size_t n = strcspn(text, "=:");

	return (struct taint){
		.key = arena_strndup(a, text, n),
		.value = text[n] == '=' ? arena_strndup(a, text + n + 1, (size_t)(colon - text) - n - 1) : "",
		.effect = colon + 1,
	};
}

const struct strings *node_taints(const struct cluster *c, const struct cluster_node *node)
{
	static const char *master[] = {"node-role.kubernetes.io/master:NoSchedule"};
	static const char *control_plane[] = {"node-role.kubernetes.io/control-plane:NoSchedule"};
	static const struct strings old = {.items = master, .count = 1}, new = {.items = control_plane, .count = 1};

	if (node->taints.items || node->role == CLUSTER_WORKER)
		return &node->taints;
	return minor_of(c) <= TAINT_MASTER_UNTIL ? &old : &new;
}

static void add_taints(struct arena *a, struct strbuf *out, const struct strings *taints)
{
	strbuf_puts(out, taints->count ? "  taints:\n" : "");
	for (size_t i = 0; i < taints->count; i++) {
		struct taint t = taint_parse(a, taints->items[i]);

		strbuf_printf(out, "  - key: \"%s\"\n    value: \"%s\"\n    effect: %s\n", t.key, t.value, t.effect);
	}
}

void follow_node_objects(struct arena *a, struct strbuf *out, const struct cluster *c)
{
	strbuf_puts(out, "# The nodes before they join: their pods' networks, and what a node may not say of itself.\n");
	for (size_t i = 0; i < c->node_count; i++) {
		const struct cluster_node *n = &c->nodes[i];

		strbuf_printf(out, "%sapiVersion: v1\nkind: Node\nmetadata:\n  name: %s\n  labels:\n", i ? "---\n" : "", n->name);
		if (n->role == CLUSTER_WORKER)
			strbuf_puts(out, "    node-role.kubernetes.io/worker: \"\"\n");
		else
			strbuf_puts(out, "    node-role.kubernetes.io/control-plane: \"\"\n");
		if (n->role == CLUSTER_SERVER && minor_of(c) <= LABEL_MASTER_UNTIL)
			strbuf_puts(out, "    node-role.kubernetes.io/master: \"\"\n");
		for (size_t l = 0; l < n->labels.count; l++)
			strbuf_printf(out, "    \"%s\": \"%s\"\n", n->labels.items[l].key, n->labels.items[l].value);
		strbuf_printf(out, "spec:\n  podCIDR: %s\n  podCIDRs: [%s]\n", n->pod_cidr, n->pod_cidr);
		add_taints(a, out, node_taints(c, n));
		/* Nothing runs there yet. A kubelet (1.20) that finds its Node without capacity panics when it adds its huge
		 * pages to it. */
		strbuf_puts(out, "status:\n  capacity: {pods: \"0\"}\n  allocatable: {pods: \"0\"}\n");
	}
}
