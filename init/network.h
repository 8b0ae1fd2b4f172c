/* PID 1's side of the network: it runs the network program and the DHCP clients, and takes what they found. */
#pragma once

#include "init/node.h"

#define NETWORK_PROGRAM "/usr/libexec/mkdl/network"
#define NETWORK_FOLDER "/run/mkdl/net"

/* After the plan changed: have the program begin anew with it, and wait until the network is as the new plan has it,
 * for mkdl.network_timeout= at most. What stays the same in the plan stays as it is. detail: DETAIL_SIZE bytes. */
int network_again(struct node *node, char *detail, struct error *err);

/* How a service's words are filled in. */
struct names_variable;
enum { NODE_VARIABLES = 7 };
void node_variables(const struct node *node, struct names_variable out[static NODE_VARIABLES]);
