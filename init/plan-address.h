/* Internet addresses, as the plan, the command line and leases have them in text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ADDRESS_TEXT = 50 }; /* of an address, "/128" and the NUL */

struct address {
	int family; /* AF_INET, AF_INET6; 0: none */
	uint8_t bytes[16];
};

/* "10.0.0.1", "fd00::1". */
bool address_parse(const char *word, struct address *out);

/* "10.0.0.1/24": an address and the length of its network's prefix. */
bool address_parse_cidr(const char *word, struct address *out, unsigned *prefix);

/* The canonical text; returns out. */
const char *address_text(const struct address *a, char out[static ADDRESS_TEXT]);

/* Bits of an address: 32 or 128. */
unsigned address_bits(const struct address *a);
/* Bytes of an address: 4 or 16. */
size_t address_size(const struct address *a);

bool address_equal(const struct address *a, const struct address *b);
/* Is a within net/prefix? */
bool address_within(const struct address *a, const struct address *net, unsigned prefix);
bool address_is_link_local(const struct address *a);
/* Could it be a host's: not all zeros, loopback or multicast? */
bool address_is_host(const struct address *a);
