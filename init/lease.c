#include "init/lease.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/flat.h"
#include "init/names.h"
#include "init/plan-words.h"

static bool take_address(const char *word, char out[static 16])
{
	struct in_addr in;

	return word && inet_pton(AF_INET, word, &in) == 1 && inet_ntop(AF_INET, &in, out, 16);
}

static int read_line(const struct flat_line *line, struct lease *l, struct error *err)
{
	const char *key = line->words[0], *value = line->words[1];
	uint64_t n;

	if (!value)
		return error_set(err, "%s: without a value", key);
	if (!strcmp(key, "address"))
		return take_address(value, l->address) ?
			       0 : error_set(err, "address: \"%s\" is no IPv4 address", value);
	if (!strcmp(key, "prefix")) {
		if (!plan_word_number(value, 32, &n))
			return error_set(err, "prefix: \"%s\" is no number of bits", value);
		l->prefix = (unsigned)n;
	} else if (!strcmp(key, "router")) {
		take_address(value, l->router);
	} else if (!strcmp(key, "server")) {
		take_address(value, l->server);
	} else if (!strcmp(key, "dns")) {
		for (size_t i = 0, taken = 0; i + 1 < line->count && taken < 3; i++)
			taken += take_address(line->words[1 + i], l->dns[taken]);
	} else if (!strcmp(key, "lease")) {
		l->seconds = plan_word_number(value, UINT32_MAX, &n) ? (unsigned)n : 0;
	} else if (!strcmp(key, "hostname")) {
		if (names_is_hostname(value))
			snprintf(l->hostname, sizeof(l->hostname), "%s", value);
	} else if (!strcmp(key, "domain")) {
		if (names_is_domain(value))
			snprintf(l->domain, sizeof(l->domain), "%s", value);
	} else {
		return error_set(err, "unknown record \"%s\"", key);
	}
	return 0;
}

int lease_parse(const char *name, const char *text, size_t n, struct lease *out, struct error *err)
{
	struct arena a = {0};
	struct lease l = {0};
	struct flat flat;
	int status = flat_parse(&a, name, text, n, &flat, err);

	for (size_t i = 0; status == 0 && i < flat.count; i++) {
		status = read_line(&flat.lines[i], &l, err);
		if (status < 0)
			error_wrap(err, "%s:%u", name, flat.lines[i].number);
	}
	arena_free(&a);
	if (status == 0 && (!l.address[0] || l.prefix == 0))
		status = error_set(err, "%s: has no address and prefix", name);
	if (status == 0)
		*out = l;
	return status;
}
