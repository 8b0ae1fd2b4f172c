/* The end of the node, in steps, each with a limit, so that hung I/O cannot keep the machine up:
 *	services   in reverse order of need: stop command, SIGTERM, SIGKILL, by each one's stop-timeout
 *	processes  whatever else runs: SIGTERM, 5 s later SIGKILL, 3 s for that
 *	state      the state program's "unmount" (sessions are logged out), 30 s
 *	mounts     all file systems, 10 s each, 30 s together
 *	sync       20 s
 *	reboot(2)  where the kernel itself hangs, a process that was made before has it reset at once after 30 s (sysrq)
 * The hardware watchdog, where there is one, is fed no longer than these limits allow together; it stays armed through a
 * reboot, and is switched off before the machine is powered off or halted.
 * A shutdown that is forced (supervise_force) kills at once and skips the state program. */
#pragma once

#include "init/supervise.h"

/* Stop everything. machine: unmount and call reboot(2), never returns; else (PID 1 of a namespace) return when all
 * processes are gone. */
void shutdown_run(struct supervisor *v, bool machine);
