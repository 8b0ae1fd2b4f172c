/* The secrets of a cluster: authorities, certificates, keys, bootstrap tokens, kubeconfigs, below DIR/pki and DIR/tokens.
 *
 *   DIR/pki/           kubeadm's names: ca.{crt,key}, front-proxy-ca.{crt,key}, etcd/ca.{crt,key}, sa.{key,pub};
 *                      provision-ca.{crt,key}: what nodes trust when they fetch their configuration;
 *                      provisioner.{crt,key}: of the web server there; encryption.yaml;
 *                      servers/NAME/…: what belongs to one server
 *   DIR/tokens         flat records: one token of each node, and those made by `mkdl cluster token create`
 *
 * Folders 0700, files 0600, each replaced atomically. */
#pragma once

#include <stdint.h>

#include "cluster/cluster.h"

/* Where the web server of the provisioner and the builder find theirs, below DIR. */
#define PKI_PROVISION_CA "pki/provision-ca.crt"
#define PKI_PROVISIONER_CERT "pki/provisioner.crt"
#define PKI_PROVISIONER_KEY "pki/provisioner.key"

/* Make what is missing or does not fit the cluster any more (another address of a server, another provisioner): what is
 * right stays byte for byte. Also DIR/tokens (a token for each node) and DIR/kubeconfig. */
int pki_init(const struct cluster *c, const char *dir, struct error *err);

/* A file of a node. */
struct pki_file {
	const char *path; /* absolute, on the node */
	const char *text;
	unsigned mode;    /* 0600, 0644 */
};

struct pki_files {
	struct pki_file *items;
	size_t count, cap;
};

/* All that a server gets, sorted by path: /etc/kubernetes/pki/…, kubeconfigs and
 * encryption.yaml in /etc/kubernetes. Reads what pki_init made. */
int pki_server_files(struct arena *a, const struct cluster *c, const char *dir, const struct cluster_node *server,
		     struct pki_files *out, struct error *err);

/* The certificate of the cluster's authority, PEM; public. */
int pki_cluster_ca(struct arena *a, const char *dir, const char **pem, struct error *err);

/* A bootstrap token: "ID.SECRET", of 6 and 16 characters of a-z and 0-9 (kubeadm's form). */
struct cluster_token {
	const char *id, *secret;
	const char *node;        /* the one that it was made for; NULL: whoever has it */
	const char *description; /* or NULL */
	int64_t expires;         /* unix time; 0: never */
};

struct cluster_tokens {
	struct cluster_token *items;
	size_t count, cap;
};

/* In the order of the file, without those that expired. */
int tokens_read(struct arena *a, const char *dir, struct cluster_tokens *out, struct error *err);
