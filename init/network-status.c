#include "init/network-status.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/flat.h"
#include "init/cmdline.h"
#include "init/names.h"
#include "init/plan-address.h"
#include "init/plan-words.h"

static bool take_address(const char *word, char out[static 46])
{
	struct address a;
	char text[ADDRESS_TEXT];

	if (!address_parse(word, &a))
		return false;
	snprintf(out, 46, "%s", address_text(&a, text));
	return true;
}

static bool take_number(const char *word, unsigned *out)
{
	uint64_t n;

	if (!plan_word_number(word, UINT32_MAX, &n))
		return false;
	*out = (unsigned)n;
	return true;
}

static bool take_interface(const char *word, char out[static 16])
{
	if (!plan_word_is_name(word) || strlen(word) > 15)
		return false;
	strcpy(out, word);
	return true;
}

static bool take_text(const char *word, char *out, size_t size)
{
	snprintf(out, size, "%s", word);
	/* It is for the console: no control characters. */
	for (char *p = out; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	return true;
}

static bool take_name(const char *word, char *out, size_t size, bool (*check)(const char *))
{
	return check(word) && snprintf(out, size, "%s", word) < (int)size;
}

static bool take_client(const struct flat_line *line, struct network_status *s)
{
	struct network_client c = {.six = !strcmp(line->words[1], "dhcp6")};

	if (line->count != 4 || (!c.six && strcmp(line->words[1], "dhcp4") != 0) ||
	    !take_interface(line->words[2], c.interface) || !cmdline_mac(line->words[3], c.mac))
		return false;
	if (s->client_count < NETWORK_CLIENTS)
		s->clients[s->client_count++] = c;
	return true;
}

static bool read_line(const struct flat_line *line, struct network_status *s)
{
	const char *key = line->words[0], *value = line->words[1];

	if (!value)
		return !strcmp(key, "up") ? (s->up = true) : !strcmp(key, "end");
	if (!strcmp(key, "turn"))
		return take_number(value, &s->turn);
	if (!strcmp(key, "waiting"))
		return take_text(value, s->waiting, sizeof(s->waiting));
	if (!strcmp(key, "summary"))
		return take_text(value, s->summary, sizeof(s->summary));
	if (!strcmp(key, "node-ip"))
		return take_address(value, s->node_ip);
	if (!strcmp(key, "interface"))
		return take_interface(value, s->interface);
	if (!strcmp(key, "mac"))
		return cmdline_mac(value, s->mac);
	if (!strcmp(key, "hostname"))
		return take_name(value, s->hostname, sizeof(s->hostname), names_is_hostname);
	if (!strcmp(key, "domain"))
		return take_name(value, s->domain, sizeof(s->domain), names_is_domain);
	if (!strcmp(key, "ntp"))
		return s->ntp_count == NETWORK_NTP || take_address(value, s->ntp[s->ntp_count++]);
	if (!strcmp(key, "client"))
		return take_client(line, s);
	return !strcmp(key, "link") || !strcmp(key, "address");
}

int network_status_parse(const char *name, const char *text, size_t n, struct network_status *out, struct error *err)
{
	_cleanup_arena_ struct arena a = {0};
	struct network_status s = {0};
	struct flat flat;

	if (n > NETWORK_STATUS_LIMIT)
		return error_set(err, "%s: larger than %d bytes", name, NETWORK_STATUS_LIMIT);
	if (flat_parse(&a, name, text, n, &flat, err) < 0)
		return -1;
	if (flat.count < 2 || strcmp(flat.lines[0].words[0], "mkdl-network") != 0 ||
	    strcmp(flat.lines[flat.count - 1].words[0], "end") != 0)
		return error_set(err, "%s: is no whole status of the network", name);
	for (size_t i = 1; i < flat.count; i++)
		if (!read_line(&flat.lines[i], &s))
			return error_set(err, "%s:%u: bad record %s", name, flat.lines[i].number,
					 flat.lines[i].words[0]);
	*out = s;
	return 0;
}
