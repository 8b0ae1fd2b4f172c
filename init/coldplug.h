/* Modules for the hardware that is there: devices name themselves by a modalias in sysfs, the image's table says which
 * modules each wants. The kernel reports later devices on a netlink socket. */
#pragma once

#include "init/node.h"

/* Look at every device once; loads what they want, in children. */
void coldplug_walk(struct node *node);

/* Load the modules for one modalias, in a child. */
void coldplug_load(struct node *node, const char *modalias);

/* Listen to the kernel: what it reports waits … */
int hotplug_open(struct error *err);

/* … until supervise_step handles it from now on. */
int hotplug_watch(struct node *node, struct error *err);
