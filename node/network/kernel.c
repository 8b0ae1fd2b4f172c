#include "node/network/kernel.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/cleanup.h"

enum { ATTEMPTS = 5, ETHERNET = 1 /* ARPHRD_ETHER */ };

static void take_mac(const struct rtattr *a, char out[static 18])
{
	unsigned char m[6];

	out[0] = '\0';
	if (attribute_bytes(a, m, sizeof(m)) && RTA_PAYLOAD(a) == sizeof(m))
		snprintf(out, 18, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
}

static void take_kind(const struct rtattr *info, struct kernel_link *l)
{
	const struct rtattr *table[IFLA_INFO_MAX + 1] = {0}, *vlan[IFLA_VLAN_MAX + 1] = {0};
	const struct rtattr *bond[IFLA_BOND_MAX + 1] = {0};

	netlink_nested(info, table, IFLA_INFO_MAX + 1);
	attribute_string(table[IFLA_INFO_KIND], l->kind, sizeof(l->kind));
	if (!strcmp(l->kind, "vlan")) {
		netlink_nested(table[IFLA_INFO_DATA], vlan, IFLA_VLAN_MAX + 1);
		l->vlan_id = attribute_u16(vlan[IFLA_VLAN_ID]);
	} else if (!strcmp(l->kind, "bond")) {
		netlink_nested(table[IFLA_INFO_DATA], bond, IFLA_BOND_MAX + 1);
		l->bond_mode = attribute_u8(bond[IFLA_BOND_MODE]);
	}
}

static void take_link(void *data, const struct nlmsghdr *h)
{
	const struct rtattr *table[IFLA_MAX + 1] = {0};
	const struct ifinfomsg *body = NLMSG_DATA(h);
	struct kernel *k = data;
	struct kernel_link l = {0};
	char alias[16];

	if (h->nlmsg_type != RTM_NEWLINK || h->nlmsg_len < NLMSG_LENGTH(sizeof(*body)))
		return;
	netlink_attributes(h, sizeof(*body), table, IFLA_MAX + 1);
	l.index = body->ifi_index;
	attribute_string(table[IFLA_IFNAME], l.name, sizeof(l.name));
	take_mac(table[IFLA_ADDRESS], l.mac);
	take_mac(table[IFLA_PERM_ADDRESS], l.permanent);
	take_kind(table[IFLA_LINKINFO], &l);
	attribute_string(table[IFLA_IFALIAS], alias, sizeof(alias));
	l.ours = !strcmp(alias, KERNEL_ALIAS);
	l.mtu = attribute_u32(table[IFLA_MTU]);
	l.master = (int)attribute_u32(table[IFLA_MASTER]);
	l.parent = (int)attribute_u32(table[IFLA_LINK]);
	l.up = body->ifi_flags & IFF_UP;
	l.carrier = l.up && attribute_u8(table[IFLA_CARRIER]) == 1;
	l.ethernet = body->ifi_type == ETHERNET;
	if (!l.name[0] || k->link_count == KERNEL_LINKS)
		return;
	k->links = arena_grow(&k->arena, k->links, k->link_count, &k->link_cap, sizeof(*k->links));
	k->links[k->link_count++] = l;
}

static void take_address(void *data, const struct nlmsghdr *h)
{
	const struct rtattr *table[IFA_MAX + 1] = {0}, *bytes;
	const struct ifaddrmsg *body = NLMSG_DATA(h);
	struct kernel *k = data;
	struct kernel_address a = {0};
	uint32_t flags, unusable = IFA_F_TENTATIVE | IFA_F_DEPRECATED | IFA_F_DADFAILED | IFA_F_TEMPORARY;

	if (h->nlmsg_type != RTM_NEWADDR || h->nlmsg_len < NLMSG_LENGTH(sizeof(*body)))
		return;
	netlink_attributes(h, sizeof(*body), table, IFA_MAX + 1);
	bytes = table[IFA_LOCAL] ? table[IFA_LOCAL] : table[IFA_ADDRESS];
	a.index = (int)body->ifa_index;
	a.address.family = body->ifa_family;
	a.prefix = body->ifa_prefixlen;
	if ((body->ifa_family != AF_INET && body->ifa_family != AF_INET6) ||
	    !attribute_bytes(bytes, a.address.bytes, address_size(&a.address)) || k->address_count == KERNEL_ADDRESSES)
		return;
	flags = table[IFA_FLAGS] ? attribute_u32(table[IFA_FLAGS]) : body->ifa_flags;
	/* IFA_F_TEMPORARY is IFA_F_SECONDARY in IPv4, which is as good as any. */
	if (body->ifa_family == AF_INET)
		unusable &= ~(uint32_t)IFA_F_TEMPORARY;
	a.usable = !(flags & unusable) && body->ifa_scope == RT_SCOPE_UNIVERSE;
	a.ours = attribute_u8(table[IFA_PROTO]) == KERNEL_PROTOCOL;
	k->addresses = arena_grow(&k->arena, k->addresses, k->address_count, &k->address_cap, sizeof(*k->addresses));
	k->addresses[k->address_count++] = a;
}

static void take_route(void *data, const struct nlmsghdr *h)
{
	const struct rtattr *table[RTA_MAX + 1] = {0};
	const struct rtmsg *body = NLMSG_DATA(h);
	struct kernel *k = data;
	struct kernel_route r = {0};

	if (h->nlmsg_type != RTM_NEWROUTE || h->nlmsg_len < NLMSG_LENGTH(sizeof(*body)))
		return;
	if (body->rtm_protocol != KERNEL_PROTOCOL || body->rtm_table != RT_TABLE_MAIN ||
	    k->route_count == KERNEL_ROUTES || (body->rtm_family != AF_INET && body->rtm_family != AF_INET6))
		return;
	netlink_attributes(h, sizeof(*body), table, RTA_MAX + 1);
	r.to.family = body->rtm_family;
	r.prefix = body->rtm_dst_len;
	attribute_bytes(table[RTA_DST], r.to.bytes, address_size(&r.to));
	if (attribute_bytes(table[RTA_GATEWAY], r.via.bytes, address_size(&r.to)))
		r.via.family = body->rtm_family;
	r.index = (int)attribute_u32(table[RTA_OIF]);
	r.metric = attribute_u32(table[RTA_PRIORITY]);
	k->routes = arena_grow(&k->arena, k->routes, k->route_count, &k->route_cap, sizeof(*k->routes));
	k->routes[k->route_count++] = r;
}

static int read_once(struct kernel *k, struct netlink *n, struct error *err)
{
	const struct ifinfomsg link = {.ifi_family = AF_UNSPEC};
	const struct ifaddrmsg address = {.ifa_family = AF_UNSPEC};
	const struct rtmsg route = {.rtm_family = AF_UNSPEC};
	struct message m;

	arena_free(&k->arena);
	*k = (struct kernel){0};
	message_begin(&m, RTM_GETLINK, 0, &link, sizeof(link));
	if (netlink_dump(n, &m, take_link, k, err) < 0)
		return -1;
	message_begin(&m, RTM_GETADDR, 0, &address, sizeof(address));
	if (netlink_dump(n, &m, take_address, k, err) < 0)
		return -1;
	message_begin(&m, RTM_GETROUTE, 0, &route, sizeof(route));
	return netlink_dump(n, &m, take_route, k, err);
}

int kernel_read(struct kernel *k, struct netlink *n, struct error *err)
{
	int status = -1;

	for (int i = 0; i < ATTEMPTS && status < 0; i++) {
		error_clear(err);
		status = read_once(k, n, err);
	}
	return status;
}

struct kernel_link *kernel_find(const struct kernel *k, const char *name)
{
	for (size_t i = 0; i < k->link_count; i++)
		if (!strcmp(k->links[i].name, name))
			return &k->links[i];
	return NULL;
}

struct kernel_link *kernel_find_index(const struct kernel *k, int index)
{
	for (size_t i = 0; i < k->link_count; i++)
		if (k->links[i].index == index)
			return &k->links[i];
	return NULL;
}

static bool has(const char *name, const char *attribute)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/class/net/%s/%s", name, attribute);
	return access(path, F_OK) == 0;
}

bool kernel_is_card(const struct kernel_link *l, bool all)
{
	if (!l->ethernet)
		return false;
	if (all)
		return !l->kind[0] || !strcmp(l->kind, "veth") || !strcmp(l->kind, "dummy");
	return !l->kind[0] && has(l->name, "device") && !has(l->name, "phy80211");
}

struct kernel_link *kernel_find_mac(const struct kernel *k, const char *mac, bool all)
{
	for (size_t i = 0; i < k->link_count; i++) {
		struct kernel_link *l = &k->links[i];

		/* A bond gives its members another MAC; the card's own is the permanent one. */
		if (!strcmp(l->permanent[0] ? l->permanent : l->mac, mac) && kernel_is_card(l, all))
			return l;
	}
	return NULL;
}
