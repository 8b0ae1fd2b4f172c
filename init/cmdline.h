/* What the kernel command line says to PID 1 (see mkdl-init(8)). */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "init/plan.h"

/* An address given by hand: ip=ADDRESS::GATEWAY:NETMASK:HOSTNAME:INTERFACE:none:DNS:DNS, as the kernel's own IP_PNP
 * takes it (Documentation/admin-guide/nfs/nfsroot.rst). All strings may be empty but address and netmask. */
struct static_address {
	bool given;
	char address[16], gateway[16], netmask[16], hostname[64], interface[16], dns[2][16];
};

struct options {
	char bootif[18];    /* MAC of the interface that it booted from, aa:bb:cc:dd:ee:ff; "" when not given */
	char interface[18]; /* mkdl.interface=: a name or a MAC; "" when not given */
	char hostname[64];  /* mkdl.hostname=; "" when not given */
	struct static_address ip;
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
