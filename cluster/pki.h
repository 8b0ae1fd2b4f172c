/* The secrets of a cluster: authorities, certificates, keys, bootstrap tokens, kubeconfigs, below DIR/pki and DIR/tokens.
 *
 *   DIR/pki/           authorities by kubeadm's names: ca.{crt,key}, front-proxy-ca.{crt,key}, etcd/ca.{crt,key}; beside them
 *                      provision-ca.{crt,key}: what nodes trust when they fetch their configuration. Put there before
 *                      `mkdl cluster init`, an authority of your own is taken;
 *                      sa.{key,pub}: sign the tokens of service accounts; encryption.yaml: of Secrets in etcd;
 *                      admin.pem, provisioner.pem, servers/NAME/….pem: a key and its certificate each. They are one file so
 *                      that one rename(2) replaces both: nothing that is interrupted leaves a key with another's certificate
 *   DIR/tokens         flat records (base/flat.h): the bootstrap tokens, and which were revoked
 *   DIR/kubeconfig     the administrator's
 *
 * Folders 0700, files 0600, each replaced atomically. Symbolic links below DIR/pki are refused.
 *
 * Keys are ECDSA P-256; sa.key is RSA 2048, because whoever checks the tokens of service accounts outside of the cluster
 * (OpenID Connect) has to know RS256 and may know nothing else. Authorities are valid for ten years, certificates for one. */
#pragma once

#include <stdint.h>

#include "cluster/cluster.h"

/* Where the web server of the provisioner and the builder find theirs, below DIR. nginx takes the same file for both. */
#define PKI_PROVISION_CA "pki/provision-ca.crt"
#define PKI_PROVISIONER_CERT "pki/provisioner.pem"
#define PKI_PROVISIONER_KEY PKI_PROVISIONER_CERT

/* A certificate with fewer days left is issued again by `mkdl cluster init`. */
enum { PKI_RENEW_DAYS = 30 };

/* Make what is missing, does not fit the cluster any more (another address of a server, another provisioner) or ends within
 * PKI_RENEW_DAYS: what is right stays byte for byte. Also DIR/tokens (a token for each node) and DIR/kubeconfig.
 * What was made, and why, is appended to said, a sentence each, for the command to print. */
int pki_init(struct arena *a, const struct cluster *c, const char *dir, struct strings *said, struct error *err);

/* Issue all certificates that end in fewer than days (0: all of them) again, with new keys and the same authorities. The
 * nodes' files follow with the next cluster_init. */
int pki_renew(struct arena *a, const struct cluster *c, const char *dir, unsigned days, struct strings *said,
	      struct error *err);

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

/* All that a server gets, sorted by path: /etc/kubernetes/pki/…, encryption.yaml, {admin,controller-manager,
 * scheduler}.kubeconfig in /etc/kubernetes (they lead to the API of the same machine, by 127.0.0.1), and of
 * /etc/kubernetes/addons what is made of secrets (cluster/secrets.h): 20-cluster-info.yaml, 21-tokens.yaml, 90-revoked.
 * Reads what pki_init made. */
int pki_server_files(struct arena *a, const struct cluster *c, const char *dir, const struct cluster_node *server,
		     struct pki_files *out, struct error *err);

/* The certificate of the cluster's authority, PEM; public. */
int pki_cluster_ca(struct arena *a, const char *dir, const char **pem, struct error *err);

/* Its hash as kubeadm's discovery has it: "sha256:" and the hex SHA-256 of the DER of its public key (SubjectPublicKeyInfo). */
int pki_cluster_ca_hash(struct arena *a, const char *dir, const char **hash, struct error *err);

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
	struct strings revoked; /* IDs */
};

/* In the order of the file, without those that expired. */
int tokens_read(struct arena *a, const char *dir, struct cluster_tokens *out, struct error *err);

/* The token of a node, or NULL. */
const struct cluster_token *tokens_of_node(const struct cluster_tokens *tokens, const char *node);
