#include "node/network/run.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "node/network/ra.h"

/* A pod that starts makes a dozen events: they are looked at together. */
enum { GATHER_MS = 20, LONGEST_WAIT_MS = 60000, EVENT_SIZE = 64 * 1024 };

struct running {
	int events, leases, signals;
	int64_t again; /* clock_ms; when a lease is to be looked at again */
};

/* The client of this link and kind, by its pid file; 0: none. The number may be of another process by now, which is not
 * busybox. */
static pid_t find_client(const struct network *n, const char *name, const char *kind)
{
	_cleanup_error_ struct error ignored = {0};
	_cleanup_strbuf_ struct strbuf text = {0}, comm = {0};
	char path[512];
	long pid;

	snprintf(path, sizeof(path), "%s/net/%s.%s.pid", n->run, name, kind);
	if (file_read_at(AT_FDCWD, path, 32, &text, &ignored) < 0 || !text.data)
		return 0;
	pid = strtol(text.data, NULL, 10);
	snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	if (pid <= 1 || pid > INT32_MAX || file_read_at(AT_FDCWD, path, 64, &comm, &ignored) < 0 || !comm.data)
		return 0;
	return !strncmp(comm.data, "busybox", 7) || !strncmp(comm.data, "udhcpc", 6) ? (pid_t)pid : 0;
}

/* SIGUSR1 has udhcpc ask again whether its lease is good here: the cable may lead elsewhere now. */
static void renew(const struct network *n, const char *name)
{
	for (enum lease_kind kind = LEASE_DHCP4; kind <= LEASE_DHCP6; kind++) {
		pid_t pid = find_client(n, name, lease_suffix[kind]);

		if (pid > 0)
			kill(pid, SIGUSR1);
	}
}

static void watch_carrier(const struct network *n, struct link *l)
{
	const struct kernel_link *k = network_kernel_link(n, l);
	bool carrier = k && k->carrier;

	l->asks = l->asks || carrier;
	if (carrier == l->carrier)
		return;
	l->carrier = carrier;
	if (!carrier) {
		l->lost_at = clock_ms();
		if (n->was_up)
			network_say(NULL, "%s: %s", k ? k->name : l->plan.name,
				    k ? "no link any more (cable, switch port)" : "the card is gone");
	} else if (l->lost_at) {
		if (n->was_up)
			network_say(NULL, "%s: the link is back after %.1f s", k->name,
				    (double)(clock_ms() - l->lost_at) / 1000);
		l->lost_at = 0;
		renew(n, k->name);
	}
}

/* One card was chosen of those that were asked: the others are switched off. True when that is yet to be done. */
static bool end_asking(struct network *n)
{
	bool any = false;

	if (!n->boot)
		return false;
	n->boot->provisional = false;
	for (size_t i = 0; i < n->count; i++) {
		struct link *l = &n->links[i];

		if (!l->provisional || l->left)
			continue;
		l->left = any = true;
		l->plan.dhcp4 = l->asks = false;
		for (size_t kind = 0; kind < 3; kind++)
			l->leases[kind] = (struct lease){0};
	}
	return any;
}

/* The name of the node's interface, for who looks for it, and for this program when it is started anew. */
static void write_interface(const struct network *n)
{
	_cleanup_error_ struct error err = {0};
	_cleanup_strbuf_ struct strbuf old = {0};
	char path[512];
	const char *name;

	if (!n->boot || n->boot->provisional)
		return;
	name = network_name(n, n->boot);
	snprintf(path, sizeof(path), "%s/interface", n->run);
	if (file_read_at(AT_FDCWD, path, 64, &old, &err) == 0 && old.data && !strcmp(old.data, name))
		return;
	error_clear(&err);
	if (file_write_atomic_at(AT_FDCWD, path, name, strlen(name), 0644, &err) < 0)
		network_say(NULL, "%s", error_text(&err));
}

static void choose_as_before(struct network *n)
{
	_cleanup_error_ struct error ignored = {0};
	_cleanup_strbuf_ struct strbuf name = {0};
	char path[512];

	snprintf(path, sizeof(path), "%s/interface", n->run);
	if (network_wanted(n).word[0] || n->count || file_read_at(AT_FDCWD, path, 15, &name, &ignored) < 0 ||
	    !name.data)
		return;
	snprintf(n->options.interface, sizeof(n->options.interface), "%s", name.data);
}

static int pass(struct network *n, struct running *r, struct error *err)
{
	if (kernel_read(&n->kernel, &n->netlink, err) < 0)
		return -1;
	network_resolve(n);
	network_apply_links(n);
	if (kernel_read(&n->kernel, &n->netlink, err) < 0)
		return -1;
	r->again = network_read_leases(n);
	for (size_t i = 0; i < n->count; i++)
		watch_carrier(n, &n->links[i]);
	network_apply_addresses(n);
	if (kernel_read(&n->kernel, &n->netlink, err) < 0)
		return -1;
	network_apply_routes(n);
	if (kernel_read(&n->kernel, &n->netlink, err) < 0)
		return -1;
	network_write_resolver(n);
	if (network_write_status(n, err) < 0)
		return -1;
	write_interface(n);
	if (end_asking(n))
		r->again = 0;
	return 0;
}

/* An option of a router's that the kernel hands on. It is kept in a file, since the next may come in minutes only. */
static void take_option(struct network *n, const struct nlmsghdr *h)
{
	const struct nduseroptmsg *body = NLMSG_DATA(h);
	size_t head = NLMSG_LENGTH(sizeof(*body)), length;
	_cleanup_error_ struct error err = {0};
	_cleanup_strbuf_ struct strbuf text = {0};
	char path[512];

	if (h->nlmsg_len < head || body->nduseropt_family != AF_INET6)
		return;
	length = body->nduseropt_opts_len;
	if (length > h->nlmsg_len - head)
		return;
	for (size_t i = 0; i < n->count; i++) {
		struct link *l = &n->links[i];

		if (l->index != body->nduseropt_ifindex || l->plan.ra == PLAN_RA_NO || l->provisional)
			continue;
		ra_take_option((const unsigned char *)h + head, length, (uint64_t)clock_ms() / 1000,
			       &l->leases[LEASE_RA]);
		lease_write(&l->leases[LEASE_RA], &text);
		snprintf(path, sizeof(path), "%s/net/%s.ra", n->run, network_name(n, l));
		if (text.len && file_write_atomic_at(AT_FDCWD, path, text.data, text.len, 0644, &err) < 0)
			network_say(NULL, "%s", error_text(&err));
	}
}

/* Empty the socket of events. Lost ones (ENOBUFS) do not matter: the pass asks for everything. */
static void take_events(struct network *n, int fd)
{
	static _Alignas(struct nlmsghdr) char bytes[EVENT_SIZE];

	for (;;) {
		struct sockaddr_nl from = {0};
		socklen_t size = sizeof(from);
		ssize_t got = recvfrom(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &size);
		size_t left = got > 0 ? (size_t)got : 0;

		if (got < 0 && (errno == EINTR || errno == ENOBUFS))
			continue;
		if (got <= 0)
			return;
		for (const struct nlmsghdr *h = (const void *)bytes; from.nl_pid == 0 && NLMSG_OK(h, left);
		     h = NLMSG_NEXT(h, left))
			if (h->nlmsg_type == RTM_NEWNDUSEROPT)
				take_option(n, h);
	}
}

static bool ends_in(const char *name, const char *suffix)
{
	size_t n = strlen(name), s = strlen(suffix);

	return n > s && !strcmp(name + n - s, suffix);
}

/* True when a lease came or went; the other files in the folder are this program's own. */
static bool take_leases(int fd)
{
	_Alignas(struct inotify_event) char bytes[4096];
	bool any = false;
	ssize_t got;

	while ((got = read(fd, bytes, sizeof(bytes))) > 0)
		for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= got;) {
			const struct inotify_event *e = (const void *)(bytes + at);

			any = any || (e->len && (ends_in(e->name, ".dhcp4") || ends_in(e->name, ".dhcp6"))) ||
			      (e->mask & IN_Q_OVERFLOW);
			at += (ssize_t)(sizeof(*e) + e->len);
		}
	return any;
}

static int wait_ms(const struct running *r)
{
	int64_t wait = r->again == INT64_MAX ? LONGEST_WAIT_MS : r->again - clock_ms();

	return wait < 0 ? 0 : wait > LONGEST_WAIT_MS ? LONGEST_WAIT_MS : (int)wait;
}

/* Returns when a pass is worth its while. False: told to end. */
static bool wait_for_news(struct network *n, const struct running *r)
{
	struct pollfd p[] = {
		{.fd = r->events, .events = POLLIN}, {.fd = r->leases, .events = POLLIN},
		{.fd = r->signals, .events = POLLIN},
	};

	for (;;) {
		bool news = false;
		int got = poll(p, 3, wait_ms(r));

		if (got < 0 && errno != EINTR)
			usleep(GATHER_MS * 1000);
		if (got == 0)
			return true;
		if (got < 0)
			continue;
		if (p[2].revents)
			return false;
		if (p[0].revents) {
			usleep(GATHER_MS * 1000);
			take_events(n, r->events);
			news = true;
		}
		if (p[1].revents)
			news = take_leases(r->leases) || news;
		if (news)
			return true;
	}
}

static int open_all(const struct network *n, struct running *r, struct error *err)
{
	static const unsigned groups[] = {
		RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_ND_USEROPT, 0,
	};
	char path[512];
	sigset_t ends;

	snprintf(path, sizeof(path), "%s/net", n->run);
	if (dir_make_at(AT_FDCWD, path, 0755, err) < 0)
		return -1;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	r->signals = signalfd(-1, &ends, SFD_CLOEXEC);
	r->leases = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (r->signals < 0 || r->leases < 0 || inotify_add_watch(r->leases, path, IN_MOVED_TO | IN_DELETE) < 0)
		return error_errno(err, "watching %s", path);
	r->events = netlink_subscribe(groups, err);
	return r->events < 0 ? -1 : 0;
}

int network_run(struct network *n, bool once, struct error *err)
{
	struct running r = {0};

	if (netlink_open(&n->netlink, err) < 0 || open_all(n, &r, err) < 0)
		return -1;
	choose_as_before(n);
	do
		if (pass(n, &r, err) < 0)
			return -1;
	while (!once && wait_for_news(n, &r));
	return 0;
}
