/* The end: services in reverse order of need, then every other process, then file systems, then the machine. */
#pragma once

#include "init/supervise.h"

/* Stop everything. Each step has a time limit, so that hung I/O cannot keep the machine up. machine: unmount and call
 * reboot(2), never returns; else (PID 1 of a namespace) return when all processes are gone. */
void shutdown_run(struct supervisor *v, bool machine);
