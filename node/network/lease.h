/* The lease: what a DHCP server or a router said about one link, in /run/mkdl/net/LINK.dhcp4, .dhcp6 or .ra, a flat
 * file:
 *
 *	address ADDRESS                 dhcp4, dhcp6
 *	prefix BITS
 *	route CIDR ADDRESS|link         (repeatable)
 *	dns ADDRESS                     (repeatable, as are search and ntp)
 *	search DOMAIN
 *	ntp ADDRESS
 *	hostname NAME
 *	server ADDRESS
 *	mtu N
 *	until SECONDS                   of the clock since boot; 4294967295 and more: for ever
 *	released                        the client gave it up, or begins anew
 *
 * What comes from the network is checked twice: before it is written and when it is read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "init/plan-address.h"

/* resolv.conf(5) takes three servers and six domains. */
enum { LEASE_ROUTES = 16, LEASE_DNS = 3, LEASE_SEARCH = 6, LEASE_NTP = 4, LEASE_TEXT_LIMIT = 16384 };

/* Of the clock since boot, seconds: a lease that does not end. */
#define LEASE_FOREVER ((uint64_t)UINT32_MAX)

enum lease_kind { LEASE_DHCP4, LEASE_DHCP6, LEASE_RA };
extern const char *const lease_suffix[]; /* by kind: "dhcp4" … */

struct lease_route {
	struct address to, via; /* via.family 0: on the link */
	unsigned prefix;
};

struct lease {
	bool there;             /* the others mean something */
	struct address address; /* family 0: none, as in what a router says */
	unsigned prefix;
	struct lease_route routes[LEASE_ROUTES];
	struct address dns[LEASE_DNS], ntp[LEASE_NTP], server;
	char search[LEASE_SEARCH][254], hostname[64];
	size_t route_count, dns_count, ntp_count, search_count;
	unsigned mtu; /* 0: not given */
	uint64_t until;
	bool released;
};

/* Parse n bytes of text; name is for messages. A record that is not as above is an error. */
int lease_parse(const char *name, const char *text, size_t n, struct lease *out, struct error *err);
void lease_write(const struct lease *l, struct strbuf *out);

/* A lease from the variables that busybox's udhcpc and udhcpc6 give their script: `get` returns a variable's value
 * or NULL. Values that are not what they should be are left out; an address that is none is an error. now: seconds
 * since boot. */
int lease_from_variables(enum lease_kind kind, const char *(*get)(void *data, const char *name), void *data,
			 uint64_t now, struct lease *out, struct error *err);

/* Append what is new, up to the lists' sizes; doubles are left out. */
void lease_add_dns(struct lease *l, const struct address *a);
void lease_add_search(struct lease *l, const char *domain);
