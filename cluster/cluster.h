/* A cluster: what cluster.yml says of it, and what `mkdl cluster init` makes of that.
 *
 *   cluster.yml  the user's; public. Read by cluster_read with the tables of keys in cluster-keys.c.
 *   DIR          made by cluster_init; secret where it says so (files 0600, folders 0700):
 *	source                      which cluster.yml, which TFTP root: flat records
 *	pki/                        the authorities, keys and certificates                             secret
 *	tokens                      the bootstrap tokens: flat records (base/flat.h)                   secret
 *	source                      the absolute path of the cluster.yml that it was made from
 *	kubeconfig                  of the administrator                                               secret
 *	nodes/NAME.yml              the cloud-config of one node, with what only that node may know    secret
 *	profiles/ROLE.yml           for `mkdl build`: extends the role's profile, adds what is public
 *	serve/dnsmasq.conf          DHCP and TFTP for these nodes
 *	serve/nginx.conf            HTTP for the boot files; HTTPS for nodes/, each to its node's address alone
 *
 * Nothing that is secret goes into a profile, hence into an image or the TFTP root. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/pairs.h"
#include "base/place.h"
#include "base/strings.h"
#include "config/diagnostics.h"
#include "init/plan.h"

enum cluster_role { CLUSTER_SERVER, CLUSTER_WORKER, CLUSTER_ROLES };

struct cluster_node {
	const char *name;     /* the host's and the Node's */
	enum cluster_role role;
	const char *mac;      /* "52:54:00:77:00:0b"; NULL: known by uuid */
	const char *uuid;     /* SMBIOS; NULL: known by mac */
	const char *address;  /* IPv4, of subnet */
	const char *pod_cidr; /* never NULL once read; unless written the n-th /24 of pods for the n-th address of subnet, so
				 that it stays when nodes come and go: a Node's cannot be changed */
	struct pairs labels;
	struct strings taints; /* KEY=VALUE:EFFECT; items NULL: not written, by role */
	struct place at;
};

/* What the nodes of one role have in common. */
struct cluster_kind {
	const char *profile;  /* "server.yml", "member.yml": what its profile extends, beside the file or mkdl's own */
	struct plan states;   /* only the states of it: places may hold ${hostname}, ${mac} … */
	unsigned memory;      /* MiB of a machine of the lab */
	unsigned cpus;        /* of a machine of the lab */
};

/* Images that the registry of the lab serves, and mirrors that nodes ask. */
struct cluster_registry {
	const char *host;       /* "docker.io", "_default" */
	struct strings mirrors; /* URLs, in order */
	struct place at;
};

struct cluster {
	const char *file;        /* cluster.yml as named */
	const char *tftp;        /* the TFTP root, absolute; NULL: as DIR has it already, else out/tftp here */
	const char *name;        /* a DNS label */
	const char *version;     /* of Kubernetes, "1.20": decides names of labels and taints */
	const char *domain;      /* "cluster.local" */
	const char *api;         /* host or address by which nodes reach the API; default: the first server's */
	unsigned api_port;       /* 6443 */
	const char *pods, *services; /* CIDRs */
	const char *dns;         /* the cluster DNS' service address: the tenth of services */
	const char *subnet;      /* CIDR of the nodes' network */
	const char *provisioner; /* address of the machine that answers DHCP, TFTP, HTTP and HTTPS */
	const char *gateway;     /* NULL: none */
	struct strings nameservers, ntp, ssh_keys;
	struct cluster_kind kinds[CLUSTER_ROLES];
	struct cluster_registry *registries;
	size_t registry_count, registry_cap;
	struct cluster_node *nodes; /* servers need not come first */
	size_t node_count, node_cap;
	struct place at;
};

enum { CLUSTER_CONFIG_PORT = 8443, CLUSTER_HTTP_PORT = 80 };

/* Where a server keeps etcd's data. */
#define CLUSTER_ETCD "/var/lib/etcd"

/* iPXE waits 16 s for a router advertisement where there is none: with the first address of this network on the provisioner's
 * interface, dnsmasq sends some. */
#define CLUSTER_RA_NETWORK "fd6d:6b64:6c00::"
#define CLUSTER_RA_ADDRESS "fd6d:6b64:6c00::1"

/* Read and check a cluster.yml: addresses in the subnet, nothing twice, ranges that do not overlap, an odd number of
 * servers … Problems go to diag, all at once; -1 when there was an error among them. Strings live in the arena. */
int cluster_read(struct arena *a, const char *file, struct diagnostics *diag, struct cluster *out, struct error *err);

/* Make DIR, or bring it up to date: what is there and still right stays byte for byte (keys, certificates, tokens); what
 * follows from cluster.yml is written anew where it differs, and files of nodes that are gone are removed. Each file is
 * replaced atomically. What was made, changed or removed is appended to said, a sentence each. */
int cluster_init(struct arena *a, const struct cluster *c, const char *dir, struct strings *said, struct error *err);

/* The cluster that DIR was made from, read anew from the cluster.yml that DIR/source names, DIR/cluster.yml without that: for
 * the commands that change what is in DIR and then call cluster_init. */
int cluster_open(struct arena *a, const char *dir, struct diagnostics *diag, struct cluster *out, struct error *err);
