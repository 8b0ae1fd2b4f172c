#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "node/network/network.h"

/* Defaults of links beside the node's own come behind it, each behind the one before. */
enum { METRIC_OTHERS = 100, METRIC_STEP = 10, METRIC_IPV6 = 1024 /* IP6_RT_PRIO_USER, what 0 becomes */, WISHES = 256 };

struct wish {
	struct link *link;
	struct kernel_route route;
};

struct wishes {
	struct wish items[WISHES];
	size_t count;
};

static bool same(const struct kernel_route *a, const struct kernel_route *b)
{
	return a->index == b->index && a->prefix == b->prefix && a->metric == b->metric &&
	       address_equal(&a->to, &b->to) && address_equal(&a->via, &b->via);
}

/* The bits behind the prefix are no part of a destination; the kernel refuses them. */
static void cut(struct address *a, unsigned prefix)
{
	for (unsigned bit = prefix; bit < address_bits(a); bit++)
		a->bytes[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
}

static void wish(struct wishes *all, struct link *l, struct kernel_route r)
{
	cut(&r.to, r.prefix);
	if (r.metric == 0 && r.to.family == AF_INET6)
		r.metric = METRIC_IPV6;
	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].route.prefix == r.prefix && all->items[i].route.metric == r.metric &&
		    address_equal(&all->items[i].route.to, &r.to))
			return;
	if (all->count < WISHES)
		all->items[all->count++] = (struct wish){l, r};
}

static unsigned default_metric(const struct network *n, const struct link *l)
{
	return l == n->boot || !n->boot ? 0 : METRIC_OTHERS + METRIC_STEP * (unsigned)(l - n->links);
}

static void wish_static(const struct network *n, struct wishes *all, struct link *l)
{
	for (size_t i = 0; i < l->plan.route_count; i++) {
		const struct plan_route *p = &l->plan.routes[i];
		struct kernel_route r = {.index = l->index, .metric = p->metric};
		bool any = !strcmp(p->to, "default");

		if (strcmp(p->via, "link") != 0 && !address_parse(p->via, &r.via))
			continue;
		if (!any && !address_parse_cidr(p->to, &r.to, &r.prefix))
			continue;
		if (any)
			r.to.family = r.via.family ? r.via.family : AF_INET;
		if (!r.metric && r.prefix == 0)
			r.metric = default_metric(n, l);
		wish(all, l, r);
	}
}

static void wish_lease(const struct network *n, struct wishes *all, struct link *l)
{
	const struct lease *lease = &l->leases[LEASE_DHCP4];

	for (size_t i = 0; lease->there && i < lease->route_count; i++)
		wish(all, l, (struct kernel_route){
			.index = l->index, .to = lease->routes[i].to, .prefix = lease->routes[i].prefix,
			.via = lease->routes[i].via, .metric = default_metric(n, l),
		});
}

/* Is the router on a network of one of the link's addresses? Otherwise the kernel has to be told that it is there
 * all the same, as with an address that is alone in its network. */
static bool is_reachable(const struct network *n, const struct kernel_route *r)
{
	if (address_is_link_local(&r->via))
		return true;
	for (size_t i = 0; i < n->kernel.address_count; i++) {
		const struct kernel_address *a = &n->kernel.addresses[i];

		if (a->index == r->index && a->prefix < address_bits(&a->address) &&
		    address_within(&r->via, &a->address, a->prefix))
			return true;
	}
	return false;
}

static int change(struct network *n, uint16_t type, const struct kernel_route *r, char why[static 128])
{
	struct rtmsg body = {
		.rtm_family = (uint8_t)r->to.family, .rtm_dst_len = (uint8_t)r->prefix, .rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = KERNEL_PROTOCOL, .rtm_type = RTN_UNICAST,
		.rtm_scope = r->via.family || r->to.family == AF_INET6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
	};
	struct message m;

	if (r->via.family && !is_reachable(n, r))
		body.rtm_flags |= RTNH_F_ONLINK;
	message_begin(&m, type, type == RTM_NEWROUTE ? NLM_F_CREATE | NLM_F_REPLACE : 0, &body, sizeof(body));
	if (r->prefix)
		message_put(&m, RTA_DST, r->to.bytes, address_size(&r->to));
	if (r->via.family)
		message_put(&m, RTA_GATEWAY, r->via.bytes, address_size(&r->via));
	message_put_u32(&m, RTA_OIF, (uint32_t)r->index);
	if (r->metric)
		message_put_u32(&m, RTA_PRIORITY, r->metric);
	return netlink_call(&n->netlink, &m, why);
}

static bool is_there(const struct network *n, const struct kernel_route *r)
{
	for (size_t i = 0; i < n->kernel.route_count; i++)
		if (same(&n->kernel.routes[i], r))
			return true;
	return false;
}

static void add(struct network *n, const struct wish *w)
{
	const struct kernel_route *r = &w->route;
	char to[ADDRESS_TEXT], via[ADDRESS_TEXT], why[128];

	if (is_there(n, r) || change(n, RTM_NEWROUTE, r, why) == 0)
		return;
	network_say(w->link, "%s: route to %s/%u via %s: %s%s%s", network_name(n, w->link), address_text(&r->to, to),
		    r->prefix, r->via.family ? address_text(&r->via, via) : "the link", strerror(errno),
		    *why ? ": " : "", why);
}

void network_apply_routes(struct network *n)
{
	static struct wishes all;
	char why[128];

	all.count = 0;
	/* The node's own link first: of two routes to the same place the first counts. */
	if (n->boot && n->boot->index) {
		wish_static(n, &all, n->boot);
		wish_lease(n, &all, n->boot);
	}
	for (size_t i = 0; i < n->count; i++) {
		struct link *l = &n->links[i];

		if (!l->index || l == n->boot)
			continue;
		wish_static(n, &all, l);
		wish_lease(n, &all, l);
	}
	/* Links to networks first: what goes via a router there needs them. */
	for (size_t i = 0; i < all.count; i++)
		if (!all.items[i].route.via.family)
			add(n, &all.items[i]);
	for (size_t i = 0; i < all.count; i++)
		if (all.items[i].route.via.family)
			add(n, &all.items[i]);
	for (size_t i = 0; i < n->kernel.route_count; i++) {
		bool wished = false;

		for (size_t w = 0; w < all.count; w++)
			wished = wished || same(&all.items[w].route, &n->kernel.routes[i]);
		if (!wished)
			change(n, RTM_DELROUTE, &n->kernel.routes[i], why);
	}
}
