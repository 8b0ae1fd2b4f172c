#include "node/network/lease.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/flat.h"
#include "init/names.h"
#include "init/plan-words.h"

enum { LEAST_MTU = 576 /* RFC 791: what every host takes */, MOST_MTU = 65535 };

const char *const lease_suffix[] = {[LEASE_DHCP4] = "dhcp4", [LEASE_DHCP6] = "dhcp6", [LEASE_RA] = "ra"};

void lease_add_dns(struct lease *l, const struct address *a)
{
	for (size_t i = 0; i < l->dns_count; i++)
		if (address_equal(&l->dns[i], a))
			return;
	if (l->dns_count < LEASE_DNS && address_is_host(a))
		l->dns[l->dns_count++] = *a;
}

static void add_ntp(struct lease *l, const struct address *a)
{
	if (l->ntp_count < LEASE_NTP && address_is_host(a))
		l->ntp[l->ntp_count++] = *a;
}

void lease_add_search(struct lease *l, const char *domain)
{
	char clean[254];
	size_t n = strlen(domain);

	/* Search lists come with the root's dot, or without. */
	if (n > 0 && domain[n - 1] == '.')
		n--;
	if (n == 0 || n >= sizeof(clean))
		return;
	memcpy(clean, domain, n);
	clean[n] = '\0';
	if (!names_is_domain(clean) || l->search_count == LEASE_SEARCH)
		return;
	for (size_t i = 0; i < l->search_count; i++)
		if (!strcmp(l->search[i], clean))
			return;
	strcpy(l->search[l->search_count++], clean);
}

static void add_route(struct lease *l, const struct address *to, unsigned prefix, const struct address *via)
{
	if (l->route_count < LEASE_ROUTES)
		l->routes[l->route_count++] = (struct lease_route){*to, *via, prefix};
}

static bool read_mtu(const char *word, unsigned *out)
{
	uint64_t n;

	if (!plan_word_number(word, MOST_MTU, &n) || n < LEAST_MTU)
		return false;
	*out = (unsigned)n;
	return true;
}

/* "0.0.0.0/0" and an address or "link". */
static int read_route(const struct flat_line *line, struct lease *l, struct error *err)
{
	struct address to, via = {0};
	unsigned prefix;

	if (line->count != 3 || !address_parse_cidr(line->words[1], &to, &prefix) ||
	    (strcmp(line->words[2], "link") != 0 && (!address_parse(line->words[2], &via) || via.family != to.family)))
		return error_set(err, "route: wanted are CIDR and ADDRESS or link");
	add_route(l, &to, prefix, &via);
	return 0;
}

static int read_line(const struct flat_line *line, struct lease *l, struct error *err)
{
	const char *key = line->words[0], *value = line->words[1];
	struct address a = {0};
	uint64_t n = 0;

	if (!strcmp(key, "released") && !value) {
		l->released = true;
		return 0;
	}
	if (!strcmp(key, "route"))
		return read_route(line, l, err);
	if (line->count != 2)
		return error_set(err, "%s: %zu words where 1 is wanted", key, line->count - 1);
	if (!strcmp(key, "search") || !strcmp(key, "hostname")) {
		if (!strcmp(key, "search") ? !names_is_domain(value) : !names_is_hostname(value))
			return error_set(err, "%s: \"%s\" is no name", key, value);
		if (!strcmp(key, "search"))
			lease_add_search(l, value);
		else
			strcpy(l->hostname, value);
		return 0;
	}
	if (!strcmp(key, "mtu"))
		return read_mtu(value, &l->mtu) ? 0 : error_set(err, "mtu: \"%s\" is none", value);
	if (!strcmp(key, "prefix") || !strcmp(key, "until")) {
		if (!plan_word_number(value, *key == 'p' ? 128 : UINT64_MAX / 2, &n))
			return error_set(err, "%s: \"%s\" is no such number", key, value);
		if (*key == 'p')
			l->prefix = (unsigned)n;
		else
			l->until = n;
		return 0;
	}
	if (!address_parse(value, &a))
		return error_set(err, "%s: \"%s\" is no address", key, value);
	if (!strcmp(key, "address"))
		l->address = a;
	else if (!strcmp(key, "server"))
		l->server = a;
	else if (!strcmp(key, "dns"))
		lease_add_dns(l, &a);
	else if (!strcmp(key, "ntp"))
		add_ntp(l, &a);
	else
		return error_set(err, "unknown record \"%s\"", key);
	return 0;
}

int lease_parse(const char *name, const char *text, size_t n, struct lease *out, struct error *err)
{
	_cleanup_arena_ struct arena a = {0};
	struct lease l = {.there = true};
	struct flat flat;

	if (n > LEASE_TEXT_LIMIT)
		return error_set(err, "%s: larger than %d bytes", name, LEASE_TEXT_LIMIT);
	if (flat_parse(&a, name, text, n, &flat, err) < 0)
		return -1;
	for (size_t i = 0; i < flat.count; i++)
		if (read_line(&flat.lines[i], &l, err) < 0)
			return error_wrap(err, "%s:%u", name, flat.lines[i].number);
	if (l.address.family && (l.prefix == 0 || l.prefix > address_bits(&l.address)))
		return error_set(err, "%s: an address without the length of its prefix", name);
	*out = l;
	return 0;
}

static void write_address(struct strbuf *out, const char *key, const struct address *a)
{
	char text[ADDRESS_TEXT];

	if (a->family)
		flat_add(out, key, address_text(a, text), NULL);
}

static void write_number(struct strbuf *out, const char *key, uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, n);
	flat_add(out, key, text, NULL);
}

void lease_write(const struct lease *l, struct strbuf *out)
{
	char to[ADDRESS_TEXT], via[ADDRESS_TEXT], cidr[ADDRESS_TEXT + 8];

	write_address(out, "address", &l->address);
	if (l->address.family)
		write_number(out, "prefix", l->prefix);
	for (size_t i = 0; i < l->route_count; i++) {
		const struct lease_route *r = &l->routes[i];

		snprintf(cidr, sizeof(cidr), "%s/%u", address_text(&r->to, to), r->prefix);
		flat_add(out, "route", cidr, r->via.family ? address_text(&r->via, via) : "link", NULL);
	}
	for (size_t i = 0; i < l->dns_count; i++)
		write_address(out, "dns", &l->dns[i]);
	for (size_t i = 0; i < l->search_count; i++)
		flat_add(out, "search", l->search[i], NULL);
	for (size_t i = 0; i < l->ntp_count; i++)
		write_address(out, "ntp", &l->ntp[i]);
	if (l->hostname[0])
		flat_add(out, "hostname", l->hostname, NULL);
	write_address(out, "server", &l->server);
	if (l->mtu)
		write_number(out, "mtu", l->mtu);
	if (l->until)
		write_number(out, "until", l->until);
	if (l->released)
		flat_add(out, "released", NULL);
}

struct variables {
	const char *(*get)(void *data, const char *name);
	void *data;
};

static const char *get(const struct variables *v, const char *name)
{
	const char *value = v->get(v->data, name);

	return value ? value : "";
}

/* The words of a variable, one after the other; *rest starts at its value. False when there are no more. A word that is
 * too long for any name or address is left out. */
static bool next_word(const char **rest, char out[static 256])
{
	for (;;) {
		size_t n;

		*rest += strspn(*rest, " \t\n");
		n = strcspn(*rest, " \t\n");
		if (n == 0)
			return false;
		if (n < 256) {
			memcpy(out, *rest, n);
			out[n] = '\0';
			*rest += n;
			return true;
		}
		*rest += n;
	}
}

static void take_lists(const struct variables *v, struct lease *l)
{
	const char *search = get(v, "search"), *dns = get(v, "dns"), *ntp = get(v, "ntpsrv");
	struct address a;
	char word[256];

	while (next_word(&dns, word))
		if (address_parse(word, &a))
			lease_add_dns(l, &a);
	while (next_word(&ntp, word))
		if (address_parse(word, &a))
			add_ntp(l, &a);
	/* A list counts before the one domain (RFC 3397). */
	while (next_word(&search, word))
		lease_add_search(l, word);
	search = get(v, "domain");
	if (l->search_count == 0 && next_word(&search, word))
		lease_add_search(l, word);
}

/* Option 121 counts instead of the router (RFC 3442), as does Microsoft's number for it. */
static void take_routes(const struct variables *v, struct lease *l)
{
	static const struct address any = {.family = AF_INET};
	const char *routes = get(v, "staticroutes"), *router = get(v, "router");
	char word[256], next[256];
	struct address to, via;
	unsigned prefix;

	if (!*routes)
		routes = get(v, "msstaticroutes");
	while (next_word(&routes, word) && next_word(&routes, next)) {
		if (!address_parse_cidr(word, &to, &prefix) || !address_parse(next, &via) || to.family != AF_INET ||
		    via.family != AF_INET)
			continue;
		/* 0.0.0.0 as the router: on the link. */
		add_route(l, &to, prefix, address_is_host(&via) ? &via : &(struct address){0});
	}
	if (l->route_count == 0 && next_word(&router, word) && address_parse(word, &via) && via.family == AF_INET &&
	    address_is_host(&via))
		add_route(l, &any, 0, &via);
}

/* Without a netmask that of the address' class, as hosts have always done. */
static unsigned read_mask(const char *word, const struct address *a)
{
	uint64_t n;

	if (plan_word_number(word, 32, &n) && n > 0)
		return (unsigned)n;
	return a->bytes[0] < 128 ? 8 : a->bytes[0] < 192 ? 16 : 24;
}

int lease_from_variables(enum lease_kind kind, const char *(*get_value)(void *data, const char *name), void *data,
			 uint64_t now, struct lease *out, struct error *err)
{
	const struct variables v = {get_value, data};
	struct lease l = {.there = true, .until = LEASE_FOREVER};
	bool four = kind == LEASE_DHCP4;
	const char *address = get(&v, four ? "ip" : "ipv6");
	uint64_t n;

	if (!address_parse(address, &l.address) || (l.address.family == AF_INET) != four ||
	    !address_is_host(&l.address))
		return error_set(err, "the server offered \"%.60s\", which is no host's %s address", address,
				 four ? "IPv4" : "IPv6");
	l.prefix = four ? read_mask(get(&v, "mask"), &l.address) : 128;
	take_lists(&v, &l);
	if (four)
		take_routes(&v, &l);
	if (names_is_hostname(get(&v, "hostname")))
		snprintf(l.hostname, sizeof(l.hostname), "%s", get(&v, "hostname"));
	if (address_parse(get(&v, "serverid"), &l.server) && l.server.family != AF_INET)
		l.server = (struct address){0};
	read_mtu(get(&v, "mtu"), &l.mtu);
	if (plan_word_number(get(&v, "lease"), UINT32_MAX - 1, &n) && n > 0)
		l.until = now + n;
	*out = l;
	return 0;
}
