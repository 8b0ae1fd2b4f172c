/* network: version 2 is read by the tables that profiles have (config/network.h) straight into the plan; version 1 is
 * brought to it before: {version: 1, config: [{type: physical, name: eth0, subnets: [{type: dhcp}]}, …]}. */
#include <string.h>

#include "config/network.h"
#include "node/agent/cloud.h"

struct bringing {
	struct cloud *c;
	struct value *out; /* version 2 */
};

static const char *text_of(const struct value *map, const char *name)
{
	const struct value *v = value_get(map, name, NULL);

	return v && v->type == VALUE_SCALAR ? v->text : NULL;
}

static void copy(struct bringing *b, const struct value *from, const char *name, struct value *to, const char *as)
{
	const struct value *key = NULL;
	struct value *v = value_get(from, name, &key);

	if (v && v->type != VALUE_NULL)
		cloud_set(b->c, to, key, as, v);
}

static struct value *list_in(struct bringing *b, struct value *map, const struct value *key, const char *name)
{
	struct value *list = value_get(map, name, NULL);

	if (!list || list->type != VALUE_LIST) {
		list = value_new(b->c->r.arena, VALUE_LIST, key->at);
		cloud_set(b->c, map, key, name, list);
	}
	return list;
}

static void add_items(struct bringing *b, struct value *list, struct value *v)
{
	if (v->type == VALUE_LIST)
		for (size_t i = 0; i < v->count; i++)
			value_add(b->c->r.arena, list, NULL, v->items[i]);
	else if (v->type == VALUE_SCALAR)
		value_add(b->c->r.arena, list, NULL, v);
}

/* 255.255.255.0 → 24; -1 when it is no netmask. */
static int prefix_of(const char *mask)
{
	unsigned long bytes[4];
	unsigned bits = 0;
	int n = 0;

	for (int i = 0; i < 4; i++) {
		size_t len = strcspn(mask, ".");
		char part[4] = "";

		if (len == 0 || len > 3)
			return -1;
		memcpy(part, mask, len);
		if (!parse_number(part, 0, 255, &bytes[i]) || (i < 3) != (mask[len] == '.'))
			return -1;
		mask += len + (mask[len] == '.');
		bits = bits << 8 | (unsigned)bytes[i];
	}
	while (n < 32 && bits & (1U << (31 - n)))
		n++;
	return n == 32 || (bits << n) == 0 ? n : -1;
}

/* "address" with "netmask", or with a prefix already. */
static struct value *with_prefix(struct bringing *b, struct value *address, const struct value *map)
{
	const char *mask = text_of(map, "netmask");
	int n = mask ? prefix_of(mask) : -1;
	unsigned long bits;

	if (mask && n < 0 && parse_number(mask, 0, 128, &bits))
		n = (int)bits;

	if (address->type != VALUE_SCALAR || strchr(address->text, '/') || n < 0)
		return address;
	return cloud_text_value(b->c, address->at, arena_printf(b->c->r.arena, "%s/%d", address->text, n));
}

static void bring_route(struct bringing *b, struct value *link, const struct value *v)
{
	struct value *route = value_new(b->c->r.arena, VALUE_MAP, v->at);
	const struct value *key = NULL;
	struct value *to = value_get(v, "network", &key);

	if (!to)
		to = value_get(v, "destination", &key);
	if (to)
		cloud_set(b->c, route, key, "to", with_prefix(b, to, v));
	copy(b, v, "gateway", route, "via");
	copy(b, v, "metric", route, "metric");
	value_add(b->c->r.arena, list_in(b, link, v, "routes"), NULL, route);
}

static void bring_subnet(struct bringing *b, struct value *link, const struct value *v)
{
	const struct value *key = NULL, *type = value_get(v, "type", &key);
	const char *kind = text_of(v, "type");
	struct value *yes, *routes = value_get(v, "routes", NULL), *servers;

	if (!kind) {
		complain(&b->c->r, v, "a subnet without \"type\"");
		return;
	}
	yes = cloud_text_value(b->c, type->at, "true");
	if (!strcmp(kind, "dhcp") || !strcmp(kind, "dhcp4")) {
		cloud_set(b->c, link, key, "dhcp4", yes);
	} else if (!strcmp(kind, "dhcp6") || !strcmp(kind, "ipv6_dhcpv6-stateful")) {
		cloud_set(b->c, link, key, "dhcp6", yes);
	} else if (!strcmp(kind, "ipv6_slaac") || !strcmp(kind, "ipv6_dhcpv6-stateless")) {
		cloud_set(b->c, link, key, "accept-ra", yes);
	} else if (!strcmp(kind, "static") || !strcmp(kind, "static6")) {
		struct value *address = value_get(v, "address", NULL);
		const char *gateway = text_of(v, "gateway");

		if (address)
			value_add(b->c->r.arena, list_in(b, link, v, "addresses"), NULL, with_prefix(b, address, v));
		else
			complain(&b->c->r, v, "a static subnet without \"address\"");
		copy(b, v, "gateway", link, gateway && strchr(gateway, ':') ? "gateway6" : "gateway4");
	} else if (strcmp(kind, "manual") != 0) {
		complain(&b->c->r, type,
			 "a subnet of type \"%s\"; known are dhcp, dhcp6, static, static6, ipv6_slaac, manual", kind);
	}
	for (size_t i = 0; routes && routes->type == VALUE_LIST && i < routes->count; i++)
		bring_route(b, link, routes->items[i]);
	servers = cloud_dig(b->c, link, v, "nameservers");
	if (value_get(v, "dns_nameservers", &key))
		add_items(b, list_in(b, servers, key, "addresses"), value_get(v, "dns_nameservers", NULL));
	if (value_get(v, "dns_search", &key))
		add_items(b, list_in(b, servers, key, "search"), value_get(v, "dns_search", NULL));
}

static struct value *bring_link(struct bringing *b, const char *group, const struct value *v)
{
	const struct value *key = NULL, *name = value_get(v, "name", &key), *subnets = value_get(v, "subnets", NULL);
	struct value *link = value_new(b->c->r.arena, VALUE_MAP, v->at);

	if (!name || name->type != VALUE_SCALAR || !*name->text) {
		complain(&b->c->r, v, "a link without \"name\"");
		return link;
	}
	copy(b, v, "mtu", link, "mtu");
	for (size_t i = 0; subnets && subnets->type == VALUE_LIST && i < subnets->count; i++)
		bring_subnet(b, link, subnets->items[i]);
	cloud_set(b->c, cloud_dig(b->c, b->out, v, group), name, name->text, link);
	return link;
}

static void bring_physical(struct bringing *b, const struct value *v)
{
	const struct value *key = NULL;
	struct value *link = bring_link(b, "ethernets", v), *mac = value_get(v, "mac_address", &key), *match;

	copy(b, v, "accept-ra", link, "accept-ra");
	if (!mac || mac->type == VALUE_NULL)
		return;
	match = cloud_dig(b->c, link, key, "match");
	cloud_set(b->c, match, key, "macaddress", mac);
	copy(b, v, "name", link, "set-name");
}

static void bring_vlan(struct bringing *b, const struct value *v)
{
	struct value *link = bring_link(b, "vlans", v);

	copy(b, v, "vlan_id", link, "id");
	copy(b, v, "vlan_link", link, "link");
}

/* "bond-lacp-rate" or "lacp_rate" → "lacp-rate"; "bond-miimon" → "mii-monitor-interval" … */
static const char *bond_parameter(struct bringing *b, const char *name)
{
	static const char *const other[][2] = {
		{"miimon", "mii-monitor-interval"},
		{"xmit-hash-policy", "transmit-hash-policy"},
		{"updelay", "up-delay"},
		{"downdelay", "down-delay"},
		{"arp-ip-target", "arp-ip-targets"},
		{"num-grat-arp", "gratuitous-arp"},
	};
	char *out =
		arena_strdup(b->c->r.arena, name + (!strncmp(name, "bond-", 5) || !strncmp(name, "bond_", 5) ? 5 : 0));

	for (char *p = out; *p; p++)
		*p = *p == '_' ? '-' : *p;
	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++)
		if (!strcmp(out, other[i][0]))
			return other[i][1];
	return out;
}

static void bring_bond(struct bringing *b, const struct value *v)
{
	struct value *link = bring_link(b, "bonds", v), *params = value_get(v, "params", NULL), *out;

	copy(b, v, "bond_interfaces", link, "interfaces");
	if (!params || params->type != VALUE_MAP)
		return;
	out = cloud_dig(b->c, link, params, "parameters");
	for (size_t i = 0; i < params->count; i++)
		cloud_set(b->c, out, params->keys[i], bond_parameter(b, params->keys[i]->text), params->items[i]);
}

/* Name servers and routes that belong to no link in version 1 go to all of them, to the first. */
static void bring_loose(struct bringing *b, const struct value *v, const char *kind, struct value *map)
{
	const struct value *key = NULL;
	struct value *resolv, *ethernets = value_get(b->out, "ethernets", NULL);

	if (!strcmp(kind, "route")) {
		if (ethernets && ethernets->count)
			bring_route(b, ethernets->items[0], v);
		else
			complain(&b->c->r, v, "a route before the first link");
		return;
	}
	resolv = cloud_dig(b->c, map, v, "resolv_conf");
	if (value_get(v, "address", &key))
		add_items(b, list_in(b, resolv, key, "nameservers"), value_get(v, "address", NULL));
	if (value_get(v, "search", &key))
		add_items(b, list_in(b, resolv, key, "searchdomains"), value_get(v, "search", NULL));
}

static void bring(struct bringing *b, const struct value *v, struct value *map)
{
	const char *kind = text_of(v, "type");

	if (!kind)
		complain(&b->c->r, v, "network version 1: an item of config without \"type\"");
	else if (!strcmp(kind, "physical"))
		bring_physical(b, v);
	else if (!strcmp(kind, "vlan"))
		bring_vlan(b, v);
	else if (!strcmp(kind, "bond"))
		bring_bond(b, v);
	else if (!strcmp(kind, "nameserver") || !strcmp(kind, "route"))
		bring_loose(b, v, kind, map);
	else if (strcmp(kind, "loopback") != 0)
		complain(&b->c->r, v,
			 "network version 1: a node knows physical, vlan, bond, nameserver, route and loopback, not "
			 "\"%s\"",
			 kind);
}

void cloud_adopt_network(struct cloud *c, struct value *map)
{
	const struct value *key = NULL, *config_key = NULL, *config;
	struct value *v = value_get(map, "network", &key);
	const char *version = text_of(v, "version");
	struct bringing b = {.c = c};

	if (!version && value_get(v, "config", &config_key))
		complain(&c->r, config_key, "\"config\" belongs to version 1 of network; add \"version: 1\"");
	if (!version || strcmp(version, "1") != 0)
		return;
	config = value_get(v, "config", NULL);
	if (config && config->type == VALUE_SCALAR && !strcmp(config->text, "disabled")) {
		cloud_remove(map, "network");
		return;
	}
	if (!config || config->type != VALUE_LIST) {
		complain(&c->r, key, "network version 1 without \"config\", a list");
		return;
	}
	b.out = value_new(c->r.arena, VALUE_MAP, v->at);
	for (size_t i = 0; i < config->count; i++)
		bring(&b, config->items[i], map);
	cloud_set(c, map, key, "network", b.out);
}

void cloud_read_network(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
			void *field)
{
	(void)k, (void)field;
	/* "disabled": leave the network as it is. */
	if (v->type != VALUE_SCALAR || strcmp(v->text, "disabled") != 0)
		network_read(&c->r, name, v, c->plan);
}
