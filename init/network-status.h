/* What the network program found: /run/mkdl/net/status, a flat file that it writes anew whenever something changes:
 *
 *	mkdl-network 1
 *	turn N                          which run of the program wrote it
 *	up | waiting TEXT               does the node have what it needs; if not, why
 *	node-ip ADDRESS
 *	summary TEXT                    the node's link, its address and router, for the console
 *	interface NAME                  of the node
 *	mac MAC                         of the card that the machine booted from
 *	hostname NAME, domain NAME      from a lease
 *	ntp ADDRESS                     from leases (repeatable)
 *	client dhcp4|dhcp6 INTERFACE MAC  a DHCP client that is to run (repeatable)
 *	link NAME up|no-link|missing INTERFACE MAC, address NAME CIDR   for people (repeatable)
 *	end */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { NETWORK_CLIENTS = 16, NETWORK_NTP = 8, NETWORK_STATUS_LIMIT = 1 << 16 };

struct network_client {
	char interface[16], mac[18];
	bool six;
};

struct network_status {
	bool up;
	unsigned turn;
	char waiting[256], summary[160], node_ip[46], interface[16], mac[18], hostname[64], domain[254];
	char ntp[NETWORK_NTP][46];
	size_t ntp_count;
	struct network_client clients[NETWORK_CLIENTS];
	size_t client_count;
};

/* Parse n bytes of text; name is for messages. Every word is checked. */
int network_status_parse(const char *name, const char *text, size_t n, struct network_status *out, struct error *err);
