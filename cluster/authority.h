/* The authorities of a cluster: read from DIR/pki, or made there. */
#pragma once

#include "cluster/certificate.h"
#include "cluster/pki-folder.h"

enum authority_name { AUTHORITY_CLUSTER, AUTHORITY_ETCD, AUTHORITY_FRONT_PROXY, AUTHORITY_PROVISION, AUTHORITIES };

struct authority {
	enum authority_name name;
	struct pair_of_keys pair;
	const char *certificate, *key; /* PEM, as in the files */
};

void authority_free(struct authority *authority);

/* "pki/ca", of which .crt and .key are the files. */
const char *authority_path(enum authority_name name);

/* Read it and check that key and certificate belong together, that it is an authority and that it is valid now; a
 * certificate without its key, one that has ended … are errors that say what to do. */
int authority_read(const struct pki_folder *folder, enum authority_name name, int64_t now, struct authority *out,
		   struct error *err);

/* Make it if neither file is there; of a key alone (a run was interrupted), its certificate. in_use: certificates of it are
 * there, so that it must not be replaced by a new one. */
int authority_make(const struct pki_folder *folder, enum authority_name name, bool in_use, int64_t now, struct error *err);
