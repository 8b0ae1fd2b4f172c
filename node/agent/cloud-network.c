/* network, version 2: what netplan calls ethernets, vlans and bonds, into the plan's links. Version 1 is brought to this form
 * before (cloud-network-v1.c). */
#include <arpa/inet.h>
#include <string.h>

#include "node/agent/cloud.h"

#define AT(field) offsetof(struct reading, field)

/* A link while its keys are read. */
struct reading {
	struct plan_link link;
	const char *match_name, *match_mac, *match_driver, *set_name, *mac, *gateway4, *gateway6;
	int64_t id, mtu;
	const char *parent;
	bool optional, renderer;
};

static bool check_interface(struct reader *r, const struct value *name, const struct value *v)
{
	bool ok = strlen(v->text) <= 15 && consists_of(v->text, LOWER UPPER DIGIT "_", LOWER UPPER DIGIT "._-");

	return expect(r, name, v, ok, "the name of an interface (at most 15 letters, digits, \".\", \"_\", \"-\")");
}

static bool check_exact(struct reader *r, const struct value *name, const struct value *v)
{
	if (!strpbrk(v->text, "*?["))
		return check_interface(r, name, v);
	complain(r, v, "\"%s\": patterns such as \"%s\" are not looked for on a node; match by macaddress, or leave network out and the "
		 "interface that the node booted from gets its address by DHCP", name->text, v->text);
	return false;
}

static bool check_mac(struct reader *r, const struct value *name, const struct value *v)
{
	bool ok = strlen(v->text) == 17;

	for (size_t i = 0; ok && i < 17; i++)
		ok = i % 3 == 2 ? v->text[i] == ':' : strchr(DIGIT "abcdefABCDEF", v->text[i]) != NULL;
	return expect(r, name, v, ok, "a MAC address, as in 52:54:00:12:34:56");
}

static bool check_with_prefix(struct reader *r, const struct value *name, const struct value *v)
{
	const char *slash = strchr(v->text, '/');
	const char *address = slash ? arena_strndup(r->arena, v->text, (size_t)(slash - v->text)) : v->text;
	unsigned char bytes[16];
	int v4 = inet_pton(AF_INET, address, bytes), v6 = inet_pton(AF_INET6, address, bytes);
	unsigned long bits;

	return expect(r, name, v, slash && (v4 == 1 || v6 == 1) && parse_number(slash + 1, 1, v4 == 1 ? 32 : 128, &bits),
		      "an address with its prefix, as in 10.0.0.5/24");
}

static bool check_gateway4(struct reader *r, const struct value *name, const struct value *v)
{
	unsigned char bytes[4];

	return expect(r, name, v, inet_pton(AF_INET, v->text, bytes) == 1, "an IPv4 address");
}

static bool check_gateway6(struct reader *r, const struct value *name, const struct value *v)
{
	unsigned char bytes[16];

	return expect(r, name, v, inet_pton(AF_INET6, v->text, bytes) == 1, "an IPv6 address");
}

static void read_mac(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v, void *field)
{
	const char *text = NULL;
	char *lower;

	cloud_read_line(c, k, name, v, &text);
	if (!text)
		return;
	lower = arena_strdup(c->r.arena, text);
	for (char *p = lower; *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'F' ? *p - 'A' + 'a' : *p);
	*(const char **)field = lower;
}

static const struct cloud_key match_keys[] = {
	{"macaddress", CLOUD_APPLIED, "The card's address.", read_mac, AT(match_mac), check_mac, 0, NULL},
	{"name", CLOUD_APPLIED, "The kernel's name, without wildcards.", cloud_read_line, AT(match_name), check_exact, 0, NULL},
	{"driver", CLOUD_IGNORED, "match by macaddress or name", NULL, 0, NULL, 0, NULL},
};

const struct cloud_map cloud_match = CLOUD_MAP("network.ethernets.*.match", match_keys);

static const struct cloud_key server_keys[] = {
	{"addresses", CLOUD_APPLIED, "Name servers.", cloud_read_list, offsetof(struct plan_link, nameservers), check_address, 0, NULL},
	{"search", CLOUD_APPLIED, "Where short names are looked for.", cloud_read_list, offsetof(struct plan_link, search), check_domain, 0, NULL},
};

const struct cloud_map cloud_nameservers = CLOUD_MAP("network.*.*.nameservers", server_keys);

struct route {
	const char *to, *via;
	int64_t metric;
	bool on_link;
};

static bool check_destination(struct reader *r, const struct value *name, const struct value *v)
{
	return !strcmp(v->text, "default") || check_with_prefix(r, name, v);
}

static const struct cloud_key route_keys[] = {
	{"to", CLOUD_APPLIED, "\"default\", or a network with its prefix.", cloud_read_line, offsetof(struct route, to), check_destination, 0, NULL},
	{"via", CLOUD_APPLIED, "The gateway's address. Without it the network is on the link itself.", cloud_read_line, offsetof(struct route, via), check_address, 0, NULL},
	{"metric", CLOUD_APPLIED, "Lower is preferred.", cloud_read_id, offsetof(struct route, metric), NULL, 0, NULL},
	{"on-link", CLOUD_IGNORED, "a gateway has to be within one of the link's networks", NULL, 0, NULL, 0, NULL},
	{"type", CLOUD_IGNORED, "routes are unicast routes", NULL, 0, NULL, 0, NULL},
	{"scope", CLOUD_IGNORED, "the kernel chooses it", NULL, 0, NULL, 0, NULL},
	{"table", CLOUD_IGNORED, "there is one table, the main one", NULL, 0, NULL, 0, NULL},
	{"from", CLOUD_IGNORED, "the kernel chooses the address", NULL, 0, NULL, 0, NULL},
	{"mtu", CLOUD_IGNORED, "write the link's mtu", NULL, 0, NULL, 0, NULL},
};

const struct cloud_map cloud_route = CLOUD_MAP("network.*.*.routes[]", route_keys);

static void add_route(struct cloud *c, struct plan_link *l, const char *to, const char *via, unsigned metric)
{
	l->routes = arena_grow(c->r.arena, l->routes, l->route_count, &l->route_cap, sizeof(*l->routes));
	l->routes[l->route_count++] = (struct plan_route){.to = to, .via = via, .metric = metric};
}

static void read_routes(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v, void *field)
{
	struct reading *r = field;

	(void)k;
	if (v->type != VALUE_LIST) {
		complain(&c->r, v, "\"%s\": expected a list of routes", name->text);
		return;
	}
	for (size_t i = 0; i < v->count; i++) {
		struct route route = {0};
		const char *to;

		if (!cloud_read_map(c, &cloud_route, name, v->items[i], &route))
			continue;
		to = route.to;
		if (!to && !value_get(v->items[i], "to", NULL))
			complain(&c->r, v->items[i], "a route without \"to\"");
		if (to && (!strcmp(to, "0.0.0.0/0") || !strcmp(to, "::/0")))
			to = "default";
		if (to && !strcmp(to, "default") && !route.via && !value_get(v->items[i], "via", NULL))
			complain(&c->r, v->items[i], "a default route without \"via\"");
		if (to)
			add_route(c, &r->link, to, route.via ? route.via : "link", (unsigned)route.metric);
	}
}

static void read_match(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v, void *field)
{
	(void)k;
	cloud_read_map(c, &cloud_match, name, v, field);
}

static void read_servers(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v, void *field)
{
	(void)k;
	cloud_read_map(c, &cloud_nameservers, name, v, &((struct reading *)field)->link);
}

static void read_ra(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v, void *field)
{
	bool on = false;

	cloud_read_bool(c, k, name, v, &on);
	*(enum plan_ra *)field = on ? PLAN_RA_YES : PLAN_RA_NO;
}

static void read_mtu(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v, void *field)
{
	unsigned long mtu;

	(void)k;
	if (!is_text(&c->r, name, v))
		return;
	if (parse_number(v->text, 68, 65535, &mtu))
		*(unsigned *)field = (unsigned)mtu;
	else
		complain(&c->r, v, "\"mtu\": \"%s\" is no number from 68 to 65535", v->text);
}

/* {k: v} into the kernel's names and values; see bonding.rst. */
static const struct {
	const char *netplan, *kernel;
} bond_options[] = {
	{"mode", NULL}, {"lacp-rate", "lacp_rate"}, {"mii-monitor-interval", "miimon"}, {"min-links", "min_links"},
	{"transmit-hash-policy", "xmit_hash_policy"}, {"ad-select", "ad_select"}, {"all-slaves-active", "all_slaves_active"},
	{"arp-interval", "arp_interval"}, {"arp-ip-targets", "arp_ip_target"}, {"arp-validate", "arp_validate"},
	{"arp-all-targets", "arp_all_targets"}, {"up-delay", "updelay"}, {"down-delay", "downdelay"},
	{"fail-over-mac-policy", "fail_over_mac"}, {"gratuitous-arp", "num_grat_arp"},
	{"packets-per-slave", "packets_per_slave"}, {"primary-reselect-policy", "primary_reselect"}, {"resend-igmp", "resend_igmp"},
	{"learn-packet-interval", "lp_interval"}, {"primary", "primary"},
};

static void read_bond_option(struct cloud *c, struct plan_link *l, const char *kernel, const struct value *name, const struct value *v)
{
	const char *text = v->text;

	if (v->type == VALUE_LIST && v->count) {
		text = "";
		for (size_t i = 0; i < v->count; i++)
			if (is_text(&c->r, name, v->items[i]))
				text = arena_printf(c->r.arena, "%s%s%s", text, i ? "," : "", v->items[i]->text);
	} else if (!is_text(&c->r, name, v)) {
		return;
	}
	if (!*text || !is_visible(text))
		complain(&c->r, v, "\"%s\": a value without spaces", name->text);
	else
		pairs_add(c->r.arena, &l->bond_options, kernel, cloud_truth(text) == 1 && strlen(text) > 1 ? "1" : text, v->at);
}

static void read_parameters(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v, void *field)
{
	static const char *const modes[] = {"balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"};
	struct plan_link *l = &((struct reading *)field)->link;

	(void)k;
	if (v->type != VALUE_MAP) {
		complain(&c->r, v, "\"%s\": expected a map", name->text);
		return;
	}
	for (size_t i = 0; i < v->count; i++) {
		const char *key = v->keys[i]->text;
		size_t j = 0, n = sizeof(bond_options) / sizeof(*bond_options);

		while (j < n && strcmp(bond_options[j].netplan, key) != 0)
			j++;
		if (j == n) {
			complain(&c->r, v->keys[i], "unknown parameter of a bond: \"%s\"", key);
		} else if (bond_options[j].kernel) {
			read_bond_option(c, l, bond_options[j].kernel, v->keys[i], v->items[i]);
		} else if (is_text(&c->r, v->keys[i], v->items[i])) {
			int mode = choose(&c->r, v->items[i], "mode", modes, sizeof(modes) / sizeof(*modes));

			l->bond_mode = mode >= 0 ? modes[mode] : l->bond_mode;
		}
	}
}

static const char no_overrides[] = "a lease is taken as a whole; write addresses, routes and nameservers instead of dhcp4";
static const char no_wake[] = "the card is left as the firmware set it up";
#define COMMON_KEYS \
	{"dhcp4", CLOUD_APPLIED, "An IPv4 address by DHCP, renewed.", cloud_read_bool, AT(link.dhcp4), NULL, 0, NULL}, \
	{"dhcp6", CLOUD_APPLIED, "An IPv6 address by DHCPv6.", cloud_read_bool, AT(link.dhcp6), NULL, 0, NULL}, \
	{"accept-ra", CLOUD_APPLIED, "Router advertisements. Default: as the kernel does.", read_ra, AT(link.ra), NULL, 0, NULL}, \
	{"addresses", CLOUD_APPLIED, "With prefixes.", cloud_read_list, AT(link.addresses), check_with_prefix, 0, NULL}, \
	{"routes", CLOUD_APPLIED, "See below.", read_routes, 0, NULL, 0, NULL}, \
	{"gateway4", CLOUD_APPLIED, "The default route of IPv4.", cloud_read_line, AT(gateway4), check_gateway4, 0, NULL}, \
	{"gateway6", CLOUD_APPLIED, "The default route of IPv6.", cloud_read_line, AT(gateway6), check_gateway6, 0, NULL}, \
	{"nameservers", CLOUD_APPLIED, "See below.", read_servers, 0, NULL, 0, NULL}, \
	{"mtu", CLOUD_APPLIED, "Bytes.", read_mtu, AT(link.mtu), NULL, 0, NULL}, \
	{"optional", CLOUD_APPLIED, "true: the boot does not wait for it.", cloud_read_bool, AT(link.optional), NULL, 0, NULL}, \
	{"macaddress", CLOUD_IGNORED, "cards keep the address that they have", NULL, 0, NULL, 0, NULL}, \
	{"dhcp4-overrides", CLOUD_IGNORED, no_overrides, NULL, 0, NULL, 0, NULL}, \
	{"dhcp6-overrides", CLOUD_IGNORED, no_overrides, NULL, 0, NULL, 0, NULL}, \
	{"dhcp-identifier", CLOUD_IGNORED, "the client's identifier is the MAC address", NULL, 0, NULL, 0, NULL}, \
	{"link-local", CLOUD_IGNORED, "as the kernel does", NULL, 0, NULL, 0, NULL}, \
	{"renderer", CLOUD_IGNORED, "links are set up by mkdl's own program", NULL, 0, NULL, 0, NULL}, \
	{"critical", CLOUD_IGNORED, "addresses stay until the node goes down", NULL, 0, NULL, 0, NULL}, \
	{"routing-policy", CLOUD_REFUSED, "there is one table of routes, the main one", NULL, 0, NULL, 0, NULL}

static const struct cloud_key ethernet_keys[] = {
	{"match", CLOUD_APPLIED, "Which card. Default: the one that the kernel calls by this name.", read_match, 0, NULL, 0, NULL},
	{"set-name", CLOUD_APPLIED, "The name that it gets.", cloud_read_line, AT(set_name), check_interface, 0, NULL},
	COMMON_KEYS,
	{"wakeonlan", CLOUD_IGNORED, no_wake, NULL, 0, NULL, 0, NULL},
	{"emit-lldp", CLOUD_IGNORED, "nothing speaks LLDP on a node", NULL, 0, NULL, 0, NULL},
};
const struct cloud_map cloud_ethernet = CLOUD_MAP("network.ethernets.*", ethernet_keys);

static const struct cloud_key vlan_keys[] = {
	{"id", CLOUD_APPLIED, "1 to 4094.", cloud_read_id, AT(id), NULL, 0, NULL},
	{"link", CLOUD_APPLIED, "The link that it is on.", cloud_read_line, AT(parent), check_interface, 0, NULL},
	COMMON_KEYS,
};
const struct cloud_map cloud_vlan = CLOUD_MAP("network.vlans.*", vlan_keys);

static const struct cloud_key bond_keys[] = {
	{"interfaces", CLOUD_APPLIED, "Its members.", cloud_read_list, AT(link.bond_members), check_interface, 0, NULL},
	{"parameters", CLOUD_APPLIED, "mode (default balance-rr), lacp-rate, mii-monitor-interval, min-links, transmit-hash-policy, "
	 "primary and the others of netplan.", read_parameters, 0, NULL, 0, NULL},
	COMMON_KEYS,
};
const struct cloud_map cloud_bond = CLOUD_MAP("network.bonds.*", bond_keys);

static void add_link(struct cloud *c, struct reading *r, const struct value *v)
{
	struct settings *s = c->settings;

	if (r->gateway4)
		add_route(c, &r->link, "default", r->gateway4, 0);
	if (r->gateway6)
		add_route(c, &r->link, "default", r->gateway6, 0);
	if (r->link.bond_members.count && !r->link.bond_mode)
		r->link.bond_mode = "balance-rr";
	for (size_t i = 0; i < s->link_count; i++)
		if (!strcmp(s->links[i].name, r->link.name))
			complain(&c->r, v, "two links of the name %s", r->link.name);
	s->links = arena_grow(c->r.arena, s->links, s->link_count, &s->link_cap, sizeof(*s->links));
	s->links[s->link_count++] = r->link;
}

/* The name of a link: set-name, the name that is matched, or its key. */
static void finish(struct cloud *c, const struct cloud_map *map, struct reading *r, const struct value *name, const struct value *v)
{
	const char *given = r->set_name ? r->set_name : r->match_name ? r->match_name : name->text;
	struct value as_name = *name;

	as_name.text = given;
	r->link.name = given;
	r->link.mac = r->match_mac;
	r->link.at = name->at;
	if (map == &cloud_vlan) {
		r->link.vlan_parent = r->parent;
		r->link.vlan_id = r->id >= 1 && r->id <= 4094 ? (unsigned)r->id : 0;
		if (!r->link.vlan_id)
			complain(&c->r, v, "VLAN %s needs \"id\", a number from 1 to 4094", name->text);
		if (!r->parent)
			complain(&c->r, v, "VLAN %s needs \"link\", the link that it is on", name->text);
	}
	if (map == &cloud_bond && !r->link.bond_members.count)
		complain(&c->r, v, "bond %s needs \"interfaces\", its members", name->text);
	if (check_interface(&c->r, name, &as_name))
		add_link(c, r, v);
}

static void read_links(struct cloud *c, const struct cloud_map *map, const struct value *name, const struct value *v)
{
	if (v->type == VALUE_NULL)
		return;
	if (v->type != VALUE_MAP) {
		complain(&c->r, v, "\"%s\": expected a map of links", name->text);
		return;
	}
	for (size_t i = 0; i < v->count; i++) {
		struct reading r = {.link = plan_link_new(v->keys[i]->text), .id = -1};

		if (v->items[i]->type == VALUE_NULL || cloud_read_map(c, map, v->keys[i], v->items[i], &r))
			finish(c, map, &r, v->keys[i], v->items[i]);
	}
}

static void read_ethernets(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v, void *field)
{
	(void)k, (void)field;
	read_links(c, &cloud_ethernet, name, v);
}

static void read_vlans(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v, void *field)
{
	(void)k, (void)field;
	read_links(c, &cloud_vlan, name, v);
}

static void read_bonds(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v, void *field)
{
	(void)k, (void)field;
	read_links(c, &cloud_bond, name, v);
}

static void read_version(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v, void *field)
{
	(void)k, (void)field;
	if (is_text(&c->r, name, v) && strcmp(v->text, "2") != 0 && strcmp(v->text, "1") != 0)
		complain(&c->r, v, "\"version\": there are versions 1 and 2 of network configuration, \"%s\" is neither", v->text);
}

static const struct cloud_key network_keys[] = {
	{"version", CLOUD_APPLIED, "2. Version 1 is brought to version 2: physical, vlan, bond, nameserver, route.", read_version, 0, NULL, 0, NULL},
	{"ethernets", CLOUD_APPLIED, "See below.", read_ethernets, 0, NULL, 0, NULL},
	{"bonds", CLOUD_APPLIED, "See below.", read_bonds, 0, NULL, 0, NULL},
	{"vlans", CLOUD_APPLIED, "See below.", read_vlans, 0, NULL, 0, NULL},
	{"renderer", CLOUD_IGNORED, "links are set up by mkdl's own program", NULL, 0, NULL, 0, NULL},
	{"bridges", CLOUD_REFUSED, "the node has no bridges but those of its containers", NULL, 0, NULL, 0, NULL},
	{"wifis", CLOUD_REFUSED, "a node that boots over the network has a cable", NULL, 0, NULL, 0, NULL},
	{"tunnels", CLOUD_REFUSED, "the node sets up no tunnels; run them as a service", NULL, 0, NULL, 0, NULL},
	{"modems", CLOUD_REFUSED, "a node that boots over the network has a cable", NULL, 0, NULL, 0, NULL},
	{"vrfs", CLOUD_REFUSED, "there is one table of routes, the main one", NULL, 0, NULL, 0, NULL},
	{"config", CLOUD_REFUSED, "it belongs to version 1; add \"version: 1\"", NULL, 0, NULL, 0, NULL},
};
const struct cloud_map cloud_network = CLOUD_MAP("network", network_keys);

void cloud_read_network(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v, void *field)
{
	(void)k, (void)field;
	/* "disabled": leave the network as it is. */
	if (v->type == VALUE_SCALAR && !strcmp(v->text, "disabled"))
		return;
	if (cloud_read_map(c, &cloud_network, name, v, c->settings))
		c->settings->have_network = true;
}
