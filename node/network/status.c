#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <dirent.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/flat.h"
#include "node/network/network.h"

#define PCI "/sys/bus/pci/devices"

static void read_attribute(const char *device, const char *attribute, char *out, size_t size)
{
	_cleanup_close_ int fd = -1;
	char path[128];
	ssize_t n;

	snprintf(path, sizeof(path), PCI "/%.32s/%s", device, attribute);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, out, size - 1);
	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

/* A network card on the PCI bus that no driver has taken: its vendor and device, "10ec:8139". */
static bool find_driverless(char out[static 16])
{
	_cleanup_closedir_ DIR *dir = opendir(PCI);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		char class[16], vendor[16], device[16], path[128];

		read_attribute(e->d_name, "class", class, sizeof(class));
		snprintf(path, sizeof(path), PCI "/%.32s/driver", e->d_name);
		/* Class 02, subclass 00: Ethernet controller. */
		if (strncmp(class, "0x0200", 6) != 0 || access(path, F_OK) == 0)
			continue;
		read_attribute(e->d_name, "vendor", vendor, sizeof(vendor));
		read_attribute(e->d_name, "device", device, sizeof(device));
		if (strncmp(vendor, "0x", 2) != 0 || strncmp(device, "0x", 2) != 0)
			continue;
		snprintf(out, 16, "%.4s:%.4s", vendor + 2, device + 2);
		return true;
	}
	return false;
}

/* The machine has not the card that is wanted. */
static int explain_missing(const struct network *n, const char *word, const char *from, struct error *err)
{
	char cards[256] = "", card[16];

	for (size_t i = 0; i < n->kernel.link_count; i++) {
		const struct kernel_link *k = &n->kernel.links[i];
		size_t used = strlen(cards);

		if (kernel_is_card(k, n->all))
			snprintf(cards + used, sizeof(cards) - used, "%s%s %s", used ? ", " : "", k->name,
				 k->permanent[0] ? k->permanent : k->mac);
	}
	if (!*cards && find_driverless(card))
		return error_set(err, "the network card (PCI %s) has no driver in the image that works: add its kernel "
				 "module to the profile's drivers", card);
	if (!*cards)
		return error_set(err, "the machine shows no Ethernet interface: "
				 "is its driver in the image (the profile's drivers)?");
	if (!word)
		return error_set(err, "no interface is the node's: the plan has optional links only; there are: %s",
				 cards);
	return error_set(err, "no interface is %s, which %s names; there are: %s", word, from, cards);
}

static bool has_address(const struct network *n, const struct link *l, int family)
{
	for (size_t i = 0; i < n->kernel.address_count; i++) {
		const struct kernel_address *a = &n->kernel.addresses[i];

		if (a->index == l->index && a->usable && !address_is_link_local(&a->address) &&
		    a->address.family == family)
			return true;
	}
	return false;
}

/* All of its fixed addresses are set, and no other machine has them (duplicate address detection). */
static bool has_fixed(const struct network *n, const struct link *l)
{
	for (size_t i = 0; i < l->plan.addresses.count; i++) {
		struct address want;
		unsigned prefix;
		bool there = false;

		if (!address_parse_cidr(l->plan.addresses.items[i], &want, &prefix))
			continue;
		for (size_t k = 0; k < n->kernel.address_count; k++) {
			const struct kernel_address *a = &n->kernel.addresses[k];

			there = there || (a->index == l->index && address_equal(&a->address, &want) &&
					  (a->usable || address_is_link_local(&want)));
		}
		if (!there)
			return false;
	}
	return true;
}

static int link_is_up(const struct network *n, const struct link *l, struct error *err)
{
	const struct kernel_link *k = network_kernel_link(n, l);
	const char *mac = k ? k->permanent[0] ? k->permanent : k->mac : "";

	if (!k && (l->plan.vlan_parent || l->plan.bond_mode))
		return error_set(err, "%s", l->problem[0] ? l->problem : "a link could not be made");
	if (!k)
		return explain_missing(n, l->plan.mac ? l->plan.mac : l->plan.name,
				       l->from_cmdline ? "ip=" : "the configuration", err);
	if (!network_has_addressing(l))
		return 0;
	if (!k->carrier)
		return error_set(err, "%s has no link: check cable and switch port", k->name);
	if (l->plan.dhcp4 && !l->leases[LEASE_DHCP4].there)
		return error_set(err, "no answer from a DHCP server on %s (%s): does one serve this network?",
				 k->name, mac);
	if (l->plan.dhcp6 && !l->leases[LEASE_DHCP6].there)
		return error_set(err, "no answer from a DHCPv6 server on %s (%s): does one serve this network?",
				 k->name, mac);
	if (!has_fixed(n, l))
		return error_set(err, "%s", l->problem[0] ? l->problem : "an address is not usable yet");
	if (l->plan.ra == PLAN_RA_YES && !l->plan.dhcp6 && !has_address(n, l, AF_INET6))
		return error_set(err, "no router on %s (%s) announces an IPv6 network", k->name, mac);
	return 0;
}

/* One of the cards that were asked has an address: it is the node's. */
static int look_at_provisional(struct network *n, struct error *err)
{
	char without[256] = "", mac[18] = "";
	const char *asked = NULL;

	for (size_t i = 0; i < n->count; i++) {
		struct link *l = &n->links[i];
		const struct kernel_link *k = network_kernel_link(n, l);
		_cleanup_error_ struct error ignored = {0};
		size_t used = strlen(without);

		if (!l->provisional || !k)
			continue;
		if (link_is_up(n, l, &ignored) == 0) {
			n->boot = l;
			snprintf(n->boot_mac, sizeof(n->boot_mac), "%s", k->permanent[0] ? k->permanent : k->mac);
			return 0;
		}
		if (k->carrier) {
			asked = k->name;
			snprintf(mac, sizeof(mac), "%s", k->permanent[0] ? k->permanent : k->mac);
		}
		snprintf(without + used, sizeof(without) - used, "%s%s %s", used ? ", " : "", k->name, k->mac);
	}
	if (asked)
		return error_set(err, "no answer from a DHCP server on %s (%s): does one serve this network?", asked,
				 mac);
	if (*without)
		return error_set(err, "%s has no link: check cable and switch port", without);
	return explain_missing(n, NULL, NULL, err);
}

int network_is_up(struct network *n, struct error *err)
{
	const struct wanted w = network_wanted(n);
	struct address ignored;
	char interface[16];

	if (n->off && !n->boot) {
		/* No address is asked for, but records are records. */
	} else if (!n->boot && n->count > 0 && n->links[0].provisional) {
		if (look_at_provisional(n, err) < 0)
			return -1;
	} else if (!n->boot) {
		return explain_missing(n, w.word[0] ? w.word : NULL, w.from, err);
	}
	for (size_t i = 0; i < n->count; i++)
		if (!n->links[i].provisional && !n->links[i].plan.optional && link_is_up(n, &n->links[i], err) < 0)
			return -1;
	return n->off && !n->boot ? 0 : network_choose(n, &ignored, interface, err);
}

static void write_clients(const struct network *n, struct strbuf *out)
{
	for (size_t i = 0; i < n->count; i++) {
		const struct link *l = &n->links[i];
		const struct kernel_link *k = network_kernel_link(n, l);

		if (!k || !l->asks)
			continue;
		if (l->plan.dhcp4)
			flat_add(out, "client", "dhcp4", k->name, k->mac, NULL);
		if (l->plan.dhcp6)
			flat_add(out, "client", "dhcp6", k->name, k->mac, NULL);
	}
}

static void write_links(const struct network *n, struct strbuf *out)
{
	char text[ADDRESS_TEXT], cidr[ADDRESS_TEXT + 8];

	for (size_t i = 0; i < n->count; i++) {
		const struct link *l = &n->links[i];
		const struct kernel_link *k = network_kernel_link(n, l);

		flat_add(out, "link", l->plan.name, !k ? "missing" : k->carrier ? "up" : "no-link", k ? k->name : "",
			 k ? k->mac : "", NULL);
		for (size_t a = 0; k && a < n->kernel.address_count; a++) {
			const struct kernel_address *x = &n->kernel.addresses[a];

			if (x->index != k->index || address_is_link_local(&x->address))
				continue;
			snprintf(cidr, sizeof(cidr), "%s/%u", address_text(&x->address, text), x->prefix);
			flat_add(out, "address", l->plan.name, cidr, NULL);
		}
	}
}

/* What leases say beyond their link: the host's name, its domain, time servers; the node's own link first. */
static void write_leases(const struct network *n, struct strbuf *out)
{
	const struct link *first = n->boot ? n->boot : n->links;
	char text[ADDRESS_TEXT];

	for (size_t k = 0; n->count && k < 3; k++) {
		const struct lease *l = &first->leases[k];

		if (l->there && l->hostname[0])
			flat_add(out, "hostname", l->hostname, NULL);
		if (l->there && l->search_count)
			flat_add(out, "domain", l->search[0], NULL);
		if (l->there && (l->hostname[0] || l->search_count))
			break;
	}
	for (size_t i = 0; i < n->count; i++)
		for (size_t k = 0; k < 3; k++)
			for (size_t s = 0; n->links[i].leases[k].there && s < n->links[i].leases[k].ntp_count; s++)
				flat_add(out, "ntp", address_text(&n->links[i].leases[k].ntp[s], text), NULL);
	for (size_t i = 0; i < n->options.ip_count; i++)
		if (n->options.ips[i].ntp[0])
			flat_add(out, "ntp", n->options.ips[i].ntp, NULL);
}

/* "eth0 10.0.2.15/24 via 10.0.2.2": the node's link, its address and router. */
static void write_summary(const struct network *n, const struct address *ip, const char *interface, struct strbuf *out)
{
	const struct kernel_link *k = kernel_find(&n->kernel, interface);
	char text[ADDRESS_TEXT], via[ADDRESS_TEXT], line[160];
	unsigned prefix = 0;
	const char *router = "";

	for (size_t i = 0; k && i < n->kernel.address_count; i++)
		if (n->kernel.addresses[i].index == k->index && address_equal(&n->kernel.addresses[i].address, ip))
			prefix = n->kernel.addresses[i].prefix;
	for (size_t i = 0; k && i < n->kernel.route_count; i++)
		if (n->kernel.routes[i].index == k->index && n->kernel.routes[i].prefix == 0 &&
		    n->kernel.routes[i].via.family == ip->family)
			router = address_text(&n->kernel.routes[i].via, via);
	snprintf(line, sizeof(line), "%s %s/%u%s%s", interface, address_text(ip, text), prefix, *router ? " via " : "",
		 router);
	flat_add(out, "summary", line, NULL);
}

static void write_node(const struct network *n, const struct address *ip, const char *interface, struct strbuf *out)
{
	char text[ADDRESS_TEXT];

	if (ip->family) {
		flat_add(out, "node-ip", address_text(ip, text), NULL);
		write_summary(n, ip, interface, out);
	}
	if (n->boot)
		flat_add(out, "interface", network_name(n, n->boot), NULL);
	if (n->boot_mac[0])
		flat_add(out, "mac", n->boot_mac, NULL);
}

int network_write_status(struct network *n, struct error *err)
{
	_cleanup_error_ struct error reason = {0}, none = {0};
	_cleanup_strbuf_ struct strbuf text = {0}, old = {0};
	struct address ip = {0};
	char interface[16] = "", path[512];
	bool up = network_is_up(n, &reason) == 0;

	flat_add(&text, "mkdl-network", "1", NULL);
	flat_add(&text, "turn", n->turn, NULL);
	if (up)
		flat_add(&text, "up", NULL);
	else
		flat_add(&text, "waiting", error_text(&reason), NULL);
	if (!n->off || n->boot)
		network_choose(n, &ip, interface, &none);
	write_node(n, &ip, interface, &text);
	write_leases(n, &text);
	write_clients(n, &text);
	write_links(n, &text);
	flat_add(&text, "end", NULL);
	n->was_up = n->was_up || up;
	snprintf(path, sizeof(path), "%s/net/status", n->run);
	error_clear(&none);
	if (file_read_at(AT_FDCWD, path, 1 << 16, &old, &none) == 0 && old.len == text.len &&
	    !memcmp(old.data, text.data, text.len))
		return 0;
	return file_write_atomic_at(AT_FDCWD, path, text.data, text.len, 0644, err);
}
