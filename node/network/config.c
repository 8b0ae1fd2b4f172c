#include <stdio.h>
#include <string.h>

#include "node/network/network.h"

/* The command line outlives nothing: its words are copied. */
static const char *keep(struct network *n, const char *text)
{
	return arena_strdup(&n->arena, text);
}

struct link *network_find(struct network *n, const char *name)
{
	for (size_t i = 0; i < n->count; i++)
		if (!strcmp(n->links[i].plan.name, name))
			return &n->links[i];
	return NULL;
}

static struct link *add(struct network *n, const struct plan_link *plan, struct error *err)
{
	if (n->count == LINKS) {
		error_set(err, "link %s: more than %d links", plan->name, LINKS);
		return NULL;
	}
	n->links[n->count] = (struct link){.plan = *plan};
	return &n->links[n->count++];
}

/* Members and parents that have no record of their own are taken by their name. */
static int add_implied(struct network *n, const char *name, struct error *err)
{
	struct plan_link plan;
	struct link *l;

	if (network_find(n, name))
		return 0;
	plan = plan_link_new(keep(n, name));
	l = add(n, &plan, err);
	if (!l)
		return -1;
	l->implied = true;
	return 0;
}

static int add_all_implied(struct network *n, struct error *err)
{
	for (size_t i = 0; i < n->count; i++) {
		const struct plan_link plan = n->links[i].plan;

		if (plan.vlan_parent && add_implied(n, plan.vlan_parent, err) < 0)
			return -1;
		for (size_t m = 0; m < plan.bond_members.count; m++)
			if (add_implied(n, plan.bond_members.items[m], err) < 0)
				return -1;
	}
	return 0;
}

/* What an ip= word says, in the place of the link's addressing of the plan. */
static void take_ip(struct network *n, struct plan_link *plan, const struct cmdline_ip *ip)
{
	plan->dhcp4 = ip->how == CMDLINE_DHCP;
	plan->dhcp6 = ip->how == CMDLINE_DHCP6;
	plan->ra = ip->how == CMDLINE_RA || ip->how == CMDLINE_DHCP6 ? PLAN_RA_YES : plan->ra;
	plan->addresses = plan->nameservers = plan->search = (struct strings){0};
	plan->routes = NULL;
	plan->route_count = plan->route_cap = 0;
	plan->optional = false;
	if (ip->mtu)
		plan->mtu = ip->mtu;
	if (ip->how == CMDLINE_STATIC)
		strings_add(&n->arena, &plan->addresses, arena_printf(&n->arena, "%s/%u", ip->address, ip->prefix));
	if (ip->how == CMDLINE_STATIC && ip->gateway[0]) {
		plan->routes = arena_calloc(&n->arena, 1, sizeof(*plan->routes));
		plan->routes[0] = (struct plan_route){"default", keep(n, ip->gateway), 0};
		plan->route_count = plan->route_cap = 1;
	}
	for (size_t i = 0; i < 2; i++)
		if (ip->dns[i][0])
			strings_add(&n->arena, &plan->nameservers, keep(n, ip->dns[i]));
}

/* The ip= word without an interface, if any: it is about the one that the machine booted from. */
static const struct cmdline_ip *find_ip_of_boot(const struct network *n)
{
	for (size_t i = 0; i < n->options.ip_count; i++)
		if (!n->options.ips[i].interface[0])
			return &n->options.ips[i];
	return NULL;
}

static int add_ips(struct network *n, struct error *err)
{
	for (size_t i = 0; i < n->options.ip_count; i++) {
		const struct cmdline_ip *ip = &n->options.ips[i];
		struct plan_link plan;
		struct link *l;

		n->off = n->off || (!ip->interface[0] && ip->how == CMDLINE_OFF);
		if (!ip->interface[0])
			continue;
		l = network_find(n, ip->interface);
		plan = plan_link_new(keep(n, ip->interface));
		if (!l)
			l = add(n, &plan, err);
		if (!l)
			return -1;
		take_ip(n, &l->plan, ip);
		l->from_cmdline = true;
		l->implied = false;
	}
	return 0;
}

/* Words between commas into a list; "key=value" words into pairs. */
static void add_words(struct network *n, const char *text, struct strings *list, struct pairs *pairs)
{
	char *copy = arena_strdup(&n->arena, text), *word;

	while ((word = strsep(&copy, ","))) {
		char *value = strchr(word, '=');

		if (list && *word)
			strings_add(&n->arena, list, word);
		if (!pairs || !value)
			continue;
		*value++ = '\0';
		pairs_add(&n->arena, pairs, word, value, (struct place){0});
	}
}

static int add_bond(struct network *n, struct error *err)
{
	const struct cmdline_bond *b = &n->options.bond;
	struct pairs options = {0};
	struct plan_link plan;

	if (!b->name[0] || network_find(n, b->name))
		return 0;
	plan = plan_link_new(b->name);
	plan.mtu = b->mtu;
	plan.bond_mode = "balance-rr";
	add_words(n, b->members, &plan.bond_members, NULL);
	add_words(n, b->options, NULL, &options);
	for (size_t i = 0; i < options.count; i++)
		if (!strcmp(options.items[i].key, "mode"))
			plan.bond_mode = options.items[i].value;
		else
			pairs_add(&n->arena, &plan.bond_options, options.items[i].key, options.items[i].value,
				  (struct place){0});
	return add(n, &plan, err) ? 0 : -1;
}

static int add_vlan(struct network *n, struct error *err)
{
	const struct cmdline_vlan *v = &n->options.vlan;
	struct plan_link plan;

	if (!v->id || network_find(n, v->name))
		return 0;
	plan = plan_link_new(v->name);
	plan.vlan_parent = v->parent;
	plan.vlan_id = v->id;
	return add(n, &plan, err) ? 0 : -1;
}

int network_configure(struct network *n, struct error *err)
{
	for (size_t i = 0; i < n->plan.link_count; i++)
		if (!add(n, &n->plan.links[i], err))
			return -1;
	if (add_bond(n, err) < 0 || add_vlan(n, err) < 0 || add_all_implied(n, err) < 0)
		return -1;
	return add_ips(n, err);
}

struct wanted network_wanted(const struct network *n)
{
	const struct options *o = &n->options;

	if (o->interface[0])
		return (struct wanted){o->interface, "mkdl.interface="};
	if (o->ip_count && o->ips[0].interface[0])
		return (struct wanted){o->ips[0].interface, "ip="};
	if (strcmp(n->plan.interface, "boot") != 0)
		return (struct wanted){n->plan.interface, "the profile"};
	return (struct wanted){o->bootif, "BOOTIF="};
}

struct kernel_link *network_find_wanted(const struct network *n, const struct wanted *w)
{
	struct kernel_link *k;

	if (!w->word[0])
		return NULL;
	if (strchr(w->word, ':'))
		return kernel_find_mac(&n->kernel, w->word, n->all);
	k = kernel_find(&n->kernel, w->word);
	return k;
}

struct kernel_link *network_kernel_link(const struct network *n, const struct link *l)
{
	return l->index ? kernel_find_index(&n->kernel, l->index) : NULL;
}

const char *network_name(const struct network *n, const struct link *l)
{
	const struct kernel_link *k = network_kernel_link(n, l);

	return k ? k->name : l->plan.name;
}

bool network_has_addressing(const struct link *l)
{
	return l->plan.dhcp4 || l->plan.dhcp6 || l->plan.ra == PLAN_RA_YES || l->plan.addresses.count;
}

static struct link *find_by_index(struct network *n, int index)
{
	for (size_t i = 0; i < n->count; i++)
		if (n->links[i].index == index)
			return &n->links[i];
	return NULL;
}

/* A card that no record names: asked by DHCP, or as the ip= word without an interface has it. */
static struct link *adopt(struct network *n, const struct kernel_link *card)
{
	const struct cmdline_ip *ip = find_ip_of_boot(n);
	struct plan_link plan = plan_link_new(keep(n, card->name));
	struct error ignored = {0};
	struct link *l;

	plan.dhcp4 = true;
	if (ip)
		take_ip(n, &plan, ip);
	l = add(n, &plan, &ignored);
	error_clear(&ignored);
	if (l)
		l->index = card->index;
	return l;
}

static bool is_part(const struct network *n, const struct link *l)
{
	for (size_t i = 0; i < n->count; i++)
		if (n->links[i].plan.bond_mode && strings_has(&n->links[i].plan.bond_members, l->plan.name))
			return true;
	return false;
}

/* The link that has the addresses of what is plugged into this one: itself, the bond that it is part of, or, when
 * neither has any, the first VLAN on it. */
static struct link *find_carrier(struct network *n, struct link *l)
{
	struct link *top = l;

	for (size_t i = 0; i < n->count; i++)
		if (n->links[i].plan.bond_mode && strings_has(&n->links[i].plan.bond_members, l->plan.name))
			top = &n->links[i];
	for (size_t i = 0; i < n->count && !network_has_addressing(top); i++)
		if (n->links[i].plan.vlan_parent && !strcmp(n->links[i].plan.vlan_parent, top->plan.name))
			return &n->links[i];
	return top;
}

static struct link *find_first(struct network *n)
{
	for (size_t i = 0; i < n->count; i++)
		if (!n->links[i].plan.optional && !n->links[i].provisional && network_has_addressing(&n->links[i]))
			return &n->links[i];
	return NULL;
}

/* Nobody says which card is the node's: all are asked, and the first with an address is it. */
static void ask_all(struct network *n)
{
	for (size_t i = 0; i < n->kernel.link_count; i++) {
		struct kernel_link *card = &n->kernel.links[i];
		struct link *l;

		if (!kernel_is_card(card, n->all) || find_by_index(n, card->index))
			continue;
		l = adopt(n, card);
		if (l)
			l->provisional = true;
	}
}

/* The ip= word without an interface replaces what the plan says about the boot interface, once that is known. */
static void take_ip_of_boot(struct network *n, struct link *l)
{
	const struct cmdline_ip *ip = find_ip_of_boot(n);

	if (!ip || l->from_cmdline)
		return;
	take_ip(n, &l->plan, ip);
	l->from_cmdline = true;
}

static void find_boot(struct network *n)
{
	const struct wanted w = network_wanted(n);
	const struct kernel_link *card = network_find_wanted(n, &w);
	struct link *l = card ? find_by_index(n, card->index) : w.word[0] ? network_find(n, w.word) : NULL;

	if (card)
		snprintf(n->boot_mac, sizeof(n->boot_mac), "%s", card->permanent[0] ? card->permanent : card->mac);
	if (n->boot)
		return;
	if (!w.word[0] && n->count > 0 && !n->links[0].provisional) {
		n->boot = find_first(n);
	} else if (!w.word[0] && !n->off) {
		ask_all(n);
	} else if (card && !l && !n->off) {
		n->boot = adopt(n, card);
	} else if (l) {
		/* A record for something else may leave out the card that it booted from: it is asked as without
		 * records. */
		if (l->implied && !is_part(n, l) && find_carrier(n, l) == l && !n->off)
			l->plan.dhcp4 = true;
		n->boot = find_carrier(n, l);
	}
	if (n->boot && !n->boot->provisional)
		take_ip_of_boot(n, n->boot);
}

void network_resolve(struct network *n)
{
	for (size_t i = 0; i < n->count; i++) {
		struct link *l = &n->links[i];
		const struct kernel_link *k = l->plan.mac ? kernel_find_mac(&n->kernel, l->plan.mac, n->all) :
							    kernel_find(&n->kernel, l->plan.name);

		l->index = k ? k->index : 0;
	}
	find_boot(n);
}
