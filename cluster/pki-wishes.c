#include "cluster/pki-wishes.h"

#include "cluster/cidr.h"

enum { CERTIFICATE_DAYS = 365 };

/* Whose names and addresses a certificate has. */
enum subject { SUBJECT_NONE, SUBJECT_API, SUBJECT_ETCD };

#define BOTH (CERTIFICATE_SERVER | CERTIFICATE_CLIENT)

/* Of each server. An etcd server also speaks to itself as a client (its gateway for JSON), a peer to peers. */
static const struct {
	const char *name;
	const char *common_name; /* NULL: the server's name */
	const char *organization;
	enum authority_name authority;
	enum pki_delivery delivery;
	unsigned usage;
	enum subject subject;
} of_server[] = {
	{"apiserver", "kube-apiserver", NULL, AUTHORITY_CLUSTER, PKI_FILES, CERTIFICATE_SERVER, SUBJECT_API},
	{"apiserver-kubelet-client", "kube-apiserver-kubelet-client", "system:masters", AUTHORITY_CLUSTER, PKI_FILES,
	 CERTIFICATE_CLIENT, SUBJECT_NONE},
	{"apiserver-etcd-client", "kube-apiserver-etcd-client", NULL, AUTHORITY_ETCD, PKI_FILES, CERTIFICATE_CLIENT,
	 SUBJECT_NONE},
	{"front-proxy-client", "front-proxy-client", NULL, AUTHORITY_FRONT_PROXY, PKI_FILES, CERTIFICATE_CLIENT, SUBJECT_NONE},
	{"etcd/server", NULL, NULL, AUTHORITY_ETCD, PKI_FILES, BOTH, SUBJECT_ETCD},
	{"etcd/peer", NULL, NULL, AUTHORITY_ETCD, PKI_FILES, BOTH, SUBJECT_ETCD},
	{"admin", "kubernetes-admin", "system:masters", AUTHORITY_CLUSTER, PKI_KUBECONFIG, CERTIFICATE_CLIENT, SUBJECT_NONE},
	{"controller-manager", "system:kube-controller-manager", NULL, AUTHORITY_CLUSTER, PKI_KUBECONFIG, CERTIFICATE_CLIENT,
	 SUBJECT_NONE},
	{"scheduler", "system:kube-scheduler", NULL, AUTHORITY_CLUSTER, PKI_KUBECONFIG, CERTIFICATE_CLIENT, SUBJECT_NONE},
};

static struct pki_wish *add(struct arena *a, struct pki_wishes *to, struct pki_wish wish)
{
	to->items = arena_grow(a, to->items, to->count, &to->cap, sizeof(*to->items));
	to->items[to->count] = wish;
	to->items[to->count].wish.days = CERTIFICATE_DAYS;
	return &to->items[to->count++];
}

static void add_once(struct arena *a, struct strings *list, const char *item)
{
	if (!strings_has(list, item))
		strings_add(a, list, item);
}

/* A host or an address to where it belongs. */
static void add_host(struct arena *a, struct certificate_wish *wish, const char *host)
{
	uint32_t address;

	add_once(a, ipv4_parse(host, &address) ? &wish->addresses : &wish->names, host);
}

static void add_api(struct arena *a, const struct cluster *c, const struct cluster_node *server, const char *service,
		    struct certificate_wish *wish)
{
	add_host(a, wish, "kubernetes");
	add_host(a, wish, "kubernetes.default");
	add_host(a, wish, "kubernetes.default.svc");
	add_host(a, wish, arena_printf(a, "kubernetes.default.svc.%s", c->domain));
	add_host(a, wish, server->name);
	add_host(a, wish, c->api);
	add_host(a, wish, service);
	add_host(a, wish, server->address);
	add_host(a, wish, "127.0.0.1");
}

static void add_etcd(struct arena *a, const struct cluster_node *server, struct certificate_wish *wish)
{
	add_host(a, wish, server->name);
	add_host(a, wish, "localhost");
	add_host(a, wish, server->address);
	add_host(a, wish, "127.0.0.1");
}

static void add_server(struct arena *a, const struct cluster *c, const struct cluster_node *server, const char *service,
		       struct pki_wishes *to)
{
	for (size_t i = 0; i < sizeof(of_server) / sizeof(of_server[0]); i++) {
		struct pki_wish *made = add(a, to, (struct pki_wish){
			.path = arena_printf(a, "pki/servers/%s/%s.pem", server->name, of_server[i].name),
			.name = of_server[i].name,
			.server = server,
			.authority = of_server[i].authority,
			.delivery = of_server[i].delivery,
			.wish = {.common_name = of_server[i].common_name ? of_server[i].common_name : server->name,
				 .usage = of_server[i].usage},
		});

		if (of_server[i].organization)
			strings_add(a, &made->wish.organizations, of_server[i].organization);
		if (of_server[i].subject == SUBJECT_API)
			add_api(a, c, server, service, &made->wish);
		else if (of_server[i].subject == SUBJECT_ETCD)
			add_etcd(a, server, &made->wish);
	}
}

int pki_wishes(struct arena *a, const struct cluster *c, struct pki_wishes *out, struct error *err)
{
	struct pki_wishes made = {0};
	struct pki_wish *one;
	struct cidr services;

	if (!cidr_parse(c->services, &services, NULL))
		return error_set(err, "%s: services: \"%s\" is no range of addresses", c->file, c->services);
	one = add(a, &made, (struct pki_wish){.path = "pki/admin.pem", .name = "admin", .authority = AUTHORITY_CLUSTER,
					      .wish = {.common_name = "kubernetes-admin", .usage = CERTIFICATE_CLIENT}});
	strings_add(a, &one->wish.organizations, "system:masters");
	one = add(a, &made, (struct pki_wish){.path = "pki/provisioner.pem", .name = "provisioner",
					      .authority = AUTHORITY_PROVISION,
					      .wish = {.common_name = "mkdl-provisioner", .usage = CERTIFICATE_SERVER}});
	add_host(a, &one->wish, c->provisioner);
	/* The API's own address within the cluster is the first of the services. */
	for (size_t i = 0; i < c->node_count; i++)
		if (c->nodes[i].role == CLUSTER_SERVER)
			add_server(a, c, &c->nodes[i], ipv4_text(a, services.first + 1), &made);
	*out = made;
	return 0;
}
