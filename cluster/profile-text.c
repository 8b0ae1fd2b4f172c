#include "cluster/cluster-read.h"
#include "cluster/follow.h"
#include "cluster/yaml-text.h"

static void add_kubernetes(struct strbuf *out, const struct cluster *c, enum cluster_role role)
{
	const struct plan *states = &c->kinds[role].states;

	strbuf_printf(out, "kubernetes:\n  server: \"https://%s:%u\"\n  cluster_cidr: %s\n  service_cidr: %s\n  domain: %s\n  dns: [%s]\n",
		      c->api, c->api_port, c->pods, c->services, c->domain, c->dns);
	if (role != CLUSTER_SERVER)
		return;
	strbuf_puts(out, "  etcd:\n    members:\n");
	for (size_t i = 0; i < c->node_count; i++)
		if (c->nodes[i].role == CLUSTER_SERVER)
			strbuf_printf(out, "      \"%s\": %s\n", c->nodes[i].name, c->nodes[i].address);
	for (size_t i = 0; i < states->state_count; i++)
		if (string_equal(states->states[i].path, CLUSTER_ETCD) && states->states[i].kind == PLAN_STATE_TMPFS)
			strbuf_puts(out, "    volatile: true\n");
}

/* Pods leave under the node's address, and whoever may have the API server fetch something does so, too: neither is to have
 * what only the agent of the node is given. It fetches before there are services, so from then on nothing may. */
static void add_seal(struct strbuf *out, const struct cluster *c)
{
	static const struct {
		const char *service, *chain;
	} rules[] = {{"config-seal", "OUTPUT"}, {"config-seal-pods", "FORWARD"}};

	strbuf_puts(out, "# … and to nobody who runs on it: once it is up, nothing leads there.\nservices:\n");
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		strbuf_printf(out,
			      "  %s:\n    run: [/usr/sbin/iptables, -w, -I, %s, -d, %s, -p, tcp, --dport, \"%d\", -j, REJECT]\n"
			      "    oneshot: true\n",
			      rules[i].service, rules[i].chain, c->provisioner, CLUSTER_CONFIG_PORT);
	strbuf_puts(out, "  kubelet: {needs: [config-seal, config-seal-pods]}\n");
}

void follow_profile(struct arena *a, struct strbuf *out, const struct cluster *c, enum cluster_role role)
{
	const char *name = cluster_role_names[role];

	strbuf_printf(out,
		      "# The %ss of the cluster %s, made by \"mkdl cluster init\": what is changed here is lost. Nothing in it is secret.\n"
		      "name: %s-%s\nextends: ",
		      name, c->name, c->name, name);
	yaml_quoted(out, c->kinds[role].profile);
	strbuf_puts(out, "\n");
	add_kubernetes(out, c, role);
	follow_states(out, 0, &c->kinds[role].states, false);
	if (c->ntp.count) {
		strbuf_puts(out, "time: {ntp: ");
		yaml_list(out, &c->ntp);
		strbuf_puts(out, "}\n");
	}
	strbuf_printf(out,
		      "# The rest comes when the node boots, over https, and only to it.\nconfig:\n"
		      "  urls: [\"https://%s:%d/nodes/${mac}.yml\"]\n  ca: %s\n",
		      c->provisioner, CLUSTER_CONFIG_PORT, PKI_PROVISION_CA);
	add_seal(out, c);
	strbuf_puts(out, "# For machines whose firmware is no iPXE: it loads one first.\nbootloaders: [ipxe]\noutput: {tftp: ");
	yaml_quoted(out, c->tftp);
	strbuf_puts(out, "}\n");
	(void)a;
}
