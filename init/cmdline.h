/* What the kernel command line says to PID 1 and to its network program (see mkdl-init(8), docs/network.md). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "init/plan.h"

enum { CMDLINE_IPS = 8, CMDLINE_DNS = 3, CMDLINE_NTP = 4, CMDLINE_ADDRESS = 46 /* INET6_ADDRSTRLEN */ };

/* How the address of one ip= word comes to be. */
enum cmdline_auto { CMDLINE_DHCP, CMDLINE_DHCP6, CMDLINE_RA, CMDLINE_STATIC, CMDLINE_OFF };

/* One ip= word, as the kernel's own IP_PNP takes it (Documentation/admin-guide/nfs/nfsroot.rst), and dracut's
 * ip=INTERFACE:METHOD[:MTU]. Strings are empty where nothing was given. Addresses are canonical, IPv4 or IPv6. */
struct cmdline_ip {
	enum cmdline_auto how;
	char interface[16]; /* name; "": the one that the machine booted from */
	char address[CMDLINE_ADDRESS], gateway[CMDLINE_ADDRESS];
	char dns[2][CMDLINE_ADDRESS], ntp[CMDLINE_ADDRESS];
	char hostname[64];
	unsigned prefix; /* of the address, bits */
	unsigned mtu;    /* 0: as it is */
};

struct cmdline_vlan {
	char name[16], parent[16];
	unsigned id; /* 0: none */
};

struct cmdline_bond {
	char name[16]; /* "": none */
	char members[96], options[96]; /* separated by commas; options as KEY=VALUE */
	unsigned mtu;
};

struct options {
	char bootif[18];    /* MAC of the interface that it booted from, aa:bb:cc:dd:ee:ff; "" when not given */
	char interface[18]; /* mkdl.interface=: a name or a MAC; "" when not given */
	char hostname[64];  /* mkdl.hostname=; "" when not given */
	char node_ip[64];   /* mkdl.node_ip=, as the plan's node-ip; "" when not given */
	struct cmdline_ip ips[CMDLINE_IPS];
	size_t ip_count;
	struct cmdline_vlan vlan;
	struct cmdline_bond bond;
	char dns[CMDLINE_DNS][CMDLINE_ADDRESS]; /* nameserver= */
	size_t dns_count;
	char ntp[CMDLINE_NTP][64]; /* mkdl.ntp=: names or addresses */
	size_t ntp_count;
	unsigned network_timeout; /* seconds until the network is given up; default 300 */
	bool have_failure;        /* mkdl.failure= overrides the plan's */
	enum plan_failure failure;
	bool shell, verbose;
	bool configuration; /* a word names configuration for the agent (node/agent/sources.h) */
};

/* Read the text of /proc/cmdline. Words that are not PID 1's are skipped. A bad value, or an unknown word that starts
 * with "mkdl.", is an error that names it; what was understood is in out all the same, so that the boot can go on. */
int cmdline_parse(const char *text, struct options *out, struct error *err);

/* "01-AA-BB-CC-DD-EE-FF" (pxelinux: hardware type first), "aa:bb:cc:dd:ee:ff" or with dashes → aa:bb:cc:dd:ee:ff. */
bool cmdline_mac(const char *word, char out[static 18]);

/* One ip= word's value, a vlan=NAME:PARENT and a bond=NAME:MEMBERS:OPTIONS[:MTU] (dracut.cmdline(7)). */
int cmdline_read_ip(const char *value, struct cmdline_ip *out, struct error *err);
int cmdline_read_vlan(const char *value, struct cmdline_vlan *out, struct error *err);
int cmdline_read_bond(const char *value, struct cmdline_bond *out, struct error *err);

/* An IPv4 or IPv6 address, the latter also in brackets → its canonical text. */
bool cmdline_address(const char *word, char out[static CMDLINE_ADDRESS]);

/* The host name that an ip= word gives; "" when none does. */
const char *cmdline_hostname(const struct options *o);
