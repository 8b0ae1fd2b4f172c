#include <stdarg.h>
#include <string.h>

#include "cluster/cluster-read.h"

/* A Node's pod network of its own, where none is written; what etcd's majority is worth; routes that a node sets
 * (node/network/routes.c). */
enum { POD_BITS = 24, SERVERS_LIMIT = 7, NODES_LIMIT = 250, SERVICES_LEAST_BITS = 12, SERVICES_MOST_BITS = 28 };

struct check {
	struct reader *r;
	const struct value *root;
	struct cluster *c;
	struct cidr subnet, pods, services; /* bits 0: not known, as there was a mistake in it */
	struct cidr *pod_cidrs;		    /* by node; bits 0: none */
};

static void __attribute__((format(printf, 4, 0)))
fault_at(struct check *k, enum severity severity, const struct value *v, const char *fmt, va_list list)
{
	const struct value *at = v ? v : k->root;

	diagnose(k->r->diag, severity, at->at, at->width, "%s", arena_vprintf(k->r->arena, fmt, list));
}

/* At the value of a key, of a map at the key itself; where the outermost map begins when it has its default. */
static const struct value *place_of(const struct check *k, const char *key)
{
	const struct value *name = NULL, *v = value_get(k->root, key, &name);

	return v && v->type == VALUE_MAP ? name : v;
}

static void __attribute__((format(printf, 3, 4))) fault(struct check *k, const char *key, const char *fmt, ...)
{
	va_list list;

	va_start(list, fmt);
	fault_at(k, SEVERITY_ERROR, place_of(k, key), fmt, list);
	va_end(list);
}

/* At a node's key. */
static void __attribute__((format(printf, 4, 5)))
fault_node(struct check *k, const struct cluster_node *n, const char *key, const char *fmt, ...)
{
	const struct value *nodes = value_get(k->root, "nodes", NULL), *node = nodes ? value_get(nodes, n->name, NULL) : NULL;
	const struct value *name = NULL;
	va_list list;

	if (nodes)
		value_get(nodes, n->name, &name);
	va_start(list, fmt);
	fault_at(k, SEVERITY_ERROR, node && value_get(node, key, NULL) ? value_get(node, key, NULL) : name, fmt, list);
	va_end(list);
}

/* At the value, or in the case of a default at nodes. */
static void __attribute__((format(printf, 3, 4))) advise(struct check *k, const char *key, const char *fmt, ...)
{
	const struct value *v = place_of(k, key);
	va_list list;

	va_start(list, fmt);
	fault_at(k, SEVERITY_WARNING, v ? v : place_of(k, "nodes"), fmt, list);
	va_end(list);
}

/* What the table took is right in itself; what it did not take was said. */
static struct cidr network_of(const char *text)
{
	struct cidr c = {0};

	if (text)
		cidr_parse(text, &c, NULL);
	return c;
}

static void check_ranges(struct check *k)
{
	const struct {
		const char *key, *what;
		struct cidr c;
	} all[] = {{"subnet", "the nodes' network", k->subnet},
		   {"pods", "the pods' network", k->pods},
		   {"services", "the services' network", k->services}};

	for (size_t i = 0; i < 3; i++)
		for (size_t j = i + 1; j < 3; j++)
			if (all[i].c.bits && all[j].c.bits && cidr_overlaps(all[i].c, all[j].c))
				/* Said where it was written: a default cannot be what is wrong. */
				fault(k, value_get(k->root, all[j].key, NULL) ? all[j].key : all[i].key,
				      "%s %s and %s %s overlap: an address in both could not be reached", all[i].what,
				      cidr_text(k->r->arena, all[i].c), all[j].what, cidr_text(k->r->arena, all[j].c));
	if (k->services.bits && (k->services.bits < SERVICES_LEAST_BITS || k->services.bits > SERVICES_MOST_BITS))
		fault(k, "services", "the API server takes a network of services from /%d to /%d", SERVICES_LEAST_BITS, SERVICES_MOST_BITS);
}

static bool is_host(struct cidr net, uint32_t address)
{
	return cidr_has(net, address) && address != net.first && address != cidr_last(net);
}

/* An address of the provisioning network, not its first or last. */
static void check_in_subnet(struct check *k, const char *key, const char *text)
{
	uint32_t address;

	if (text && k->subnet.bits && ipv4_parse(text, &address) && !is_host(k->subnet, address))
		fault(k, key, "%s is no address of a machine in subnet %s", text, k->c->subnet);
}

static void check_dns(struct check *k)
{
	struct arena *a = k->r->arena;
	uint32_t address;

	if (!k->services.bits)
		return;
	if (!k->c->dns)
		k->c->dns = ipv4_text(a, k->services.first + 10);
	if (!ipv4_parse(k->c->dns, &address))
		return;
	if (!is_host(k->services, address))
		fault(k, "dns", "%s is not in services, %s", k->c->dns, k->c->services);
	else if (address == k->services.first + 1)
		fault(k, "dns", "%s, the first of services, is the API's own", k->c->dns);
}

static bool same_text(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static void check_address(struct check *k, const struct cluster_node *n)
{
	uint32_t address;

	if (!n->address || !ipv4_parse(n->address, &address))
		return;
	if (k->subnet.bits && !is_host(k->subnet, address))
		fault_node(k, n, "address", "%s of node %s is no address of a machine in subnet %s", n->address, n->name, k->c->subnet);
	if (same_text(n->address, k->c->provisioner))
		fault_node(k, n, "address", "%s is the provisioner's, not node %s's", n->address, n->name);
	if (same_text(n->address, k->c->gateway))
		fault_node(k, n, "address", "%s is the gateway's, not node %s's", n->address, n->name);
	if (n->role == CLUSTER_WORKER && same_text(n->address, k->c->api))
		fault(k, "api", "%s is worker %s's, which has no API server", n->address, n->name);
}

/* Before each node, those above it. */
static void check_twice(struct check *k, size_t i)
{
	const struct cluster_node *n = &k->c->nodes[i];

	for (size_t j = 0; j < i; j++) {
		const struct cluster_node *other = &k->c->nodes[j];

		if (same_text(n->mac, other->mac))
			fault_node(k, n, "mac", "%s is node %s's already (line %u)", n->mac, other->name, other->at.line);
		if (same_text(n->address, other->address))
			fault_node(k, n, "address", "%s is node %s's already (line %u)", n->address, other->name, other->at.line);
	}
}

/* Where it follows from the address, it stays the same when other nodes come and go. */
static void choose_pod_cidr(struct check *k, struct cluster_node *n, struct cidr *out)
{
	uint32_t address;

	if (!k->pods.bits)
		return;
	if (n->pod_cidr) {
		*out = network_of(n->pod_cidr);
		if (!cidr_within(*out, k->pods))
			fault_node(k, n, "pod_cidr", "%s of node %s is not within pods, %s", n->pod_cidr, n->name, k->c->pods);
		return;
	}
	if (!k->subnet.bits || !n->address || !ipv4_parse(n->address, &address) || !cidr_has(k->subnet, address))
		return;
	if (!cidr_part(k->pods, POD_BITS, address - k->subnet.first, out))
		fault_node(k, n, "address", "pods %s has no /%d number %u, for the pods of node %s: give it a pod_cidr, or pods a "
					    "larger network", k->c->pods, POD_BITS, address - k->subnet.first, n->name);
	else
		n->pod_cidr = cidr_text(k->r->arena, *out);
}

static void check_pod_cidrs(struct check *k)
{
	for (size_t i = 0; i < k->c->node_count; i++) {
		struct cluster_node *n = &k->c->nodes[i];

		choose_pod_cidr(k, n, &k->pod_cidrs[i]);
		for (size_t j = 0; j < i; j++)
			/* Where both have one address, that was said. */
			if (k->pod_cidrs[i].bits && k->pod_cidrs[j].bits && cidr_overlaps(k->pod_cidrs[i], k->pod_cidrs[j]) &&
			    !same_text(n->address, k->c->nodes[j].address))
				fault_node(k, n, "pod_cidr", "%s of node %s overlaps %s of node %s", n->pod_cidr, n->name,
					   k->c->nodes[j].pod_cidr, k->c->nodes[j].name);
	}
}

static void check_servers(struct check *k, const struct value *nodes)
{
	struct cluster *c = k->c;
	const struct cluster_node *first = NULL;
	size_t servers = 0, known = 0;

	for (size_t i = 0; i < c->node_count; i++) {
		known += c->nodes[i].role != CLUSTER_ROLES;
		if (c->nodes[i].role != CLUSTER_SERVER)
			continue;
		first = first ? first : &c->nodes[i];
		servers++;
	}
	/* Of nodes with mistakes nobody knows. */
	if (known < nodes->count)
		return;
	if (!servers)
		fault(k, "nodes", "no node has \"role: server\"");
	else if (servers % 2 == 0)
		fault(k, "nodes", "%zu servers: etcd goes on as long as more than half of them are there, so %zu bear the loss of no more "
				  "servers than %zu do; have %zu or %zu", servers, servers, servers - 1, servers - 1, servers + 1);
	else if (servers > SERVERS_LIMIT)
		fault(k, "nodes", "%zu servers: each of etcd's writes goes to all of them; have %d at most", servers, SERVERS_LIMIT);
	if (!c->api && first)
		c->api = first->address;
	for (size_t i = 0; servers > 1 && i < c->node_count; i++)
		if (c->nodes[i].role == CLUSTER_SERVER && same_text(c->nodes[i].address, c->api))
			advise(k, "api", "the API is reached by the address of server %s: without it nobody reaches the other %zu; give "
					 "\"api\" an address in front of all of them", c->nodes[i].name, servers - 1);
}

/* RAM is what one gets without saying anything, and that is no place for what a cluster must not forget. */
static void check_etcd(struct check *k)
{
	const struct plan *states = &k->c->kinds[CLUSTER_SERVER].states;
	const struct value *v = value_get(k->root, "state", NULL);

	for (size_t i = 0; i < states->state_count; i++) {
		if (strcmp(states->states[i].path, CLUSTER_ETCD) != 0)
			continue;
		if (states->states[i].kind == PLAN_STATE_TMPFS)
			advise(k, "state", "%s is in RAM: when half of the servers are switched off, the cluster is gone", CLUSTER_ETCD);
		return;
	}
	v = v && v->type == VALUE_MAP ? value_get(v, "server", NULL) : NULL;
	/* One with a mistake in it. */
	if (v && (v->type != VALUE_MAP || value_get(v, CLUSTER_ETCD, NULL)))
		return;
	fault(k, "state", "servers need state on %s, as in state: {server: {%s: {kind: iscsi, …}}}: without it the cluster would be "
			  "gone when they are switched off (\"tmpfs 512M\" says that this is meant)", CLUSTER_ETCD, CLUSTER_ETCD);
}

void check_cluster(struct reader *r, const struct value *root, struct cluster *c)
{
	const struct value *nodes = value_get(root, "nodes", NULL);
	struct check k = {
		.r = r,
		.root = root,
		.c = c,
		.subnet = network_of(c->subnet),
		.pods = network_of(c->pods),
		.services = network_of(c->services),
		.pod_cidrs = arena_calloc(r->arena, c->node_count + 1, sizeof(*k.pod_cidrs)),
	};

	check_ranges(&k);
	check_in_subnet(&k, "provisioner", c->provisioner);
	check_in_subnet(&k, "gateway", c->gateway);
	check_dns(&k);
	if (!nodes || nodes->type != VALUE_MAP)
		return;
	check_etcd(&k);
	if (c->node_count > NODES_LIMIT) {
		fault(&k, "nodes", "%zu nodes: %d at most, as each has a route to the pods of every other", c->node_count, NODES_LIMIT);
		return;
	}
	for (size_t i = 0; i < c->node_count; i++) {
		check_address(&k, &c->nodes[i]);
		check_twice(&k, i);
	}
	check_pod_cidrs(&k);
	check_servers(&k, nodes);
}
