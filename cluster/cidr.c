#include "cluster/cidr.h"

#include <arpa/inet.h>
#include <string.h>

#include "config/syntax.h"

bool ipv4_parse(const char *text, uint32_t *out)
{
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) != 1)
		return false;
	*out = ntohl(in.s_addr);
	return true;
}

const char *ipv4_text(struct arena *a, uint32_t address)
{
	return arena_printf(a, "%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
}

/* Of a prefix: a shift by 32 is undefined. */
static uint32_t mask(unsigned bits)
{
	return bits ? UINT32_MAX << (32 - bits) : 0;
}

bool cidr_parse(const char *text, struct cidr *out, bool *exact)
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : 0;
	unsigned long bits;
	char address[16];
	uint32_t first;

	if (n == 0 || n >= sizeof(address) || !parse_number(slash + 1, 0, 32, &bits))
		return false;
	memcpy(address, text, n);
	address[n] = '\0';
	if (!ipv4_parse(address, &first))
		return false;
	*out = (struct cidr){first & mask((unsigned)bits), (unsigned)bits};
	if (exact)
		*exact = out->first == first;
	return true;
}

const char *cidr_text(struct arena *a, struct cidr c)
{
	return arena_printf(a, "%s/%u", ipv4_text(a, c.first), c.bits);
}

uint32_t cidr_last(struct cidr c)
{
	return c.first | ~mask(c.bits);
}

uint64_t cidr_size(struct cidr c)
{
	return UINT64_C(1) << (32 - c.bits);
}

bool cidr_has(struct cidr c, uint32_t address)
{
	return (address & mask(c.bits)) == c.first;
}

bool cidr_within(struct cidr inner, struct cidr outer)
{
	return inner.bits >= outer.bits && cidr_has(outer, inner.first);
}

bool cidr_overlaps(struct cidr a, struct cidr b)
{
	return cidr_has(a, b.first) || cidr_has(b, a.first);
}

bool cidr_part(struct cidr c, unsigned bits, uint64_t n, struct cidr *out)
{
	if (bits < c.bits || bits > 32 || n >= UINT64_C(1) << (bits - c.bits))
		return false;
	*out = (struct cidr){c.first + (uint32_t)(n * cidr_size((struct cidr){0, bits})), bits};
	return true;
}
