/* What the kernel has: its links, addresses and those of its routes that this program set. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "init/plan-address.h"
#include "node/network/netlink.h"

/* Marks what this program set, so that it takes away nothing else: the protocol of addresses (IFA_PROTO, since Linux
 * 5.18) and routes, and the alias of the links that it made. No routing daemon uses the number (rt_protos). */
enum { KERNEL_PROTOCOL = 109 };
#define KERNEL_ALIAS "mkdl"

struct kernel_link {
	int index, master, parent; /* 0: none */
	char name[16], kind[16];   /* kind: "vlan", "bond"; "" for hardware */
	char mac[18], permanent[18]; /* permanent: as the card has it, "" when the kernel does not say */
	unsigned mtu, vlan_id, bond_mode;
	bool up, carrier, ethernet, ours;
};

struct kernel_address {
	int index;
	struct address address;
	unsigned prefix;
	bool ours, usable; /* usable: not tentative, deprecated, temporary or of the link only */
};

struct kernel_route {
	int index; /* of the link that it leaves by */
	struct address to, via; /* via.family 0: on the link */
	unsigned prefix, metric;
};

enum { KERNEL_LINKS = 1024, KERNEL_ADDRESSES = 2048, KERNEL_ROUTES = 256 };

struct kernel {
	struct kernel_link *links;
	struct kernel_address *addresses;
	struct kernel_route *routes; /* ours, of the main table */
	size_t link_count, link_cap, address_count, address_cap, route_count, route_cap;
	struct arena arena;
};

/* Ask for everything anew. */
int kernel_read(struct kernel *k, struct netlink *n, struct error *err);

/* NULL when there is none. */
struct kernel_link *kernel_find(const struct kernel *k, const char *name);
struct kernel_link *kernel_find_index(const struct kernel *k, int index);
/* Hardware only: VLANs and bonds have the MAC of what they are made of. With all also veth pairs. */
struct kernel_link *kernel_find_mac(const struct kernel *k, const char *mac, bool all);

/* An Ethernet card: hardware behind it, not wireless; with all any Ethernet link that is no VLAN and no bond. */
bool kernel_is_card(const struct kernel_link *l, bool all);
