/* X.509 certificates and their keys (RFC 5280), by OpenSSL's library. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "base/strings.h"
#include "cluster/openssl.h"

/* What a certificate may be used for (extended key usage); an authority has neither. */
enum { CERTIFICATE_SERVER = 1, CERTIFICATE_CLIENT = 2 };

/* Nothing is valid from this very second: clocks differ, and a node without a battery may be behind. */
enum { CERTIFICATE_BACKDATED = 3600 };

enum { SECONDS_OF_DAY = 86400 };

/* What a certificate is to say. */
struct certificate_wish {
	const char *common_name;      /* at most 64 bytes */
	struct strings organizations; /* Kubernetes: the groups of the user that common_name is */
	struct strings names;         /* DNS names it is valid for */
	struct strings addresses;     /* IPv4 or IPv6, as text */
	unsigned usage;               /* CERTIFICATE_… */
	unsigned days;
};

/* A key with its certificate. */
struct pair_of_keys {
	EVP_PKEY *key;
	X509 *certificate;
};

void pair_of_keys_free(struct pair_of_keys *pair);
#define _cleanup_pair_ _cleanup_(pair_of_keys_free)

/* New keys. P-256 for certificates. */
int key_make(EVP_PKEY **out, struct error *err);
int key_make_rsa(unsigned bits, EVP_PKEY **out, struct error *err);

/* A certificate for key, signed by the authority; it ends when that does, if that is earlier. now: unix time.
 * The serial number is random, 127 bits (RFC 5280 wants it positive, at most 20 bytes). */
int certificate_issue(const struct certificate_wish *wish, const struct pair_of_keys *authority, EVP_PKEY *key, int64_t now,
		      X509 **out, struct error *err);

/* A certificate by which key is an authority, signed by itself. */
int certificate_issue_authority(const char *common_name, EVP_PKEY *key, unsigned days, int64_t now, X509 **out,
				struct error *err);

/* PEM: the text is appended to out; keys as PKCS #8. */
int key_write(EVP_PKEY *key, struct strbuf *out, struct error *err);
int key_write_public(EVP_PKEY *key, struct strbuf *out, struct error *err);
int certificate_write(X509 *certificate, struct strbuf *out, struct error *err);

/* The one key, or the one certificate, in a PEM text of n bytes, among whatever else is there. name is the file's. None, more
 * than one, a passphrase and what cannot be decoded are errors. */
int key_read(const char *name, const char *text, size_t n, EVP_PKEY **out, struct error *err);
int key_read_public(const char *name, const char *text, size_t n, EVP_PKEY **out, struct error *err);
int certificate_read(const char *name, const char *text, size_t n, X509 **out, struct error *err);

/* What certificate says otherwise than the wish ("its names", …), or NULL. Its time is not looked at. */
const char *certificate_differs(X509 *certificate, const struct certificate_wish *wish);

/* Is it signed by the authority, and would a TLS peer take it apart from the time? reason says why not: static text. */
bool certificate_is_of(X509 *certificate, X509 *authority, const char **reason);

/* The hash of its public key (the DER of SubjectPublicKeyInfo), as kubeadm's discovery has it: "sha256:HEX". */
int certificate_key_hash(struct arena *a, X509 *certificate, const char **hash, struct error *err);

/* Unix times. */
int64_t certificate_begin(X509 *certificate);
int64_t certificate_end(X509 *certificate);

/* "2027-11-22 22:30 UTC" */
const char *certificate_time(struct arena *a, int64_t when);
