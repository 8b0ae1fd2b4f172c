/* Network interfaces: which there are (sysfs), and what PID 1 does to them (netdevice(7)). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "init/cmdline.h"

enum { INTERFACES = 16 };

struct interface {
	char name[16], mac[18];
	bool carrier;
};

/* The Ethernet interfaces that have hardware behind them, by name, up to INTERFACES; returns their number. */
size_t interface_list(struct interface out[static INTERFACES]);

/* A network card on the PCI bus that no driver has taken: its vendor and device, "10ec:8139". False when there is none. */
bool interface_without_driver(char out[static 16]);

int interface_up(const char *name, struct error *err);

/* Take the address away and switch it off. */
void interface_drop(const char *name);

/* Address, netmask and default route by hand; returns the length of the netmask's prefix in *prefix. */
int interface_configure(const char *name, const struct static_address *ip, unsigned *prefix, struct error *err);
