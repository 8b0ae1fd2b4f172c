/* Arithmetic of IPv4 networks, in host byte order. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct cidr {
	uint32_t first; /* the network's address */
	unsigned bits;  /* of the prefix, 0 to 32 */
};

/* "10.77.0.11": four decimal numbers without leading zeros (inet_pton(3)). */
bool ipv4_parse(const char *text, uint32_t *out);
const char *ipv4_text(struct arena *a, uint32_t address);

/* "10.77.0.0/24". Bits behind the prefix are cut off; *exact (may be NULL) tells whether there were none. */
bool cidr_parse(const char *text, struct cidr *out, bool *exact);
const char *cidr_text(struct arena *a, struct cidr c);

/* Its last address; how many there are. */
uint32_t cidr_last(struct cidr c);
uint64_t cidr_size(struct cidr c);

bool cidr_has(struct cidr c, uint32_t address);
/* Is all of inner in outer? Have they an address in common? */
bool cidr_within(struct cidr inner, struct cidr outer);
bool cidr_overlaps(struct cidr a, struct cidr b);

/* The n-th network (from 0) of a longer prefix in c. False when there is none: a shorter prefix, or beyond its end. */
bool cidr_part(struct cidr c, unsigned bits, uint64_t n, struct cidr *out);
