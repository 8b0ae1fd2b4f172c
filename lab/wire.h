/* The lab's Ethernet: a bridge "lan" with the provisioner's address, and a tap for each machine. */
#pragma once

#include "lab/lab.h"

/* In the lab's namespaces. */
int wire_open(const struct lab *l, struct error *err);
