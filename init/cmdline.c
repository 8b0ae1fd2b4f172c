#include "init/cmdline.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "init/names.h"
#include "init/plan-words.h"

bool cmdline_mac(const char *word, char out[static 18])
{
	static const char digits[] = "0123456789abcdef";
	char mac[18];
	size_t n = strlen(word);

	/* The hardware type 01 is Ethernet (RFC 1700). */
	if (n == 20 && word[0] == '0' && word[1] == '1' && (word[2] == '-' || word[2] == ':'))
		word += 3;
	else if (n != 17)
		return false;
	for (size_t i = 0; i < 17; i++) {
		if (i % 3 == 2 ? word[i] != ':' && word[i] != '-' : hex_digit(word[i]) < 0)
			return false;
		mac[i] = i % 3 == 2 ? ':' : digits[hex_digit(word[i])];
	}
	mac[17] = '\0';
	memcpy(out, mac, sizeof(mac));
	return true;
}

static bool is_address(const char *word)
{
	struct in_addr in;

	return inet_pton(AF_INET, word, &in) == 1;
}

/* One field of ip= into a string of its own; empty is fine, and so is an address unless check says no. */
static bool take_field(const char *field, char *out, size_t size, bool (*check)(const char *))
{
	if (*field && check && !check(field))
		return false;
	return snprintf(out, size, "%s", field) < (int)size;
}

static int read_ip(const char *value, struct options *o, struct error *err)
{
	struct static_address ip = {.given = true};
	char copy[256], nothing[1] = "", *rest = copy, *fields[9];
	char *address, *interface;

	if (!strcmp(value, "dhcp") || !strcmp(value, "on") || !strcmp(value, "any") || !strcmp(value, "both"))
		return 0;
	if (snprintf(copy, sizeof(copy), "%s", value) >= (int)sizeof(copy))
		return error_set(err, "ip=%.40s…: too long", value);
	for (size_t i = 0; i < 9; i++)
		fields[i] = rest ? strsep(&rest, ":") : nothing;
	address = fields[0];
	interface = fields[5];
	if (!*address && (!strcmp(fields[6], "dhcp") || !strcmp(fields[6], "on"))) {
		if (!take_field(interface, o->interface, 16, plan_word_is_name))
			return error_set(err, "ip=%s: bad interface", value);
		return 0;
	}
	if (!is_address(address) || !is_address(fields[3]) ||
	    !take_field(address, ip.address, sizeof(ip.address), is_address) ||
	    !take_field(fields[2], ip.gateway, sizeof(ip.gateway), is_address) ||
	    !take_field(fields[3], ip.netmask, sizeof(ip.netmask), is_address) ||
	    !take_field(fields[4], ip.hostname, sizeof(ip.hostname), names_is_hostname) ||
	    !take_field(interface, ip.interface, sizeof(ip.interface), plan_word_is_name) ||
	    !take_field(fields[7], ip.dns[0], sizeof(ip.dns[0]), is_address) ||
	    !take_field(fields[8], ip.dns[1], sizeof(ip.dns[1]), is_address) || rest)
		return error_set(err, "ip=%s: wanted is ip=ADDRESS::GATEWAY:NETMASK:HOSTNAME:INTERFACE:none:DNS:DNS",
				 value);
	o->ip = ip;
	return 0;
}

static int read_bootif(const char *value, struct options *o, struct error *err)
{
	return cmdline_mac(value, o->bootif) ? 0 : error_set(err, "BOOTIF=%s is no MAC address", value);
}

static int read_interface(const char *value, struct options *o, struct error *err)
{
	if (cmdline_mac(value, o->interface))
		return 0;
	if (!plan_word_is_name(value) || strlen(value) > 15)
		return error_set(err, "mkdl.interface=%s is neither a name nor a MAC address", value);
	strcpy(o->interface, value);
	return 0;
}

static int read_hostname(const char *value, struct options *o, struct error *err)
{
	if (!names_is_hostname(value))
		return error_set(err, "mkdl.hostname=%s is no host name", value);
	strcpy(o->hostname, value);
	return 0;
}

static int read_failure(const char *value, struct options *o, struct error *err)
{
	if (strcmp(value, "shell") != 0 && strcmp(value, "reboot") != 0)
		return error_set(err, "mkdl.failure=%s is neither shell nor reboot", value);
	o->have_failure = true;
	o->failure = !strcmp(value, "shell") ? PLAN_FAILURE_SHELL : PLAN_FAILURE_REBOOT;
	return 0;
}

static int read_network_timeout(const char *value, struct options *o, struct error *err)
{
	uint64_t n;

	if (!plan_word_number(value, PLAN_SECONDS_LIMIT, &n) || n == 0)
		return error_set(err, "mkdl.network_timeout=%s is no number of seconds", value);
	o->network_timeout = (unsigned)n;
	return 0;
}

static int read_shell(const char *value, struct options *o, struct error *err)
{
	o->shell = true;
	return *value ? error_set(err, "mkdl.shell takes no value") : 0;
}

static int read_verbose(const char *value, struct options *o, struct error *err)
{
	o->verbose = true;
	return *value ? error_set(err, "mkdl.verbose takes no value") : 0;
}

/* Which one, is the agent's business: it reads the line again. */
static int read_configuration(const char *value, struct options *o, struct error *err)
{
	(void)value, (void)err;
	o->configuration = true;
	return 0;
}

static const struct {
	const char *key;
	int (*read)(const char *value, struct options *o, struct error *err);
} keys[] = {
	{"BOOTIF", read_bootif},
	{"ip", read_ip},
	{"mkdl.interface", read_interface},
	{"mkdl.hostname", read_hostname},
	{"mkdl.failure", read_failure},
	{"mkdl.network_timeout", read_network_timeout},
	{"mkdl.config", read_configuration},
	{"cloud-config-url", read_configuration},
	{"ds", read_configuration},
	{"cc:", read_configuration},
	{"mkdl.shell", read_shell},
	{"mkdl.verbose", read_verbose},
};

static int read_word(char *word, struct options *o, struct error *err)
{
	char *value = strchr(word, '=');

	if (value)
		*value++ = '\0';
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (!strcmp(word, keys[i].key))
			return keys[i].read(value ? value : "", o, err);
	if (!strncmp(word, "mkdl.", 5))
		return error_set(err, "%s is no option of mkdl", word);
	return 0;
}

int cmdline_parse(const char *text, struct options *out, struct error *err)
{
	/* COMMAND_LINE_SIZE is at most 4096 on the kernel's architectures; what is longer is cut as the kernel cuts
	 * it. */
	char copy[4096], *rest = copy, *word;
	int status = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	*out = (struct options){.network_timeout = 300};
	while ((word = strsep(&rest, " \t\n"))) {
		struct error one = {0};

		if (!*word || read_word(word, out, &one) == 0)
			continue;
		if (status == 0)
			error_set(err, "%s", error_text(&one));
		else
			error_wrap(err, "%s", error_text(&one));
		error_clear(&one);
		status = -1;
	}
	return status;
}
