/* Who the node is. */
#pragma once

#include "init/node.h"

/* Fill the machine-id from the firmware's UUID, else from this MAC; and the host name, from the command line, else
 * the plan's template, else (leave_open: leave it empty) the one that DHCP gave, else node-MAC. */
int identity_find(struct node *node, const char *mac, bool leave_open, struct error *err);

/* Write what is known into /run/mkdl/facts, flat records "KEY VALUE", for the agent, the network and the state: mac, interface,
 * node_ip, hostname, machine_id, uuid, serial, seed. What is not known, or not this machine's alone, is not there. */
int identity_write_facts(const struct node *node, struct error *err);
/* /etc/hosts, from the facts. */
int identity_write_hosts(const struct node *node, struct error *err);
