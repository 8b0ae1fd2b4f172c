/* The records of a link. */
#include <string.h>

#include "init/plan-private.h"

enum { VLAN_LIMIT = 4094, MTU_LEAST = 68 };

static const char *const answers[] = {"", "yes", "no", NULL};

static int check_mac(const char *word, const char *value, struct error *err)
{
	(void)value;
	for (size_t i = 0; i < 17; i++)
		if (i % 3 == 2 ? word[i] != ':' : !word[i] || !strchr("0123456789abcdef", word[i]))
			return error_set(err, "\"%s\" is no address of an interface (aa:bb:cc:dd:ee:ff)", word);
	return word[17] ? error_set(err, "\"%s\" is no address of an interface (aa:bb:cc:dd:ee:ff)", word) : 0;
}

static int check_cidr(const char *word, const char *value, struct error *err)
{
	(void)value;
	return plan_word_is_cidr(word) ? 0 : error_set(err, "\"%s\" is no address with its prefix (10.0.0.5/24)", word);
}

/* IPv6 asks for 1280, but IPv4 runs on less (RFC 791). */
static int check_mtu(const char *word, const char *value, struct error *err)
{
	uint64_t n;

	(void)value;
	if (!plan_word_number(word, 65535, &n) || n < MTU_LEAST)
		return error_set(err, "\"%s\" is no MTU from %d to 65535", word, MTU_LEAST);
	return 0;
}

static int check_option(const char *word, const char *value, struct error *err)
{
	(void)value;
	return plan_word_is_name(word) ? 0 : error_set(err, "\"%s\" is no option", word);
}

static int check_bond_mode(const char *word, const char *value, struct error *err)
{
	static const char *const modes[] = {
		"balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb", NULL,
	};

	(void)value;
	return plan_choose(word, modes, err) < 0 ? -1 : 0;
}

/* The field of these is the link itself. */
static int read_vlan(struct plan_reading *r, const struct plan_record *record, const char **words, size_t count, void *field,
		     struct error *err)
{
	struct plan_link *link = field;
	uint64_t id;

	(void)r, (void)record, (void)count;
	if (!plan_word_number(words[0], VLAN_LIMIT, &id) || id == 0)
		return error_set(err, "\"%s\" is no VLAN from 1 to %d", words[0], VLAN_LIMIT);
	link->vlan_id = (unsigned)id;
	link->vlan_parent = words[1];
	return plan_check_interface(words[1], NULL, err);
}

static void write_vlan(const struct plan_record *record, const void *field, struct strbuf *out)
{
	const struct plan_link *link = field;

	if (link->vlan_parent)
		strbuf_printf(out, "%s %u %s\n", record->word, link->vlan_id, link->vlan_parent);
}

static int read_bond(struct plan_reading *r, const struct plan_record *record, const char **words, size_t count, void *field,
		     struct error *err)
{
	struct plan_link *link = field;

	(void)r, (void)record;
	if (check_bond_mode(words[0], NULL, err) < 0)
		return -1;
	for (size_t i = 1; i < count; i++)
		if (plan_check_interface(words[i], NULL, err) < 0)
			return -1;
	link->bond_mode = words[0];
	link->bond_members = (struct strings){.items = words + 1, .count = count - 1};
	return 0;
}

static void write_bond(const struct plan_record *record, const void *field, struct strbuf *out)
{
	const struct plan_link *link = field;

	if (!link->bond_mode)
		return;
	flat_word(out, record->word);
	flat_word(out, link->bond_mode);
	for (size_t i = 0; i < link->bond_members.count; i++)
		flat_word(out, link->bond_members.items[i]);
	flat_end(out);
}

static int read_route(struct plan_reading *r, const struct plan_record *record, const char **words, size_t count, void *field,
		      struct error *err)
{
	struct plan_link *link = field;
	struct plan_route route = {.to = words[0], .via = words[1]};
	uint64_t metric = 0;

	(void)record;
	if (strcmp(words[0], "default") != 0 && check_cidr(words[0], NULL, err) < 0)
		return -1;
	if (strcmp(words[1], "link") != 0 && plan_check_address(words[1], NULL, err) < 0)
		return -1;
	if (count > 2 && !plan_word_number(words[2], UINT32_MAX, &metric))
		return error_set(err, "\"%s\" is no metric", words[2]);
	route.metric = (unsigned)metric;
	link->routes = arena_grow(r->arena, link->routes, link->route_count, &link->route_cap, sizeof(route));
	link->routes[link->route_count++] = route;
	return 0;
}

static void write_route(const struct plan_record *record, const void *field, struct strbuf *out)
{
	const struct plan_link *link = field;

	for (size_t i = 0; i < link->route_count; i++) {
		strbuf_printf(out, "%s %s %s", record->word, link->routes[i].to, link->routes[i].via);
		if (link->routes[i].metric)
			strbuf_printf(out, " %u", link->routes[i].metric);
		strbuf_puts(out, "\n");
	}
}

static const struct plan_type type_vlan = {2, 2, false, read_vlan, write_vlan};
static const struct plan_type type_bond = {1, 0, false, read_bond, write_bond};
static const struct plan_type type_route = {2, 3, true, read_route, write_route};

#define AT(field) offsetof(struct plan_link, field)

const struct plan_record plan_link_records[] = {
	{"mac", &plan_type_text, AT(mac), check_mac, 0, NULL},
	{"vlan", &type_vlan, 0, NULL, 0, NULL},
	{"bond", &type_bond, 0, NULL, 0, NULL},
	{"bond-option", &plan_type_pairs, AT(bond_options), check_option, 0, NULL},
	{"mtu", &plan_type_number, AT(mtu), check_mtu, 0, NULL},
	{"dhcp4", &plan_type_flag, AT(dhcp4), NULL, 0, NULL},
	{"dhcp6", &plan_type_flag, AT(dhcp6), NULL, 0, NULL},
	{"ra", &plan_type_choice, AT(ra), NULL, PLAN_RA_KERNEL, answers},
	{"address", &plan_type_list, AT(addresses), check_cidr, 0, NULL},
	{"route", &type_route, 0, NULL, 0, NULL},
	{"nameserver", &plan_type_list, AT(nameservers), plan_check_address, 0, NULL},
	{"search", &plan_type_list, AT(search), plan_check_domain, 0, NULL},
	{"optional", &plan_type_flag, AT(optional), NULL, 0, NULL},
	{NULL, NULL, 0, NULL, 0, NULL},
};

int plan_open_link(struct plan_reading *r, const char **words, struct error *err)
{
	struct plan_link link = plan_link_new(words[0]);

	if (plan_check_interface(words[0], NULL, err) < 0)
		return -1;
	for (size_t i = 0; i < r->plan.link_count; i++)
		if (!strcmp(r->plan.links[i].name, words[0]))
			return error_set(err, "%s is given twice", words[0]);
	link.at = r->at;
	plan_add_link(r->arena, &r->plan, link);
	return 0;
}

/* A link is one thing; what it is made of is a link too, and comes before it. */
int plan_check_links(const char *name, const struct plan *p, struct error *err)
{
	for (size_t i = 0; i < p->link_count; i++) {
		const struct plan_link *link = &p->links[i];

		if (!!link->mac + !!link->vlan_parent + !!link->bond_mode > 1)
			return error_set(err, "%s:%u: link %s is at most one of mac, vlan and bond", name, link->at.line,
					 link->name);
		for (size_t j = i; j < p->link_count; j++)
			if ((link->vlan_parent && !strcmp(link->vlan_parent, p->links[j].name)) ||
			    strings_has(&link->bond_members, p->links[j].name))
				return error_set(err, "%s:%u: link %s stands before %s, which it is made of", name, link->at.line,
						 link->name, p->links[j].name);
	}
	return 0;
}
