#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "init/names.h"
#include "node/network/network.h"

/* What resolv.conf(5) takes; libc reads no further. */
struct resolver {
	char servers[LEASE_DNS][ADDRESS_TEXT + 17]; /* with %INTERFACE */
	char domains[LEASE_SEARCH][254];
	size_t server_count, domain_count;
};

static void add_server(struct resolver *r, const struct address *a, const char *interface)
{
	char text[sizeof(r->servers[0])], plain[ADDRESS_TEXT];

	address_text(a, plain);
	snprintf(text, sizeof(text), "%s%s%s", plain, address_is_link_local(a) ? "%" : "",
		 address_is_link_local(a) ? interface : "");
	for (size_t i = 0; i < r->server_count; i++)
		if (!strcmp(r->servers[i], text))
			return;
	if (r->server_count < LEASE_DNS)
		strcpy(r->servers[r->server_count++], text);
}

static void add_server_word(struct resolver *r, const char *word, const char *interface)
{
	struct address a;

	if (address_parse(word, &a))
		add_server(r, &a, interface);
}

static void add_domain(struct resolver *r, const char *domain)
{
	for (size_t i = 0; i < r->domain_count; i++)
		if (!strcmp(r->domains[i], domain))
			return;
	if (r->domain_count < LEASE_SEARCH && strlen(domain) < sizeof(r->domains[0]) && names_is_domain(domain))
		strcpy(r->domains[r->domain_count++], domain);
}

static void add_static(const struct network *n, struct resolver *r)
{
	for (size_t i = 0; i < n->options.dns_count; i++)
		add_server_word(r, n->options.dns[i], "lo");
	for (size_t i = 0; i < n->plan.nameservers.count; i++)
		add_server_word(r, n->plan.nameservers.items[i], "lo");
	for (size_t i = 0; i < n->plan.search.count; i++)
		add_domain(r, n->plan.search.items[i]);
	for (size_t i = 0; i < n->count; i++) {
		const struct link *l = &n->links[i];

		for (size_t s = 0; s < l->plan.nameservers.count; s++)
			add_server_word(r, l->plan.nameservers.items[s], network_name(n, l));
		for (size_t s = 0; s < l->plan.search.count; s++)
			add_domain(r, l->plan.search.items[s]);
	}
}

static void add_leases(const struct network *n, const struct link *l, struct resolver *r)
{
	for (size_t k = 0; k < 3; k++) {
		const struct lease *lease = &l->leases[k];

		for (size_t i = 0; lease->there && i < lease->dns_count; i++)
			add_server(r, &lease->dns[i], network_name(n, l));
		for (size_t i = 0; lease->there && i < lease->search_count; i++)
			add_domain(r, lease->search[i]);
	}
}

void network_write_resolver(struct network *n)
{
	_cleanup_error_ struct error err = {0};
	_cleanup_strbuf_ struct strbuf text = {0};
	struct resolver r = {0};
	char path[512];

	add_static(n, &r);
	if (n->boot)
		add_leases(n, n->boot, &r);
	for (size_t i = 0; i < n->count; i++)
		if (&n->links[i] != n->boot)
			add_leases(n, &n->links[i], &r);
	/* Nobody names a server: the image's own file stays, and so do the last ones that were known. */
	snprintf(path, sizeof(path), "%s/resolv.conf", n->etc);
	if (r.server_count == 0 && r.domain_count == 0 && access(path, F_OK) == 0)
		return;
	/* There is one in any case: the kubelet wants to read it. */
	strbuf_puts(&text, "");
	for (size_t i = 0; i < r.domain_count; i++)
		strbuf_printf(&text, "%s%s", i ? " " : "search ", r.domains[i]);
	if (r.domain_count)
		strbuf_puts(&text, "\n");
	for (size_t i = 0; i < r.server_count; i++)
		strbuf_printf(&text, "nameserver %s\n", r.servers[i]);
	if (*n->resolver && !strncmp(n->resolver, text.data, sizeof(n->resolver)))
		return;
	if (file_write_atomic_at(AT_FDCWD, path, text.data, text.len, 0644, &err) < 0)
		network_say(NULL, "%s", error_text(&err));
	else
		snprintf(n->resolver, sizeof(n->resolver), "%s", text.data);
}
