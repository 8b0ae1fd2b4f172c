/* The lab: a whole cluster of machines without disks on one host, in namespaces of its own.
 *
 * `mkdl lab FILE` builds what the nodes boot, makes what the cluster needs (cluster/), and starts a supervisor: the first
 * process of its namespaces (network, mounts, processes; users too, unless root runs it). The supervisor is the parent of
 * every server and every machine, and when it ends, however it ends, the kernel ends all of them. It is spoken to over the
 * socket DIR/control (control.h); DIR is OUT/lab/NAME:
 *
 *	control          the supervisor's socket; lock: held for as long as it lives
 *	cluster/         from cluster_init: keys, tokens, kubeconfig, configuration of the nodes       secret
 *	ssh/             the key with which `mkdl lab exec` logs in                                    secret
 *	images/, tftp/   what `mkdl build` made for the roles; tftp/ is served to the nodes
 *	state/           what stands behind the nodes' iSCSI and NFS state; registry/ the registry's images
 *	log/NAME         what a server said; log/supervisor; log/events: the lab's story, a line each
 *	console/NODE    everything that a machine ever said on its serial console
 *
 *	lab.h            struct lab, paths            namespaces.c  where all of it lives
 *	lab-up.c         `mkdl lab FILE`              wire.c        bridge and taps
 *	supervisor.c     the loop                     servers.c     DHCP, HTTP, iSCSI, NFS, registry: started, watched
 *	control.c        answers at the socket        server-files.c  their configuration
 *	client.c         asks there                   storage.c     targets and exports of the nodes' state
 *	client-console.c a console on a terminal      watch.c       until all are where they should be
 *	machine.c        one QEMU                     phase.c       how far a machine is, from its console
 *	readiness.c      which Nodes are Ready        table.c       what the user sees */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "cluster/cluster.h"
#include "builder/qemu.h"

struct lab_node {
	const struct cluster_node *node;
	const char *mac, *uuid; /* of the machine: those of cluster.yml, else made up */
	const char *tap;        /* the machine's end of the cable */
};

struct lab {
	struct arena *arena;
	struct cluster *cluster;
	const char *name;
	const char *dir;     /* absolute */
	struct qemu qemu;
	struct lab_node *nodes; /* as many as the cluster has, in its order */
	bool registry;       /* docker-registry is installed */
};

/* DIR/A/B… */
const char *lab_path(const struct lab *l, const char *below) __attribute__((returns_nonnull));

/* MAC addresses, UUIDs and names of interfaces of all nodes. A node without a MAC address gets one, in the cluster, too. */
void lab_nodes(struct lab *l);

/* How many nodes have this role? */
size_t lab_role_count(const struct cluster *c, enum cluster_role role);

/* "server", "worker" */
const char *lab_role_name(enum cluster_role role);

/* A text of a state's place ("iqn.…:${hostname}", "/nodes/${mac}") as this node will fill it in. */
const char *lab_fill(const struct lab *l, const struct lab_node *n, const char *text);

/* One line of the lab's story, to DIR/log/events. who: a node, a server; NULL: the lab itself. */
void lab_event(const struct lab *l, const char *who, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
