/* Inside of cluster_read: cluster.yml → tables of keys → struct cluster → checks across it.
 *
 *   cluster-keys.c    the tables of keys
 *   cluster-types.c   the types of values that only a cluster.yml has, and what their texts may look like
 *   cluster-read.c    the file, defaults
 *   cluster-check.c   what has to fit together: addresses in the subnet, nothing twice, ranges that do not overlap */
#pragma once

#include "cluster/cidr.h"
#include "cluster/cluster.h"
#include "config/reader.h"

extern const struct key_map map_cluster, map_cluster_roles_profile, map_cluster_roles_state, map_cluster_roles_lab,
	map_cluster_machine, map_cluster_node;
/* All of them in the order of the manual, then NULL. */
extern const struct key_map *const cluster_maps[];

extern const struct key_type type_cluster_profiles, type_cluster_states, type_cluster_lab, type_cluster_machine, type_cluster_api,
	type_cluster_registries, type_cluster_nodes, type_cluster_role, type_cluster_mac, type_cluster_size;

key_check check_cluster_name, check_dns_label, check_ipv4, check_network, check_cluster_taint, check_profile_file, check_version;

/* "server", "worker" */
extern const char *const cluster_role_names[CLUSTER_ROLES];

/* What has to fit together, and what is worked out while that is checked: the nodes' pod_cidr. root is the outermost map. */
void check_cluster(struct reader *r, const struct value *root, struct cluster *c);
