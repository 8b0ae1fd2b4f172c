/* Modules for the hardware that is there: devices name themselves by a modalias in sysfs, the image's table says which
 * modules each wants. The kernel reports later devices on a netlink socket. */
#pragma once

#include "init/node.h"

/* Look at every device once; returns the number of modules loaded. Loading makes new devices appear: repeat until 0. */
unsigned coldplug_walk(struct node *node);

/* Load the modules for one modalias; returns the number newly loaded. */
unsigned coldplug_load(struct node *node, const char *modalias);

/* Listen to the kernel; then supervise_step handles what it reports. */
int hotplug_open(struct node *node, struct error *err);
