/* What follows from a cluster.yml and its secrets: texts, the same for the same inputs.
 *
 *   node-config.c     the cloud-config of a node
 *   node-objects.c    the Node objects, with what a node may not say of itself
 *   profile-text.c    the profile of a role
 *   states-text.c     state, for profiles and nodes
 *   serve-dnsmasq.c, serve-nginx.c   what the provisioner answers */
#pragma once

#include "cluster/cluster.h"
#include "cluster/pki.h"

/* nodes/NAME.yml. files: of a server, else NULL. */
void follow_node_config(struct strbuf *out, const struct cluster *c, const struct cluster_node *node, const char *token,
			const char *ca, const struct pki_files *files);

/* A list of Nodes for kubectl apply: before a node joins, its pod network, labels and taints are there. */
void follow_node_objects(struct arena *a, struct strbuf *out, const struct cluster *c);

/* "state:" and its map, behind indent spaces; nothing without any. secret: those with a password, whole; else all, without their
 * passwords: what a profile says, everybody can read. The node's own configuration takes the place of the profile's. */
void follow_states(struct strbuf *out, unsigned indent, const struct plan *states, bool secret);

/* profiles/ROLE.yml: public. */
void follow_profile(struct arena *a, struct strbuf *out, const struct cluster *c, enum cluster_role role);

/* serve/dnsmasq.conf, serve/nginx.conf; dir is absolute. */
void follow_dnsmasq(struct arena *a, struct strbuf *out, const struct cluster *c, const char *dir);
void follow_nginx(struct strbuf *out, const struct cluster *c);

/* KEY=VALUE of a taint: its parts. */
struct taint {
	const char *key, *value, *effect; /* value: "" for none */
};
struct taint taint_parse(struct arena *a, const char *text);
/* The taints of a node: its own, or those of its role. */
const struct strings *node_taints(const struct cluster *c, const struct cluster_node *node);
