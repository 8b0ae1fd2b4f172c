/* The lab's first process and parent of all others: namespaces, network, servers, machines, and answers at the control socket. */
#pragma once

#include "lab/lab.h"

/* Start it in the background. Returns when servers answer and machines are switched on; a failure leaves nothing behind.
 * lock: the open DIR/lock, which it holds from then on. */
int supervisor_start(struct lab *l, int lock, struct error *err);
