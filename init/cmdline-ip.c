#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "init/cmdline.h"
#include "init/names.h"
#include "init/plan-words.h"

enum { FIELDS = 10 };

static const struct {
	const char *word;
	enum cmdline_auto how;
} methods[] = {
	/* The kernel's; where it would try BOOTP and RARP too, DHCP answers. */
	{"dhcp", CMDLINE_DHCP}, {"on", CMDLINE_DHCP}, {"any", CMDLINE_DHCP}, {"both", CMDLINE_DHCP},
	{"bootp", CMDLINE_DHCP}, {"rarp", CMDLINE_DHCP}, {"off", CMDLINE_OFF}, {"none", CMDLINE_OFF},
	/* dracut's. */
	{"dhcp4", CMDLINE_DHCP}, {"dhcp6", CMDLINE_DHCP6}, {"auto6", CMDLINE_RA}, {"either6", CMDLINE_DHCP6},
};

static bool find_method(const char *word, enum cmdline_auto *how)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		if (!strcmp(word, methods[i].word)) {
			*how = methods[i].how;
			return true;
		}
	return false;
}

bool cmdline_address(const char *word, char out[static CMDLINE_ADDRESS])
{
	unsigned char raw[16];
	char copy[CMDLINE_ADDRESS];
	size_t n = strlen(word);

	if (n >= 2 && word[0] == '[' && word[n - 1] == ']') {
		word++;
		n -= 2;
		if (!memchr(word, ':', n))
			return false;
	}
	if (n >= sizeof(copy))
		return false;
	memcpy(copy, word, n);
	copy[n] = '\0';
	if (inet_pton(AF_INET, copy, raw) == 1)
		return inet_ntop(AF_INET, raw, out, CMDLINE_ADDRESS);
	return inet_pton(AF_INET6, copy, raw) == 1 && inet_ntop(AF_INET6, raw, out, CMDLINE_ADDRESS);
}

static bool is_interface(const char *word)
{
	/* IFNAMSIZ is 16 with its NUL. A dot and a number: a VLAN's name. */
	return plan_word_is_name(word) && strlen(word) < 16;
}

/* Cut at colons, but not within brackets. The number of fields; FIELDS + 1: too many. */
static size_t split(char *text, char *fields[static FIELDS])
{
	size_t n = 0;
	char *start = text;
	bool inside = false;

	for (char *p = text;; p++) {
		if (*p == '[' || *p == ']')
			inside = *p == '[';
		if (*p && (*p != ':' || inside))
			continue;
		if (n == FIELDS)
			return FIELDS + 1;
		fields[n++] = start;
		start = p + 1;
		if (!*p)
			break;
		*p = '\0';
	}
	for (size_t i = n; i < FIELDS; i++)
		fields[i] = text + strlen(text);
	return n;
}

static unsigned count_bits(uint32_t mask)
{
	return (unsigned)__builtin_popcount(mask);
}

/* A netmask or a number of bits; nothing: that of the address' class, as the kernel has it. 0: neither. */
static unsigned read_prefix(const char *mask, const char *address)
{
	struct in_addr in;
	uint64_t bits;
	uint32_t host;
	bool six = strchr(address, ':');

	if (!*mask && six)
		return 64;
	if (!*mask) {
		inet_pton(AF_INET, address, &in);
		host = ntohl(in.s_addr);
		return host >> 31 == 0 ? 8 : host >> 30 == 2 ? 16 : 24;
	}
	if (plan_word_number(mask, six ? 128 : 32, &bits))
		return (unsigned)bits;
	if (six || inet_pton(AF_INET, mask, &in) != 1)
		return 0;
	host = ntohl(in.s_addr);
	/* Ones, then zeros. */
	return (~host & (~host + 1)) == 0 ? count_bits(host) : 0;
}

static bool read_mtu(const char *word, unsigned *out)
{
	uint64_t n;

	if (!plan_word_number(word, 65535, &n) || n < 576)
		return false;
	*out = (unsigned)n;
	return true;
}

/* ip=INTERFACE:METHOD[:MTU[:MAC]]; a MAC to set is not taken. */
static bool read_short(char *const fields[static FIELDS], size_t n, struct cmdline_ip *ip)
{
	enum cmdline_auto how;

	if (n < 2 || n > 3 || !is_interface(fields[0]) || !find_method(fields[1], &how))
		return false;
	if (n == 3 && *fields[2] && !read_mtu(fields[2], &ip->mtu))
		return false;
	strcpy(ip->interface, fields[0]);
	ip->how = how;
	return true;
}

static bool take_address(const char *field, char out[static CMDLINE_ADDRESS])
{
	return !*field || cmdline_address(field, out);
}

/* What is wrong with the word, in the kernel's names of its fields; NULL when nothing is. */
static const char *read_long(char *const fields[static FIELDS], struct cmdline_ip *ip)
{
	/* Without a word of its own the kernel would ask; with an address it asks nobody. */
	if (*fields[6] && !find_method(fields[6], &ip->how))
		return "autoconf";
	if (*fields[4] && !names_is_hostname(fields[4]))
		return "hostname";
	if (*fields[5] && !is_interface(fields[5]))
		return "device";
	snprintf(ip->hostname, sizeof(ip->hostname), "%s", fields[4]);
	snprintf(ip->interface, sizeof(ip->interface), "%s", fields[5]);
	if (!take_address(fields[0], ip->address))
		return "client-ip";
	if (!take_address(fields[2], ip->gateway))
		return "gw-ip";
	/* dracut has MTU in the place of the first name server. */
	if (!take_address(fields[7], ip->dns[0]) && !read_mtu(fields[7], &ip->mtu))
		return "dns0-ip";
	if (!take_address(fields[8], ip->dns[1]))
		return "dns1-ip";
	if (!take_address(fields[9], ip->ntp))
		return "ntp0-ip";
	if (!ip->address[0])
		return NULL;
	if (ip->gateway[0] && !strchr(ip->gateway, ':') != !strchr(ip->address, ':'))
		return "gw-ip";
	ip->how = CMDLINE_STATIC;
	ip->prefix = read_prefix(fields[3], ip->address);
	return ip->prefix ? NULL : "netmask";
}

int cmdline_read_ip(const char *value, struct cmdline_ip *out, struct error *err)
{
	struct cmdline_ip ip = {.how = CMDLINE_DHCP};
	char copy[256], *fields[FIELDS];
	const char *wrong;
	size_t n;

	if (snprintf(copy, sizeof(copy), "%s", value) >= (int)sizeof(copy))
		return error_set(err, "ip=%.40s…: too long", value);
	n = split(copy, fields);
	if (n == 1 && find_method(copy, &ip.how)) {
		*out = ip;
		return 0;
	}
	if (n <= 3 && read_short(fields, n, &ip)) {
		*out = ip;
		return 0;
	}
	ip = (struct cmdline_ip){.how = CMDLINE_DHCP};
	wrong = n > FIELDS ? "number of fields" : read_long(fields, &ip);
	if (wrong)
		return error_set(err, "ip=%s: bad %s; wanted is ip=dhcp, ip=INTERFACE:dhcp or "
				 "ip=ADDRESS::GATEWAY:NETMASK:HOSTNAME:INTERFACE:none:DNS:DNS:NTP", value, wrong);
	*out = ip;
	return 0;
}

int cmdline_read_vlan(const char *value, struct cmdline_vlan *out, struct error *err)
{
	struct cmdline_vlan v = {0};
	const char *colon = strchr(value, ':'), *digits;
	uint64_t id;

	if (!colon || colon - value > 15 || !is_interface(colon + 1))
		return error_set(err, "vlan=%s: wanted is vlan=NAME.ID:INTERFACE", value);
	memcpy(v.name, value, (size_t)(colon - value));
	strcpy(v.parent, colon + 1);
	/* The number at the name's end: vlan5, eth0.5, eth0.0005. */
	for (digits = v.name + strlen(v.name); digits > v.name && digits[-1] >= '0' && digits[-1] <= '9';)
		digits--;
	if (!is_interface(v.name) || !plan_word_number(digits, 4094, &id) || id == 0)
		return error_set(err, "vlan=%s: %s does not end in a VLAN's number from 1 to 4094", value, v.name);
	v.id = (unsigned)id;
	*out = v;
	return 0;
}

int cmdline_read_bond(const char *value, struct cmdline_bond *out, struct error *err)
{
	struct cmdline_bond b = {.name = "bond0", .members = "eth0,eth1", .options = "mode=balance-rr"};
	char copy[256], *rest = copy, *name, *members, *options, *mtu;

	if (snprintf(copy, sizeof(copy), "%s", value) >= (int)sizeof(copy))
		return error_set(err, "bond=%.40s…: too long", value);
	name = strsep(&rest, ":");
	members = strsep(&rest, ":");
	options = strsep(&rest, ":");
	mtu = strsep(&rest, ":");
	if (*name && !is_interface(name))
		return error_set(err, "bond=%s: \"%s\" is no name of an interface", value, name);
	if ((members && strlen(members) >= sizeof(b.members)) || (options && strlen(options) >= sizeof(b.options)) ||
	    (mtu && *mtu && !read_mtu(mtu, &b.mtu)) || rest)
		return error_set(err, "bond=%s: wanted is bond=NAME:MEMBER,MEMBER:KEY=VALUE,KEY=VALUE:MTU", value);
	if (*name)
		strcpy(b.name, name);
	if (members && *members)
		strcpy(b.members, members);
	if (options && *options)
		strcpy(b.options, options);
	*out = b;
	return 0;
}
