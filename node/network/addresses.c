#include <errno.h>
#include <linux/if_addr.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "node/network/network.h"

/* An address that a link is to have. */
struct wish {
	struct link *link;
	struct address address;
	unsigned prefix;
};

enum { WISHES = 256 };

static size_t collect(struct network *n, struct wish wishes[static WISHES])
{
	size_t count = 0;

	for (size_t i = 0; i < n->count; i++) {
		struct link *l = &n->links[i];

		for (size_t a = 0; l->index && a < l->plan.addresses.count && count < WISHES; a++) {
			struct wish w = {.link = l};

			if (address_parse_cidr(l->plan.addresses.items[a], &w.address, &w.prefix))
				wishes[count++] = w;
		}
		for (size_t k = 0; l->index && k < 3 && count < WISHES; k++)
			if (l->leases[k].there && l->leases[k].address.family)
				wishes[count++] = (struct wish){l, l->leases[k].address, l->leases[k].prefix};
	}
	return count;
}

/* The last address of its network, to which IPv4 broadcasts go; networks of one or two hosts have none. */
static void put_broadcast(struct message *m, const struct address *a, unsigned prefix)
{
	uint8_t last[4];

	if (a->family != AF_INET || prefix > 30)
		return;
	memcpy(last, a->bytes, sizeof(last));
	for (unsigned bit = prefix; bit < 32; bit++)
		last[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	message_put(m, IFA_BROADCAST, last, sizeof(last));
}

static int change(struct network *n, uint16_t type, int index, const struct address *a, unsigned prefix,
		  char why[static 128])
{
	const struct ifaddrmsg body = {
		.ifa_family = (uint8_t)a->family, .ifa_prefixlen = (uint8_t)prefix, .ifa_index = (uint32_t)index,
	};
	bool add = type == RTM_NEWADDR;
	struct message m;

	message_begin(&m, type, add ? NLM_F_CREATE | NLM_F_REPLACE : 0, &body, sizeof(body));
	message_put(&m, IFA_LOCAL, a->bytes, address_size(a));
	message_put(&m, IFA_ADDRESS, a->bytes, address_size(a));
	if (add) {
		message_put_u8(&m, IFA_PROTO, KERNEL_PROTOCOL);
		put_broadcast(&m, a, prefix);
	}
	return netlink_call(&n->netlink, &m, why);
}

static const struct kernel_address *find(const struct network *n, const struct wish *w)
{
	for (size_t i = 0; i < n->kernel.address_count; i++) {
		const struct kernel_address *a = &n->kernel.addresses[i];

		if (a->index == w->link->index && a->prefix == w->prefix && address_equal(&a->address, &w->address))
			return a;
	}
	return NULL;
}

static bool is_wished(const struct kernel_address *a, const struct wish *wishes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (wishes[i].link->index == a->index && wishes[i].prefix == a->prefix &&
		    address_equal(&wishes[i].address, &a->address))
			return true;
	return false;
}

/* New ones come before old ones go: what has connections on both sides of the change sees an address all the time. */
void network_apply_addresses(struct network *n)
{
	struct wish wishes[WISHES];
	size_t count = collect(n, wishes);
	char text[ADDRESS_TEXT], why[128];

	for (size_t i = 0; i < count; i++) {
		const struct wish *w = &wishes[i];

		if (find(n, w) || change(n, RTM_NEWADDR, w->link->index, &w->address, w->prefix, why) == 0)
			continue;
		network_say(w->link, "%s: address %s/%u: %s%s%s", network_name(n, w->link),
			    address_text(&w->address, text), w->prefix, strerror(errno), *why ? ": " : "", why);
	}
	for (size_t i = 0; i < n->kernel.address_count; i++) {
		const struct kernel_address *a = &n->kernel.addresses[i];

		if (a->ours && !is_wished(a, wishes, count))
			change(n, RTM_DELADDR, a->index, &a->address, a->prefix, why);
	}
}
