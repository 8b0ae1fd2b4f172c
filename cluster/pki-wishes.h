/* Which certificates a cluster has: kubeadm's, by its names. */
#pragma once

#include "cluster/authority.h"
#include "cluster/cluster.h"

/* What becomes of a pair on its server. */
enum pki_delivery {
	PKI_KEPT,       /* stays in DIR */
	PKI_FILES,      /* NAME.crt and NAME.key in /etc/kubernetes/pki */
	PKI_KUBECONFIG, /* /etc/kubernetes/NAME.kubeconfig */
};

struct pki_wish {
	const char *path; /* below DIR: "pki/servers/s1/apiserver.pem" */
	const char *name; /* "apiserver", "etcd/server" */
	const struct cluster_node *server; /* whose it is; NULL: the cluster's */
	enum authority_name authority;
	enum pki_delivery delivery;
	struct certificate_wish wish;
};

struct pki_wishes {
	struct pki_wish *items;
	size_t count, cap;
};

/* All of them: those of the cluster, then those of each server. */
int pki_wishes(struct arena *a, const struct cluster *c, struct pki_wishes *out, struct error *err);
