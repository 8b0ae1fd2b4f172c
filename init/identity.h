/* Who the node is. */
#pragma once

#include "init/node.h"

/* Fill the machine-id from the firmware's UUID, else from this MAC; and the host name, from the command line, else
 * the plan's template, else (leave_open: leave it empty) the one that DHCP gave, else node-MAC. */
int identity_find(struct node *node, const char *mac, bool leave_open, struct error *err);
