/* Links as the section "network" that comes to them. */
#include <string.h>

#include "config/network.h"

static void write_strings(struct json *j, const char *key, const struct strings *list)
{
	const struct key k = {.name = key};

	write_list(j, &k, list);
}

static void write_addressing(struct json *j, const struct plan_link *l)
{
	if (l->dhcp4)
		json_bool(j, "dhcp4", true);
	if (l->dhcp6)
		json_bool(j, "dhcp6", true);
	if (l->ra != PLAN_RA_KERNEL)
		json_bool(j, "accept-ra", l->ra == PLAN_RA_YES);
	write_strings(j, "addresses", &l->addresses);
	if (l->route_count)
		json_open_array(j, "routes");
	for (size_t i = 0; i < l->route_count; i++) {
		json_open_object(j, NULL);
		json_string(j, "to", l->routes[i].to);
		if (strcmp(l->routes[i].via, "link") != 0)
			json_string(j, "via", l->routes[i].via);
		if (l->routes[i].metric)
			json_number(j, "metric", l->routes[i].metric);
		json_close_object(j);
	}
	if (l->route_count)
		json_close_array(j);
	if (l->nameservers.count || l->search.count) {
		json_open_object(j, "nameservers");
		write_strings(j, "addresses", &l->nameservers);
		write_strings(j, "search", &l->search);
		json_close_object(j);
	}
}

static void write_kind(struct json *j, const struct plan_link *l)
{
	if (l->mac) {
		json_open_object(j, "match");
		json_string(j, "macaddress", l->mac);
		json_close_object(j);
	}
	if (l->vlan_parent) {
		json_number(j, "id", l->vlan_id);
		json_string(j, "link", l->vlan_parent);
	}
	if (!l->bond_mode)
		return;
	write_strings(j, "interfaces", &l->bond_members);
	json_open_object(j, "parameters");
	json_string(j, "mode", l->bond_mode);
	for (size_t i = 0; i < l->bond_options.count; i++)
		json_string(j, bond_parameter_of(l->bond_options.items[i].key), l->bond_options.items[i].value);
	json_close_object(j);
}

static bool is_kind(const struct plan_link *l, int kind)
{
	return kind == (l->bond_mode ? 1 : l->vlan_parent ? 2 : 0);
}

void write_network(struct json *j, const struct key *k, const void *field)
{
	static const char *const kinds[] = {"ethernets", "bonds", "vlans"};
	const struct plan *p = field;

	if (!p->link_count)
		return;
	json_open_object(j, k->name);
	for (int kind = 0; kind < 3; kind++) {
		bool open = false;

		for (size_t i = 0; i < p->link_count; i++) {
			const struct plan_link *l = &p->links[i];

			if (!is_kind(l, kind))
				continue;
			if (!open)
				json_open_object(j, kinds[kind]);
			open = true;
			json_open_object(j, l->name);
			write_kind(j, l);
			write_addressing(j, l);
			if (l->mtu)
				json_number(j, "mtu", l->mtu);
			if (l->optional)
				json_bool(j, "optional", true);
			json_close_object(j);
		}
		if (open)
			json_close_object(j);
	}
	json_close_object(j);
}
