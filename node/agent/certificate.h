/* Certificates (X.509) as joining a cluster looks at them: authorities and their hashes, how long they are valid, whose they are. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

enum { CERTIFICATES_LIMIT = 32, CERTIFICATE_HASH = 7 + 64 + 1 };

struct certificate {
	const char *pem;              /* of this one alone */
	const char *subject, *issuer; /* as in "CN=kubernetes" */
	const char *common_name;      /* of the subject; "" without one */
	const char *names;            /* "kubernetes, 10.0.0.1", what it is for; "" for nothing */
	int64_t from, until;          /* unix time */
	char hash[CERTIFICATE_HASH];  /* "sha256:HEX" over its SubjectPublicKeyInfo (RFC 7469), as kubeadm prints it */
};

struct certificates {
	struct certificate *items;
	size_t count, cap;
};

/* All of a PEM text, which may hold other things (keys) too; none is an error. Texts are foreign: what is not printable in
 * subject and names becomes "?". */
int certificates_parse(struct arena *a, const char *pem, struct certificates *out, struct error *err);

/* Is c signed by one of these? Times are not looked at. */
bool certificate_is_by(const struct certificate *c, const struct certificates *authorities);

/* Does the PEM text hold the private key that belongs to its first certificate? */
bool certificate_has_key(const char *pem);

/* Those whose hash is among pins, put together as one PEM text; NULL when none is. */
struct strings;
const char *certificates_pinned(struct arena *a, const struct certificates *all, const struct strings *pins);
