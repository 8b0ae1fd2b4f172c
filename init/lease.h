/* The lease: what the DHCP client's script wrote about an interface into /run/mkdl/net/INTERFACE, a flat file:
 *
 *	address ADDRESS
 *	prefix BITS
 *	router ADDRESS
 *	dns ADDRESS…
 *	domain NAME
 *	hostname NAME
 *	lease SECONDS
 *	server ADDRESS
 *
 * address and prefix are there; the others may be missing. */
#pragma once

#include <stddef.h>

#include "base/error.h"

struct lease {
	char address[16], router[16], server[16];
	char dns[3][16]; /* resolv.conf(5) takes three */
	char hostname[64], domain[254];
	unsigned prefix;
	unsigned seconds;
};

/* Parse n bytes of text; name is for messages. What the server sent is not trusted: addresses must be IPv4 addresses,
 * names must be host names; a bad name is left out, a bad address or prefix is an error. */
int lease_parse(const char *name, const char *text, size_t n, struct lease *out, struct error *err);
