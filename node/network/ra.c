#include "node/network/ra.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

/* RFC 8106, 5.1 and 5.2: type, length in units of 8 bytes, 2 reserved, lifetime of 4 bytes, then the list. */
enum { RDNSS = 25, DNSSL = 31, HEAD = 8, ADDRESS = 16 };

static uint32_t read_u32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void take_servers(const unsigned char *p, size_t n, struct lease *l)
{
	for (; n >= ADDRESS; p += ADDRESS, n -= ADDRESS) {
		struct address a = {.family = AF_INET6};

		memcpy(a.bytes, p, ADDRESS);
		lease_add_dns(l, &a);
	}
}

/* One name of labels (RFC 1035, 3.1; no pointers here) from the n bytes at p; returns its length there, 0 at the
 * end. */
static size_t take_name(const unsigned char *p, size_t n, struct lease *l)
{
	char name[254];
	size_t at = 0, used = 0;

	while (at < n && p[at] != 0) {
		size_t label = p[at];

		if (label > 63 || at + 1 + label > n || used + label + 2 > sizeof(name))
			return 0;
		if (used)
			name[used++] = '.';
		memcpy(name + used, p + at + 1, label);
		used += label;
		at += 1 + label;
	}
	if (at >= n || used == 0)
		return 0;
	name[used] = '\0';
	/* A NUL within a label would hide the rest. */
	if (strlen(name) == used)
		lease_add_search(l, name);
	return at + 1;
}

void ra_take_option(const unsigned char *option, size_t n, uint64_t now, struct lease *l)
{
	uint32_t lifetime;
	size_t took;

	if (n < HEAD || (option[0] != RDNSS && option[0] != DNSSL) || option[1] == 0 || (size_t)option[1] * 8 > n)
		return;
	n = (size_t)option[1] * 8;
	lifetime = read_u32(option + 4);
	if (option[0] == RDNSS)
		l->dns_count = 0;
	else
		l->search_count = 0;
	l->there = true;
	l->until = lifetime == UINT32_MAX ? LEASE_FOREVER : now + lifetime;
	if (lifetime == 0)
		return;
	if (option[0] == RDNSS) {
		take_servers(option + HEAD, n - HEAD, l);
		return;
	}
	for (const unsigned char *p = option + HEAD; (took = take_name(p, n - (size_t)(p - option), l)); p += took)
		if ((size_t)(p - option) + took >= n)
			return;
}
