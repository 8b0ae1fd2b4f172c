/* The keys of a link. */
#include <arpa/inet.h>
#include <string.h>

#include "config/network.h"
#include "config/syntax.h"

static void read_ignored(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			 void *field)
{
	(void)v, (void)field;
	diagnose(r->diag, SEVERITY_WARNING, name->at, name->width, "\"%s\" is ignored: %s", name->text, k->help);
}

static void read_refused(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			 void *field)
{
	(void)v, (void)field;
	complain(r, name, "\"%s\" cannot be used: %s", name->text, k->help);
}

static void write_nothing(struct json *j, const struct key *k, const void *field)
{
	(void)j, (void)k, (void)field;
}

const struct key_type type_ignored = {"ignored", read_ignored, write_nothing, NULL};
const struct key_type type_refused = {"refused", read_refused, write_nothing, NULL};

static void read_version(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			 void *field)
{
	(void)k, (void)field;
	if (is_text(r, name, v) && strcmp(v->text, "2") != 0)
		complain(r, v, "\"version\": expected 2, as netplan has it");
}

const struct key_type type_version = {"2", read_version, write_nothing, NULL};

static void read_mac(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		     void *field)
{
	struct value lower = *v;
	char *text;

	if (!is_text(r, name, v))
		return;
	lower.text = text = arena_strdup(r->arena, v->text);
	for (; *text; text++)
		*text = (char)(*text >= 'A' && *text <= 'F' ? *text - 'A' + 'a' : *text);
	if (k->check(r, name, &lower))
		*(const char **)field = lower.text;
}

const struct key_type type_mac = {"MAC address", read_mac, write_text, NULL};

static void read_mtu(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		     void *field)
{
	unsigned long n;

	(void)k;
	if (!is_text(r, name, v))
		return;
	if (parse_number(v->text, 68, 65535, &n))
		*(unsigned *)field = (unsigned)n;
	else
		complain(r, v, "\"%s\": expected a number from 68 to 65535", name->text);
}

const struct key_type type_mtu = {"number", read_mtu, write_nothing, NULL};

static void read_ra(struct reader *r, const struct key *k, const struct value *name, const struct value *v, void *field)
{
	bool on = false;
	size_t errors = r->diag->errors;

	type_bool.read(r, k, name, v, &on);
	if (r->diag->errors == errors)
		*(enum plan_ra *)field = on ? PLAN_RA_YES : PLAN_RA_NO;
}

const struct key_type type_ra = {"true or false", read_ra, write_nothing, NULL};

static void read_vlan_id(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			 void *field)
{
	unsigned long n;

	(void)k;
	if (!is_text(r, name, v))
		return;
	if (parse_number(v->text, 1, 4094, &n))
		*(unsigned *)field = (unsigned)n;
	else
		complain(r, v, "\"%s\": expected a number from 1 to 4094", name->text);
}

const struct key_type type_vlan_id = {"number", read_vlan_id, write_nothing, NULL};

/* Maps inside of a link; the field is the link that is read. */
static void read_match(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		       void *field)
{
	const struct key_target target = {&map_match, field};

	(void)k;
	if (is_map(r, name, v, ", as in {macaddress: \"52:54:00:12:34:56\"}"))
		read_map(r, &target, 1, v);
}

const struct key_type type_match = {"map with macaddress or name", read_match, write_nothing, NULL};

static void read_nameservers(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			     void *field)
{
	const struct key_target target = {&map_nameservers, field};

	(void)k;
	if (is_map(r, name, v, ", as in {addresses: [10.0.0.1]}"))
		read_map(r, &target, 1, v);
}

const struct key_type type_nameservers = {"map with addresses and search", read_nameservers, write_nothing, NULL};

static void read_metric(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			void *field)
{
	unsigned long n;

	(void)k;
	if (!is_text(r, name, v))
		return;
	if (parse_number(v->text, 0, UINT32_MAX, &n))
		*(unsigned *)field = (unsigned)n;
	else
		complain(r, v, "\"%s\": expected a number from 0 to 4294967295", name->text);
}

const struct key_type type_metric = {"number", read_metric, write_nothing, NULL};

static void read_route(struct reader *r, const struct value *name, const struct value *v, struct plan_link *l)
{
	struct plan_route route = {0};
	const struct key_target target = {&map_route, &route};
	size_t errors = r->diag->errors;

	if (!is_map(r, name, v, ", as in {to: default, via: 10.0.0.1}"))
		return;
	read_map(r, &target, 1, v);
	if (!route.to && !value_get(v, "to", NULL))
		complain(r, v, "a route needs \"to\": default, or a network as in 10.1.0.0/16");
	if (route.to && (!strcmp(route.to, "0.0.0.0/0") || !strcmp(route.to, "::/0")))
		route.to = "default";
	if (route.to && !strcmp(route.to, "default") && !route.via && !value_get(v, "via", NULL))
		complain(r, v, "a default route needs \"via\", the gateway's address");
	if (r->diag->errors > errors)
		return;
	if (!route.via)
		route.via = "link";
	l->routes = arena_grow(r->arena, l->routes, l->route_count, &l->route_cap, sizeof(*l->routes));
	l->routes[l->route_count++] = route;
}

static void read_routes(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			void *field)
{
	(void)k;
	if (!is_list(r, name, v))
		return;
	for (size_t i = 0; i < v->count; i++)
		read_route(r, name, v->items[i], &((struct link_reading *)field)->link);
}

const struct key_type type_routes = {"list of maps", read_routes, write_nothing, NULL};

static void read_parameters(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			    void *field)
{
	const struct key_target target = {&map_parameters, field};

	(void)k;
	if (is_map(r, name, v, ", as in {mode: active-backup}"))
		read_map(r, &target, 1, v);
}

const struct key_type type_parameters = {"map", read_parameters, write_nothing, NULL};

static void read_bond_mode(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			   void *field)
{
	static const char *const modes[] = {
		"balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb",
	};
	int i = is_text(r, name, v) ? choose(r, v, k->name, modes, sizeof(modes) / sizeof(*modes)) : -1;

	if (i >= 0)
		((struct link_reading *)field)->link.bond_mode = modes[i];
}

const struct key_type type_bond_mode = {"mode", read_bond_mode, write_nothing, NULL};

/* What netplan calls the kernel's options (bonding.rst). */
static const struct {
	const char *parameter, *option;
} bond_options[] = {
	{"lacp-rate", "lacp_rate"},
	{"mii-monitor-interval", "miimon"},
	{"min-links", "min_links"},
	{"transmit-hash-policy", "xmit_hash_policy"},
	{"ad-select", "ad_select"},
	{"all-slaves-active", "all_slaves_active"},
	{"arp-interval", "arp_interval"},
	{"arp-ip-targets", "arp_ip_target"},
	{"arp-validate", "arp_validate"},
	{"arp-all-targets", "arp_all_targets"},
	{"up-delay", "updelay"},
	{"down-delay", "downdelay"},
	{"fail-over-mac-policy", "fail_over_mac"},
	{"gratuitous-arp", "num_grat_arp"},
	{"packets-per-slave", "packets_per_slave"},
	{"primary", "primary"},
	{"primary-reselect-policy", "primary_reselect"},
	{"resend-igmp", "resend_igmp"},
	{"learn-packet-interval", "lp_interval"},
};

const char *bond_parameter_of(const char *option)
{
	for (size_t i = 0; i < sizeof(bond_options) / sizeof(*bond_options); i++)
		if (!strcmp(bond_options[i].option, option))
			return bond_options[i].parameter;
	return option;
}

static const char *option_of(const char *parameter)
{
	for (size_t i = 0; i < sizeof(bond_options) / sizeof(*bond_options); i++)
		if (!strcmp(bond_options[i].parameter, parameter))
			return bond_options[i].option;
	return parameter;
}

static void read_parameter(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			   void *field)
{
	const char *text = v->text;

	if (v->type == VALUE_LIST && v->count) {
		text = "";
		for (size_t i = 0; i < v->count; i++)
			if (is_text(r, name, v->items[i]))
				text = arena_printf(r->arena, "%s%s%s", text, i ? "," : "", v->items[i]->text);
	} else if (!is_text(r, name, v)) {
		return;
	}
	if (!strcmp(text, "true") || !strcmp(text, "false"))
		text = *text == 't' ? "1" : "0";
	if (!*text || !is_visible(text))
		complain(r, v, "\"%s\": expected a value without spaces", name->text);
	else
		pairs_add(r->arena, &((struct link_reading *)field)->link.bond_options, option_of(k->name), text, v->at);
}

const struct key_type type_parameter = {"text", read_parameter, write_nothing, NULL};

bool check_exact(struct reader *r, const struct value *name, const struct value *v)
{
	if (!strpbrk(v->text, "*?["))
		return check_interface(r, name, v);
	complain(r, v, "\"%s\": patterns such as \"%s\" are not looked for on a node; match by macaddress, or leave \"network\" out "
		       "and the interface that the node booted from gets its address by DHCP", name->text, v->text);
	return false;
}

bool check_destination(struct reader *r, const struct value *name, const struct value *v)
{
	return !strcmp(v->text, "default") || check_link_address(r, name, v);
}

bool check_gateway4(struct reader *r, const struct value *name, const struct value *v)
{
	unsigned char bytes[4];

	return expect(r, name, v, inet_pton(AF_INET, v->text, bytes) == 1, "an IPv4 address");
}

bool check_gateway6(struct reader *r, const struct value *name, const struct value *v)
{
	unsigned char bytes[16];

	return expect(r, name, v, inet_pton(AF_INET6, v->text, bytes) == 1, "an IPv6 address");
}
