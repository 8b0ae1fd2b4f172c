/* mkdl: what is mkdl's own, in the words of a profile. services, state and sysctl are read by the tables that profiles
 * have (config/node.h) straight into the plan; the kubelet's and containerd's settings by those below. */
#include <string.h>

#include "config/node.h"
#include "node/agent/cloud.h"
#include "node/agent/mkdl.h"

#define AT(field) offsetof(struct mkdl, field)

static bool check_pem(struct reader *r, const struct value *name, const struct value *v)
{
	const char *begin = strstr(v->text, "-----BEGIN CERTIFICATE-----");

	if (begin && strstr(begin, "-----END CERTIFICATE-----"))
		return true;
	complain(r, v, "\"%s\": this is no certificate (-----BEGIN CERTIFICATE----- … -----END CERTIFICATE-----)",
		 name->text);
	return false;
}

/* k3OS writes labels as a map; the kubelet takes no others than those that a node may give itself. */
static bool check_node_label(struct reader *r, const struct value *name, const struct value *v)
{
	return check_label(r, name, v);
}

/* The field is the struct around the key. */
static void read_kubernetes(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			    void *field)
{
	struct mkdl *m = field;
	const struct key_target target = {&mkdl_map_kubernetes, m};

	(void)k;
	if (!is_map(r, name, v, ""))
		return;
	m->kubernetes_at = name->at;
	read_map(r, &target, 1, v);
}

static void write_nothing(struct json *j, const struct key *k, const void *field)
{
	(void)j, (void)k, (void)field;
}

static void read_registries(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			    void *field)
{
	struct registries all = {0};

	(void)k;
	registries_read(r, name, v, &all);
	for (size_t i = 0; i < all.count; i++) {
		const struct value ca = {.type = VALUE_SCALAR, .at = all.items[i].ca_at, .width = 1, .text = all.items[i].ca};

		if (ca.text && !check_pem(r, &(struct value){.text = "ca"}, &ca))
			return;
	}
	*(struct registries *)field = all;
}

static const struct key_type type_kubernetes = {"map", read_kubernetes, write_nothing, NULL};
static const struct key_type type_registries = {"map of registries", read_registries, write_nothing, NULL};

static const struct key own_keys[] = {
	{"kubernetes", &type_kubernetes, 0, NULL, "The cluster that the node joins. See KUBERNETES."},
	{"registries", &type_registries, AT(registries), NULL,
	 "Mirrors of registries, asked in this order before the registry itself: {docker.io: "
	 "[\"http://10.0.0.1:5000\"]}; _default for all others; {mirrors: […], ca: PEM} where the certificates are signed by an "
	 "authority of one's own."},
};
const struct key_map mkdl_map_own = KEY_MAP("mkdl", own_keys);

static const struct key kubernetes_keys[] = {
	{"server", &type_text, AT(server), check_https,
	 "The API server that the node joins."},
	{"token", &type_text, AT(token), check_token, "The bootstrap token."},
	{"ca", &type_text, AT(ca), check_pem,
	 "The cluster's certificate authority (PEM). Default: the image's /etc/kubernetes/pki/ca.crt, or the one that "
	 "ca_cert_hash finds."},
	{"ca_cert_hash", &type_one_or_more, AT(pins), check_ca_hash,
	 "In place of ca: the hash of its public key, as kubeadm prints it (sha256:HEX), or several; the authority then comes "
	 "from the API server, as in kubeadm's discovery. unsafe: whatever authority the token vouches for."},
	{"labels", &type_pairs, AT(labels), check_node_label,
	 "Labels of the node, added to the profile's; one of the same name replaces."},
	{"taints", &type_set, AT(taints), check_taint, "Taints that the node registers with: KEY=VALUE:EFFECT."},
	{"node_ip", &type_text, AT(node_ip), check_node_ip, "boot-interface, the name of an interface, or an address."},
	{"args", &type_list, AT(args), check_kubelet_flag, "More flags of the kubelet; one that is there is replaced."},
};
const struct key_map mkdl_map_kubernetes = KEY_MAP("mkdl.kubernetes", kubernetes_keys);

void cloud_read_mkdl(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
		     void *field)
{
	struct mkdl *m = arena_new(c->r.arena, struct mkdl);
	const struct key_target targets[] = {{&map_node, c->plan}, {&mkdl_map_own, m}};

	(void)k, (void)field;
	if (!is_map(&c->r, name, v, ""))
		return;
	read_map(&c->r, targets, sizeof(targets) / sizeof(*targets), v);
	c->settings->mkdl = m;
}
