#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "init/console.h"
#include "init/identity.h"
#include "init/interface.h"
#include "init/phases.h"

#define LEASES "/run/mkdl/net"
#define SCRIPT "/usr/libexec/mkdl/udhcpc"

enum { ATTEMPT_MS = 15000, LOOK_MS = 50, LEASE_LIMIT = 4096 };

/* Which interface is the node's: by MAC or name, or any when word is empty. */
struct wanted {
	const char *word;
	const char *from; /* who said so, for messages */
};

/* The deliberate choices before the one of the boot loader; a NAT route never decides. */
static struct wanted find_wanted(const struct node *node)
{
	const struct options *o = &node->options;

	if (o->interface[0])
		return (struct wanted){o->interface, "mkdl.interface="};
	if (o->ip.interface[0])
		return (struct wanted){o->ip.interface, "ip="};
	if (strcmp(node->plan.interface, "boot") != 0)
		return (struct wanted){node->plan.interface, "the profile"};
	return (struct wanted){o->bootif, "BOOTIF="};
}

static bool is_wanted(const struct wanted *w, const struct interface *i)
{
	return !w->word[0] || !strcmp(w->word, i->name) || !strcmp(w->word, i->mac);
}

static struct service *find_client(struct node *node, const char *interface)
{
	char name[32];

	snprintf(name, sizeof(name), "dhcp-%.15s", interface);
	return supervise_find(&node->supervisor, name);
}

/* The DHCP client runs as a service: started again when it dies, and there for renewals as long as the node runs. */
static int start_client(struct node *node, const struct interface *i, struct error *err)
{
	static const struct names_variable none[] = {{NULL, NULL}};
	static const char *const words[] = {"/bin/busybox", "udhcpc", "-f", "-s", SCRIPT, "-t", "5", "-T", "2", "-A", "1",
					    "-V", "mkdl", "-O", "search", "-i"};
	struct plan_service *plan = arena_new(&node->arena, struct plan_service);

	if (identity_find(node, i->mac, true, err) < 0)
		return -1;
	*plan = plan_service_new(arena_printf(&node->arena, "dhcp-%s", i->name));
	for (size_t w = 0; w < sizeof(words) / sizeof(*words); w++)
		strings_add(&node->arena, &plan->run, words[w]);
	strings_add(&node->arena, &plan->run, arena_strdup(&node->arena, i->name));
	if (node->facts.hostname[0]) {
		strings_add(&node->arena, &plan->run, "-x");
		strings_add(&node->arena, &plan->run, arena_printf(&node->arena, "hostname:%s", node->facts.hostname));
	}
	plan->stop_timeout = 2;
	return supervise_add(&node->arena, &node->supervisor, plan, none, true, NULL, err) ? 0 : -1;
}

static bool read_lease(const char *interface, struct lease *lease)
{
	_cleanup_error_ struct error err = {0};
	_cleanup_strbuf_ struct strbuf text = {0};
	char path[64];

	snprintf(path, sizeof(path), LEASES "/%.15s", interface);
	if (access(path, F_OK) < 0)
		return false;
	if (file_read_at(AT_FDCWD, path, LEASE_LIMIT, &text, &err) == 0 &&
	    lease_parse(path, text.data, text.len, lease, &err) == 0)
		return true;
	console_say("network: %s", error_text(&err));
	unlink(path);
	return false;
}

/* The address given by hand, as a lease that never ends. */
static int configure(const struct static_address *ip, const char *interface, struct lease *lease, struct error *err)
{
	struct lease l = {0};

	if (interface_configure(interface, ip, &l.prefix, err) < 0)
		return -1;
	strcpy(l.address, ip->address);
	strcpy(l.router, ip->gateway);
	memcpy(l.dns, ip->dns, sizeof(ip->dns));
	*lease = l;
	return 0;
}

/* The interface is chosen: the others are switched off and their clients stopped. */
static int settle(struct node *node, const struct interface *chosen, const struct lease *lease, struct error *err)
{
	struct facts *f = &node->facts;
	struct interface all[INTERFACES];
	size_t n = interface_list(all);

	for (size_t i = 0; i < n; i++) {
		struct service *client = find_client(node, all[i].name);

		if (!client || !strcmp(all[i].name, chosen->name))
			continue;
		service_stop(client, clock_ms(), false);
		interface_drop(all[i].name);
	}
	node->lease = *lease;
	strcpy(f->interface, chosen->name);
	strcpy(f->mac, chosen->mac);
	strcpy(f->node_ip, lease->address);
	/* The client's script keeps /etc/resolv.conf for this interface. */
	return file_write_atomic_at(AT_FDCWD, "/run/mkdl/interface", f->interface, strlen(f->interface), 0644, err);
}

/* Why no interface came up in time, from what was last seen. */
static int explain(const struct wanted *w, const struct interface *all, size_t n, struct error *err)
{
	const struct interface *linked = NULL, *only = NULL;
	char list[256] = "", card[16];

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(list);

		snprintf(list + len, sizeof(list) - len, "%s%.15s %.17s", len ? ", " : "", all[i].name, all[i].mac);
		if (!is_wanted(w, &all[i]))
			continue;
		only = &all[i];
		if (all[i].carrier)
			linked = &all[i];
	}
	if (n == 0 && interface_without_driver(card))
		return error_set(err, "the network card (PCI %s) has no driver in the image that works: add its kernel "
				 "module to the profile's drivers", card);
	if (n == 0)
		return error_set(err, "the machine shows no Ethernet interface: "
				 "is its driver in the image (the profile's drivers)?");
	if (!only)
		return error_set(err, "no interface is %s, which %s names; there are: %s", w->word, w->from, list);
	if (!linked)
		return error_set(err, "%s has no link: check cable and switch port", w->word[0] ? only->name : list);
	return error_set(err, "no answer from a DHCP server on %s (%s): does one serve this network?", linked->name,
			 linked->mac);
}

static int try_interface(struct node *node, const struct interface *i, struct lease *lease, bool *up, struct error *err)
{
	*up = false;
	if (interface_up(i->name, err) < 0)
		return -1;
	if (!i->carrier)
		return 0;
	if (node->options.ip.given) {
		*up = true;
		return configure(&node->options.ip, i->name, lease, err);
	}
	*up = read_lease(i->name, lease);
	return *up || find_client(node, i->name) ? 0 : start_client(node, i, err);
}

/* One attempt. Clients that were started stay for the next. */
int phase_network(struct node *node, char *detail, struct error *err)
{
	int64_t limit = (int64_t)node->options.network_timeout * 1000;
	int64_t end = clock_ms() + (limit < ATTEMPT_MS ? limit : ATTEMPT_MS);
	struct wanted wanted = find_wanted(node);
	struct interface all[INTERFACES];
	size_t n = 0;

	if (interface_up("lo", err) < 0 || dir_make_at(AT_FDCWD, LEASES, 0755, err) < 0)
		return -1;
	while (clock_ms() < end && node->supervisor.request == REQUEST_NONE) {
		n = interface_list(all);
		for (size_t i = 0; i < n; i++) {
			struct lease lease;
			bool up;

			if (!is_wanted(&wanted, &all[i]))
				continue;
			if (try_interface(node, &all[i], &lease, &up, err) < 0)
				return -1;
			if (!up)
				continue;
			snprintf(detail, DETAIL_SIZE, "%.15s %s/%u%s%s", all[i].name, lease.address, lease.prefix,
				 lease.router[0] ? " via " : "", lease.router);
			return settle(node, &all[i], &lease, err);
		}
		supervise_step(&node->supervisor, clock_ms() + LOOK_MS);
	}
	return explain(&wanted, all, n, err);
}
