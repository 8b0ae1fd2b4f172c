/* The program as PID 1 runs it: brings the network up and keeps it so until it is told to end. */
#pragma once

#include "node/network/network.h"

/* Does not return while all is well. -1: the kernel or the folders refuse; PID 1 starts it again. 0: SIGTERM. The
 * network stays as it is in either case. once: return as soon as one pass is done (for tests). */
int network_run(struct network *n, bool once, struct error *err);
