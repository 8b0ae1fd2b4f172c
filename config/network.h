/* The section "network" of a profile and of a cloud-config (version 2), into the plan's links.
 *
 *   network.c        links by kind, their names, their order
 *   network-link.c   the keys of a link
 *   network-keys.c   the tables
 *   network-show.c   links as JSON */
#pragma once

#include "config/node.h"

/* A link while its keys are read. */
struct link_reading {
	struct plan_link link;
	const struct value *id; /* its key */
	const struct key_map *map;
	const char *match_name, *set_name, *gateway4, *gateway6;
	bool placed;
};

struct network_reading {
	struct link_reading *links;
	size_t count, cap;
};

/* Read a map of version 2 in place of the links that the plan has. Returns false, with p as it was, after a
 * complaint. */
bool network_read(struct reader *r, const struct value *name, const struct value *v, struct plan *p);

extern const struct key_map map_network, map_ethernet, map_bond, map_vlan, map_match, map_nameservers, map_route, map_parameters;

extern const struct key_type type_ethernets, type_bonds, type_vlans, type_version, type_match, type_nameservers, type_routes,
	type_metric, type_mac, type_mtu, type_ra, type_vlan_id, type_parameters, type_parameter, type_bond_mode;
/* A known key that has no meaning here, with the reason as its help: a warning; an error. */
extern const struct key_type type_ignored, type_refused;

void write_network(struct json *j, const struct key *k, const void *field);

/* "miimon" → "mii-monitor-interval"; what has no such name stays. */
const char *bond_parameter_of(const char *option);

key_check check_exact, check_destination, check_gateway4, check_gateway6;
