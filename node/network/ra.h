/* What routers announce beyond addresses: name servers and search domains (RFC 8106), which the kernel hands on. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "node/network/lease.h"

/* Read one option of a router advertisement (n bytes, as in the packet) into the lease: RDNSS and DNSSL; others change
 * nothing. now: seconds since boot. Nothing in it is trusted. */
void ra_take_option(const unsigned char *option, size_t n, uint64_t now, struct lease *l);
