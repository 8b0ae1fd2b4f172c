/* Keys of a cluster that have no certificate. Paths are below DIR. */
#pragma once

#include "cluster/pki-folder.h"

#define PKI_SA_KEY "pki/sa.key"
#define PKI_SA_PUB "pki/sa.pub"
#define PKI_ENCRYPTION "pki/encryption.yaml"

/* Make or check sa.{key,pub}, which sign and check the tokens of service accounts. sa.pub may hold the public keys of former
 * sa.keys besides, whose tokens are then still taken. */
int pki_service_account(const struct pki_folder *folder, struct error *err);

/* Make or check encryption.yaml: an EncryptionConfiguration (apiserver.config.k8s.io/v1, Kubernetes 1.13 and later) by which
 * the API server encrypts Secrets in etcd with secretbox (XSalsa20 and Poly1305: authenticated, unlike aescbc) and reads
 * those that were stored before. A file of yours is kept. */
int pki_encryption(const struct pki_folder *folder, struct error *err);
