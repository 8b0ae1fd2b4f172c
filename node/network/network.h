/* The node's network: what is wanted (plan, command line, leases), what the kernel has, and the steps that bring the
 * second to the first. Every pass does all of it anew, so that it does not matter whether a link, a lease or this
 * program came late or twice. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "init/cmdline.h"
#include "init/plan.h"
#include "node/network/kernel.h"
#include "node/network/lease.h"
#include "node/network/netlink.h"

enum { LINKS = 32, PROBLEM_SIZE = 256 };

/* One link that is to be: of the plan, of the command line, or the one that the machine booted from. */
struct link {
	struct plan_link plan;
	bool provisional;  /* one of several cards that are asked because nobody said which is the node's */
	bool left;         /* another card of those was chosen: switched off */
	bool implied;      /* part of a bond or carrier of a VLAN only */
	bool from_cmdline; /* an ip= word made it */
	int index;         /* in the kernel; 0: not there */
	struct lease leases[3]; /* by enum lease_kind */
	int64_t released_at[3]; /* when that lease was first seen to be released (clock_ms); 0: it is not */
	bool asks;             /* had a carrier once: its DHCP clients run */
	bool carrier;          /* as of the last pass */
	int64_t lost_at;       /* when the carrier went (clock_ms); 0: it did not */
	bool name_said;        /* that the kernel calls it otherwise */
	char problem[PROBLEM_SIZE]; /* what was last said about it */
};

struct network {
	struct arena arena;
	const char *run, *etc; /* folders: /run/mkdl, /etc */
	const char *turn;      /* PID 1's word for this run, for the status */
	bool all;              /* veth and dummy links are cards too: for tests */
	struct plan plan;
	struct options options;
	struct netlink netlink;
	struct kernel kernel;
	struct link links[LINKS];
	size_t count;
	struct link *boot;  /* the one that carries the node's address by default; NULL: not known yet */
	char boot_mac[18];  /* of the card that it booted from, or "" */
	bool off;           /* ip=off: no address is asked for unless a link record says so */
	bool was_up;
	char said_node_ip[ADDRESS_TEXT];
	char resolver[2048]; /* as last written */
};

/* What is wanted, from plan and command line. */
int network_configure(struct network *n, struct error *err);

/* Who wants the boot interface to be which: a name or MAC, "" for nobody; from: who said so, for messages. */
struct wanted {
	const char *word, *from;
};
struct wanted network_wanted(const struct network *n);
/* The card that it names, among those in the kernel. */
struct kernel_link *network_find_wanted(const struct network *n, const struct wanted *w);

/* Match links with the kernel's; find the one that the machine booted from, or the cards to ask. */
void network_resolve(struct network *n);

/* NULL when there is none. */
struct link *network_find(struct network *n, const char *name);
struct kernel_link *network_kernel_link(const struct network *n, const struct link *l);
/* Has it any way to an address? */
bool network_has_addressing(const struct link *l);
/* "eth0" as the kernel has it, else the plan's name. */
const char *network_name(const struct network *n, const struct link *l);

/* The steps. A link whose step fails gets the reason as its problem, which is said once. */
void network_apply_links(struct network *n);  /* makes VLANs and bonds, takes away those of old plans; MTU, up */
void network_apply_addresses(struct network *n);
void network_apply_routes(struct network *n);

/* Read the leases of all links. Returns when a released one is to be looked at again (clock_ms), or INT64_MAX. */
int64_t network_read_leases(struct network *n);

/* Say something about a link on the console, once per text. */
void network_say(struct link *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* resolv.conf from everything known. */
void network_write_resolver(struct network *n);

/* The node's address by the plan's node-ip or the command line's: 0 with the address and its link's name in out,
 * interface; -1 with the reason and the candidates. */
int network_choose(const struct network *n, struct address *out, char interface[static 16], struct error *err);

/* Is every link there that the boot waits for? The reason why not, naming what to do. */
int network_is_up(struct network *n, struct error *err);

/* Publish /run/mkdl/net/status for PID 1. */
int network_write_status(struct network *n, struct error *err);
