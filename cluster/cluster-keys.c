/* The keys of cluster.yml. From these tables come the checks and the reference in docs/cluster.md: to add a key, add a row
 * (and, for a new kind of value, a type). */
#include "cluster/cluster-read.h"
#include "config/node.h"
#include "config/syntax.h"

#define AT(type, field) offsetof(struct type, field)

static const struct key cluster_keys[] = {
	{"name", &type_text, AT(cluster, name), check_cluster_name,
	 "Name of the cluster, of at most 40 letters a-z, digits and \"-\"; profiles are named after it."},
	{"version", &type_text, AT(cluster, version), check_version,
	 "The version of Kubernetes that the profiles bring. Default: 1.20, as mkdl's own do. Taints and labels are named by it."},
	{"subnet", &type_text, AT(cluster, subnet), check_network, "The network of the nodes, as in 10.77.0.0/24."},
	{"provisioner", &type_text, AT(cluster, provisioner), check_ipv4,
	 "Address of the machine that answers DHCP, TFTP, HTTP and HTTPS: the one where mkdl runs."},
	{"gateway", &type_text, AT(cluster, gateway), check_ipv4, "The router of the nodes. Default: none."},
	{"nameservers", &type_set, AT(cluster, nameservers), check_ipv4,
	 "Name servers of the nodes. Default: the provisioner, which knows the nodes by name."},
	{"ntp", &type_set, AT(cluster, ntp), check_ntp,
	 "Time servers, by name or address. Default: none; certificates need the right time, so the machines' clocks then have to have it."},
	{"api", &type_cluster_api, 0, NULL,
	 "Where nodes reach the API: a name or an address, with :PORT unless it is 6443. Default: the first server. With three servers, "
	 "a virtual address or a load balancer in front of them."},
	{"pods", &type_text, AT(cluster, pods), check_network, "The pods' network. Default: 10.244.0.0/16."},
	{"services", &type_text, AT(cluster, services), check_network, "The services' network. Default: 10.96.0.0/16."},
	{"dns", &type_text, AT(cluster, dns), check_ipv4,
	 "Address of the cluster's DNS among the services. Default: the tenth of services."},
	{"domain", &type_text, AT(cluster, domain), check_domain, "The cluster's domain. Default: cluster.local."},
	{"ssh_keys", &type_set, AT(cluster, ssh_keys), check_ssh_key, "Public keys that may log in to every node as root."},
	{"registries", &type_cluster_registries, 0, NULL,
	 "Mirrors of registries, asked in this order before the registry itself: {docker.io: [\"http://10.0.0.1:5000\"]}; _default for "
	 "all others."},
	{"profiles", &type_cluster_profiles, 0, NULL, "What the nodes' profiles extend, by role. See PROFILES."},
	{"state", &type_cluster_states, 0, NULL, "What is mounted where for files that change, by role. See STATE."},
	{"lab", &type_cluster_lab, 0, NULL, "The machines that mkdl lab makes, by role. See LAB."},
	{"nodes", &type_cluster_nodes, AT(cluster, nodes), NULL,
	 "The nodes, by name: {server-1: {role: server, mac: …, address: …}}. See NODES.NAME."},
};
const struct key_map map_cluster = KEY_MAP("", cluster_keys);

#define OF(role, field) AT(cluster, kinds[CLUSTER_##role].field)

static const struct key profile_keys[] = {
	{"server", &type_text, OF(SERVER, profile), check_profile_file,
	 "Of servers: a file beside cluster.yml, or one of mkdl's own profiles. Default: server.yml."},
	{"worker", &type_text, OF(WORKER, profile), check_profile_file, "Of workers. Default: member.yml."},
};
const struct key_map map_cluster_roles_profile = KEY_MAP("profiles", profile_keys);

static const struct key state_keys[] = {
	{"server", &type_states, OF(SERVER, states), NULL,
	 "Of servers, as state: of a profile (mkdl-profile(5)). Without state on /var/lib/etcd that outlives a boot, a cluster whose "
	 "servers were all switched off is gone."},
	{"worker", &type_states, OF(WORKER, states), NULL, "Of workers."},
};
const struct key_map map_cluster_roles_state = KEY_MAP("state", state_keys);

static const struct key lab_keys[] = {
	{"server", &type_cluster_machine, AT(cluster, kinds[CLUSTER_SERVER]), NULL, "A server's machine: {memory: 2G, cpus: 2}."},
	{"worker", &type_cluster_machine, AT(cluster, kinds[CLUSTER_WORKER]), NULL, "A worker's: {memory: 1G}."},
};
const struct key_map map_cluster_roles_lab = KEY_MAP("lab", lab_keys);

static const struct key machine_keys[] = {
	{"memory", &type_cluster_size, AT(cluster_kind, memory), NULL, "Its RAM. Default: 2G of a server, 1G of a worker."},
	{"cpus", &type_count, AT(cluster_kind, cpus), NULL, "Its processors. Default: 2."},
};
const struct key_map map_cluster_machine = KEY_MAP("lab.ROLE", machine_keys);

static const struct key node_keys[] = {
	{"role", &type_cluster_role, AT(cluster_node, role), NULL, "server or worker."},
	{"mac", &type_cluster_mac, AT(cluster_node, mac), check_mac,
	 "Of the card that it boots from: by this it gets its address and its configuration."},
	{"address", &type_text, AT(cluster_node, address), check_ipv4, "Its address, in subnet."},
	{"pod_cidr", &type_text, AT(cluster_node, pod_cidr), check_network,
	 "The network of its pods, in pods. Default: for the n-th address of subnet the n-th /24 of pods."},
	{"labels", &type_pairs, AT(cluster_node, labels), check_label, "Labels of its Node."},
	{"taints", &type_set, AT(cluster_node, taints), check_cluster_taint,
	 "Taints of its Node: KEY=VALUE:EFFECT or KEY:EFFECT. Default of a server: the one that keeps pods away, so [] lets it run pods."},
};
const struct key_map map_cluster_node = KEY_MAP("nodes.NAME", node_keys);

const struct key_map *const cluster_maps[] = {
	&map_cluster, &map_cluster_node, &map_cluster_roles_profile, &map_cluster_roles_state, &map_cluster_roles_lab,
	&map_cluster_machine, NULL,
};
