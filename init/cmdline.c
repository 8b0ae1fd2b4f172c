#include "init/cmdline.h"

#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "init/names.h"
#include "init/plan-private.h"

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

static int read_ip(const char *value, struct options *o, struct error *err)
{
	if (o->ip_count == CMDLINE_IPS)
		return error_set(err, "ip=%s: more than %d of them", value, CMDLINE_IPS);
	if (cmdline_read_ip(value, &o->ips[o->ip_count], err) < 0)
		return -1;
	o->ip_count++;
	return 0;
}

static int read_vlan(const char *value, struct options *o, struct error *err)
{
	return cmdline_read_vlan(value, &o->vlan, err);
}

static int read_bond(const char *value, struct options *o, struct error *err)
{
	return cmdline_read_bond(value, &o->bond, err);
}

static int read_nameserver(const char *value, struct options *o, struct error *err)
{
	if (o->dns_count == CMDLINE_DNS)
		return error_set(err, "nameserver=%s: a resolver asks %d at most", value, CMDLINE_DNS);
	if (!cmdline_address(value, o->dns[o->dns_count]))
		return error_set(err, "nameserver=%s is no address", value);
	o->dns_count++;
	return 0;
}

/* Names or addresses with commas between them. */
static int read_ntp(const char *value, struct options *o, struct error *err)
{
	char copy[CMDLINE_NTP * 64], address[CMDLINE_ADDRESS], *rest = copy, *server;

	if (snprintf(copy, sizeof(copy), "%s", value) >= (int)sizeof(copy))
		return error_set(err, "mkdl.ntp=%.40s…: too long", value);
	while ((server = strsep(&rest, ","))) {
		if (!names_is_hostname(server) && !cmdline_address(server, address))
			return error_set(err, "mkdl.ntp=%s: \"%s\" is neither a name nor an address", value, server);
		if (o->ntp_count == CMDLINE_NTP)
			return error_set(err, "mkdl.ntp=%s: %d servers are enough", value, CMDLINE_NTP);
		strcpy(o->ntp[o->ntp_count++], server);
	}
	return 0;
}

static int read_node_ip(const char *value, struct options *o, struct error *err)
{
	if (strlen(value) >= sizeof(o->node_ip) || plan_check_node_ip(value, NULL, err) < 0)
		return error_wrap(err, "mkdl.node_ip=%.80s", value);
	snprintf(o->node_ip, sizeof(o->node_ip), "%s", value);
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
	{"vlan", read_vlan},
	{"bond", read_bond},
	{"nameserver", read_nameserver},
	{"mkdl.ntp", read_ntp},
	{"mkdl.node_ip", read_node_ip},
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

const char *cmdline_hostname(const struct options *o)
{
	for (size_t i = 0; i < o->ip_count; i++)
		if (o->ips[i].hostname[0])
			return o->ips[i].hostname;
	return "";
}
