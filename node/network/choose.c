#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "node/network/network.h"

static const char *policy(const struct network *n, const char **from)
{
	*from = n->options.node_ip[0] ? "mkdl.node_ip=" : "node-ip";
	return n->options.node_ip[0] ? n->options.node_ip : n->plan.node_ip ? n->plan.node_ip : "boot-interface";
}

static bool is_usable(const struct kernel_address *a, const struct link *l)
{
	return a->index == l->index && a->usable && !address_is_link_local(&a->address) && address_is_host(&a->address);
}

/* The first address of a link: what was set on purpose (records, DHCP) before what a router made, IPv4 before IPv6. */
static const struct kernel_address *first_of(const struct network *n, const struct link *l)
{
	for (int pass = 0; pass < 4; pass++)
		for (size_t i = 0; i < n->kernel.address_count; i++) {
			const struct kernel_address *a = &n->kernel.addresses[i];

			if (is_usable(a, l) && a->address.family == (pass < 2 ? AF_INET : AF_INET6) &&
			    a->ours == (pass % 2 == 0))
				return a;
		}
	return NULL;
}

static const struct kernel_address *within(const struct network *n, const struct link *l, const struct address *net,
					   unsigned prefix)
{
	for (size_t i = 0; i < n->kernel.address_count; i++) {
		const struct kernel_address *a = &n->kernel.addresses[i];

		if (is_usable(a, l) && address_within(&a->address, net, prefix))
			return a;
	}
	return NULL;
}

static const struct kernel_address *find(const struct network *n, const char *word, const struct link **link)
{
	struct address net;
	unsigned prefix;
	bool one = address_parse(word, &net), cidr = !one && address_parse_cidr(word, &net, &prefix);
	const struct kernel_address *a = NULL;

	if (!strcmp(word, "boot-interface")) {
		*link = n->boot;
		return n->boot ? first_of(n, n->boot) : NULL;
	}
	if (one)
		prefix = address_bits(&net);
	for (size_t i = 0; i < n->count && !a; i++) {
		const struct link *l = &n->links[i];

		if (!l->index || l->provisional)
			continue;
		if (one || cidr)
			a = within(n, l, &net, prefix);
		else if (!strcmp(l->plan.name, word) || !strcmp(network_name(n, l), word))
			a = first_of(n, l);
		*link = l;
	}
	return a;
}

static void list(const struct network *n, char *out, size_t size)
{
	char text[ADDRESS_TEXT];

	out[0] = '\0';
	for (size_t l = 0; l < n->count; l++)
		for (size_t i = 0; i < n->kernel.address_count; i++) {
			const struct kernel_address *a = &n->kernel.addresses[i];
			size_t used = strlen(out);

			if (n->links[l].index && is_usable(a, &n->links[l]))
				snprintf(out + used, size - used, "%s%s %s", used ? ", " : "",
					 network_name(n, &n->links[l]), address_text(&a->address, text));
		}
}

int network_choose(const struct network *n, struct address *out, char interface[static 16], struct error *err)
{
	const char *from, *word = policy(n, &from);
	const struct link *l = NULL;
	const struct kernel_address *a = find(n, word, &l);
	char candidates[512];

	if (!a) {
		list(n, candidates, sizeof(candidates));
		return error_set(err, "no address of the node fits %s %s; it has: %s", from, word,
				 *candidates ? candidates : "none");
	}
	*out = a->address;
	snprintf(interface, 16, "%s", network_name(n, l));
	return 0;
}
