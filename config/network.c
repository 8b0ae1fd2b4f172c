/* network: what netplan and cloud-init (version 2) call ethernets, bonds and vlans, into the plan's links. */
#include "config/network.h"

#include <stdio.h>
#include <string.h>

#include "config/syntax.h"

static void add_route(struct arena *a, struct plan_link *l, const char *to, const char *via, unsigned metric)
{
	l->routes = arena_grow(a, l->routes, l->route_count, &l->route_cap, sizeof(*l->routes));
	l->routes[l->route_count++] = (struct plan_route){.to = to, .via = via, .metric = metric};
}

/* A link that an ID of the configuration stands for, or NULL. */
static struct link_reading *find_link(struct network_reading *n, const char *id)
{
	for (size_t i = 0; i < n->count; i++)
		if (!strcmp(n->links[i].id->text, id))
			return &n->links[i];
	return NULL;
}

/* The name of a link: set-name, the name that is matched, or its key. */
static void name_link(struct reader *r, struct network_reading *n, struct link_reading *l)
{
	struct value named = *l->id;

	named.text = l->set_name ? l->set_name : l->match_name ? l->match_name : l->id->text;
	l->link.name = named.text;
	if (!check_interface(r, l->id, &named))
		return;
	for (size_t i = 0; i < n->count; i++)
		if (&n->links[i] != l && n->links[i].link.name && !strcmp(n->links[i].link.name, named.text))
			complain(r, l->id, "two links of the name %s, the other from %s:%u", named.text, n->links[i].id->at.file,
				 n->links[i].id->at.line);
}

/* What only some kinds of links have, after all keys were read. */
static void end_link(struct reader *r, struct network_reading *n, struct link_reading *l, const struct value *v)
{
	if (l->gateway4)
		add_route(r->arena, &l->link, "default", l->gateway4, 0);
	if (l->gateway6)
		add_route(r->arena, &l->link, "default", l->gateway6, 0);
	if (l->map == &map_bond) {
		if (!l->link.bond_members.count && !value_get(v, "interfaces", NULL))
			complain(r, l->id, "bond %s needs \"interfaces\", its members", l->id->text);
		if (!l->link.bond_mode)
			l->link.bond_mode = "balance-rr";
	}
	if (l->map == &map_vlan) {
		if (!value_get(v, "id", NULL))
			complain(r, l->id, "VLAN %s needs \"id\", a number from 1 to 4094", l->id->text);
		if (!l->link.vlan_parent && !value_get(v, "link", NULL))
			complain(r, l->id, "VLAN %s needs \"link\", what it is on", l->id->text);
	}
	name_link(r, n, l);
}

static void read_links(struct reader *r, const struct key_map *map, const struct value *name, const struct value *v,
		       struct network_reading *n)
{
	if (!is_map(r, name, v, " of links, as in {eth0: {dhcp4: true}}"))
		return;
	for (size_t i = 0; i < v->count; i++) {
		const struct link_reading *other = find_link(n, v->keys[i]->text);
		struct link_reading *l;

		if (other) {
			complain(r, v->keys[i], "two links of the name %s, the other from %s:%u", v->keys[i]->text,
				 other->id->at.file, other->id->at.line);
			continue;
		}
		n->links = arena_grow(r->arena, n->links, n->count, &n->cap, sizeof(*n->links));
		l = &n->links[n->count++];
		*l = (struct link_reading){.link = plan_link_new(v->keys[i]->text), .id = v->keys[i], .map = map};
		l->link.at = v->keys[i]->at;
		if (v->items[i]->type == VALUE_NULL || is_map(r, v->keys[i], v->items[i], "")) {
			const struct key_target target = {map, l};

			if (v->items[i]->type == VALUE_MAP)
				read_map(r, &target, 1, v->items[i]);
			end_link(r, n, l, v->items[i]);
		}
	}
}

static void read_ethernets(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			   void *field)
{
	(void)k;
	read_links(r, &map_ethernet, name, v, field);
}

static void read_bonds(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		       void *field)
{
	(void)k;
	read_links(r, &map_bond, name, v, field);
}

static void read_vlans(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		       void *field)
{
	(void)k;
	read_links(r, &map_vlan, name, v, field);
}

/* Written with the links: see network-show.c. */
static void write_nothing(struct json *j, const struct key *k, const void *field)
{
	(void)j, (void)k, (void)field;
}

const struct key_type type_ethernets = {"map of names to links", read_ethernets, write_nothing, NULL};
const struct key_type type_bonds = {"map of names to links", read_bonds, write_nothing, NULL};
const struct key_type type_vlans = {"map of names to links", read_vlans, write_nothing, NULL};

/* The name of another link by its ID. */
static const char *resolve(struct reader *r, struct network_reading *n, struct link_reading *l, const char *id)
{
	const struct link_reading *other = find_link(n, id);
	const char **names, *near;

	if (other && other != l)
		return other->link.name;
	if (other) {
		complain(r, l->id, "link %s is made of itself", id);
		return id;
	}
	names = arena_calloc(r->arena, n->count + 1, sizeof(*names));
	for (size_t i = 0; i < n->count; i++)
		names[i] = n->links[i].id->text;
	near = did_you_mean(id, names, n->count);
	if (near)
		complain(r, l->id, "link %s is made of \"%s\", which is none of the links, did you mean \"%s\"?", l->id->text, id,
			 near);
	else
		complain(r, l->id, "link %s is made of \"%s\", which is none of the links; add it, if only as {%s: {}}", l->id->text,
			 id, id);
	return id;
}

/* What a link is made of comes before it. Returns whether it can be placed now. */
static bool is_ready(struct network_reading *n, const struct link_reading *l)
{
	for (size_t i = 0; i < n->count; i++) {
		const struct link_reading *other = &n->links[i];

		if (other == l || other->placed)
			continue;
		if ((l->link.vlan_parent && !strcmp(l->link.vlan_parent, other->link.name)) ||
		    strings_has(&l->link.bond_members, other->link.name))
			return false;
	}
	return true;
}

static void place_links(struct reader *r, struct network_reading *n, struct plan *p)
{
	for (size_t round = 0, placed = 0; round < n->count && placed < n->count; round++) {
		for (size_t i = 0; i < n->count; i++) {
			if (n->links[i].placed || !is_ready(n, &n->links[i]))
				continue;
			plan_add_link(r->arena, p, n->links[i].link);
			n->links[i].placed = true;
			placed++;
		}
	}
	for (size_t i = 0; i < n->count; i++) {
		if (n->links[i].placed)
			continue;
		complain(r, n->links[i].id, "link %s is made of a link that is made of it", n->links[i].id->text);
		return;
	}
}

bool network_read(struct reader *r, const struct value *name, const struct value *v, struct plan *p)
{
	struct network_reading n = {0};
	const struct key_target target = {&map_network, &n};
	size_t errors = r->diag->errors;

	if (!is_map(r, name, v, ", as in {ethernets: {eth0: {dhcp4: true}}}"))
		return false;
	read_map(r, &target, 1, v);
	for (size_t i = 0; i < n.count; i++) {
		struct link_reading *l = &n.links[i];

		if (l->link.vlan_parent)
			l->link.vlan_parent = resolve(r, &n, l, l->link.vlan_parent);
		for (size_t j = 0; j < l->link.bond_members.count; j++)
			l->link.bond_members.items[j] = resolve(r, &n, l, l->link.bond_members.items[j]);
	}
	if (r->diag->errors > errors)
		return false;
	p->links = NULL;
	p->link_count = p->link_cap = 0;
	place_links(r, &n, p);
	return r->diag->errors == errors;
}

static void read_network(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			 void *field)
{
	(void)k;
	network_read(r, name, v, field);
}

const struct key_type type_network = {"map, as netplan's", read_network, write_network, NULL};
