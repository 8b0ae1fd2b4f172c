#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "node/network/network.h"

/* How long an address stays whose client begins anew: one that died and was started again has its lease back by
 * then. */
enum { GRACE_MS = 15000 };

static void path_of(const struct network *n, const char *interface, enum lease_kind kind, char out[static 512])
{
	snprintf(out, 512, "%s/net/%s.%s", n->run, interface, lease_suffix[kind]);
}

static void read_lease(const struct network *n, const char *interface, enum lease_kind kind, struct lease *out)
{
	_cleanup_error_ struct error err = {0};
	_cleanup_strbuf_ struct strbuf text = {0};
	char path[512];

	*out = (struct lease){0};
	path_of(n, interface, kind, path);
	if (access(path, F_OK) < 0)
		return;
	if (file_read_at(AT_FDCWD, path, LEASE_TEXT_LIMIT, &text, &err) == 0 &&
	    lease_parse(path, text.data ? text.data : "", text.len, out, &err) == 0)
		return;
	network_say(NULL, "%s", error_text(&err));
	unlink(path);
}

static void describe(const struct lease *l, uint64_t now, char *out, size_t size)
{
	char address[ADDRESS_TEXT], server[ADDRESS_TEXT];
	int n = snprintf(out, size, "%s/%u", address_text(&l->address, address), l->prefix);

	if (n > 0 && (size_t)n < size && l->server.family)
		n += snprintf(out + n, size - (size_t)n, " from %s", address_text(&l->server, server));
	if (n > 0 && (size_t)n < size && l->until < LEASE_FOREVER && l->until > now)
		snprintf(out + n, size - (size_t)n, ", for %llu s", (unsigned long long)(l->until - now));
}

static bool same_routes(const struct lease *a, const struct lease *b)
{
	if (a->route_count != b->route_count)
		return false;
	for (size_t i = 0; i < a->route_count; i++)
		if (!address_equal(&a->routes[i].to, &b->routes[i].to) ||
		    !address_equal(&a->routes[i].via, &b->routes[i].via) || a->routes[i].prefix != b->routes[i].prefix)
			return false;
	return true;
}

static bool same_list(const struct address *a, size_t an, const struct address *b, size_t bn)
{
	bool same = an == bn;

	for (size_t i = 0; same && i < an; i++)
		same = address_equal(&a[i], &b[i]);
	return same;
}

/* What another lease changes, in words. */
static void say_change(const struct network *n, struct link *l, const struct lease *old, const struct lease *new)
{
	uint64_t now = (uint64_t)clock_ms() / 1000;
	const char *name = network_name(n, l);
	char before[ADDRESS_TEXT], after[160], via[ADDRESS_TEXT];

	describe(new, now, after, sizeof(after));
	if (!old->there)
		network_say(NULL, "%s: lease of %s", name, after);
	else if (!address_equal(&old->address, &new->address) || old->prefix != new->prefix)
		network_say(NULL, "%s: the lease changed from %s/%u to %s", name, address_text(&old->address, before),
			    old->prefix, after);
	if (!old->there)
		return;
	if (!same_routes(old, new))
		network_say(NULL, "%s: the lease changed: router %s, %zu routes", name, new->route_count ?
			    address_text(&new->routes[new->route_count - 1].via, via) : "none", new->route_count);
	if (!same_list(old->dns, old->dns_count, new->dns, new->dns_count))
		network_say(NULL, "%s: the lease changed: name server %s", name,
			    new->dns_count ? address_text(&new->dns[0], via) : "none");
	if (!same_list(old->ntp, old->ntp_count, new->ntp, new->ntp_count))
		network_say(NULL, "%s: the lease changed: time server %s", name,
			    new->ntp_count ? address_text(&new->ntp[0], via) : "none");
	if (old->mtu != new->mtu)
		network_say(NULL, "%s: the lease changed: MTU %u", name, new->mtu);
}

static void drop(const struct network *n, struct link *l, enum lease_kind kind, const char *why)
{
	char address[ADDRESS_TEXT], path[512];

	path_of(n, network_name(n, l), kind, path);
	unlink(path);
	if (l->leases[kind].there && n->was_up)
		network_say(NULL, "%s: %s: its address %s is taken away", network_name(n, l), why,
			    address_text(&l->leases[kind].address, address));
	l->leases[kind] = (struct lease){0};
	l->released_at[kind] = 0;
}

/* A client that begins anew and one whose lease ran out say the same; the lease's own time tells them apart. */
static int64_t take_released(const struct network *n, struct link *l, enum lease_kind kind, struct lease *read)
{
	int64_t now = clock_ms();

	if (read->until <= (uint64_t)now / 1000) {
		drop(n, l, kind, "the lease ran out and no server renewed it");
		return INT64_MAX;
	}
	if (!l->released_at[kind])
		l->released_at[kind] = now;
	if (now - l->released_at[kind] < GRACE_MS) {
		/* This program may have been started anew meanwhile. */
		if (!l->leases[kind].there)
			l->leases[kind] = *read;
		return l->released_at[kind] + GRACE_MS;
	}
	drop(n, l, kind, "the DHCP client has no lease any more");
	return INT64_MAX;
}

static int64_t take_lease(const struct network *n, struct link *l, enum lease_kind kind)
{
	bool asked = kind == LEASE_DHCP4 ? l->plan.dhcp4 : kind == LEASE_DHCP6 ? l->plan.dhcp6 : true;
	struct lease read = {0};

	if (asked && l->index)
		read_lease(n, network_name(n, l), kind, &read);
	if (!read.there) {
		if (l->leases[kind].there && kind != LEASE_RA)
			drop(n, l, kind,
			     asked ? "the DHCP server took the lease back" : "it is not asked for any more");
		l->leases[kind] = read;
		return INT64_MAX;
	}
	if (kind == LEASE_RA) {
		uint64_t now = (uint64_t)clock_ms() / 1000;

		if (read.until <= now)
			read = (struct lease){0};
		l->leases[kind] = read;
		return !read.there || read.until >= LEASE_FOREVER ? INT64_MAX : (int64_t)read.until * 1000;
	}
	if (read.released)
		return take_released(n, l, kind, &read);
	if (n->was_up)
		say_change(n, l, &l->leases[kind], &read);
	l->leases[kind] = read;
	l->released_at[kind] = 0;
	return INT64_MAX;
}

int64_t network_read_leases(struct network *n)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < n->count; i++)
		for (enum lease_kind kind = LEASE_DHCP4; kind <= LEASE_RA; kind++) {
			int64_t at = take_lease(n, &n->links[i], kind);

			next = at < next ? at : next;
		}
	return next;
}
