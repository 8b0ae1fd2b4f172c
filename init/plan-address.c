#include "init/plan-address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "init/plan-words.h"

bool address_parse(const char *word, struct address *out)
{
	struct address a = {0};

	if (inet_pton(AF_INET, word, a.bytes) == 1)
		a.family = AF_INET;
	else if (inet_pton(AF_INET6, word, a.bytes) == 1)
		a.family = AF_INET6;
	else
		return false;
	*out = a;
	return true;
}

bool address_parse_cidr(const char *word, struct address *out, unsigned *prefix)
{
	const char *slash = strchr(word, '/');
	char copy[ADDRESS_TEXT];
	struct address a;
	uint64_t n;

	if (!slash || (size_t)(slash - word) >= sizeof(copy))
		return false;
	memcpy(copy, word, (size_t)(slash - word));
	copy[slash - word] = '\0';
	if (!address_parse(copy, &a) || !plan_word_number(slash + 1, address_bits(&a), &n))
		return false;
	*out = a;
	*prefix = (unsigned)n;
	return true;
}

const char *address_text(const struct address *a, char out[static ADDRESS_TEXT])
{
	if (!a->family || !inet_ntop(a->family, a->bytes, out, ADDRESS_TEXT))
		snprintf(out, ADDRESS_TEXT, "none");
	return out;
}

unsigned address_bits(const struct address *a)
{
	return a->family == AF_INET ? 32 : 128;
}

size_t address_size(const struct address *a)
{
	return a->family == AF_INET ? 4 : 16;
}

bool address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family && !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool address_within(const struct address *a, const struct address *net, unsigned prefix)
{
	unsigned whole = prefix / 8, rest = prefix % 8;

	if (a->family != net->family || memcmp(a->bytes, net->bytes, whole) != 0)
		return false;
	return rest == 0 || (a->bytes[whole] ^ net->bytes[whole]) >> (8 - rest) == 0;
}

bool address_is_link_local(const struct address *a)
{
	static const struct address four = {AF_INET, {169, 254}}, six = {AF_INET6, {0xfe, 0x80}};

	return address_within(a, &four, 16) || address_within(a, &six, 10);
}

bool address_is_host(const struct address *a)
{
	static const struct address any = {0}, one = {AF_INET6, {[15] = 1}};

	if (a->family == AF_INET)
		return a->bytes[0] != 0 && a->bytes[0] != 127 && a->bytes[0] < 224;
	return a->family == AF_INET6 && memcmp(a->bytes, any.bytes, sizeof(any.bytes)) != 0 &&
	       !address_equal(a, &one) && a->bytes[0] != 0xff;
}
