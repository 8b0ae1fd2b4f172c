/* A program that PID 1 runs to its end, with a limit, while the loop goes on: what may hang (mounts, the network, a
 * fetch) is never done by PID 1 itself. */
#pragma once

#include "init/supervise.h"

enum { CHILD_TEXT = 1024 };

struct child {
	const char *name;        /* of its log (/run/mkdl/log/NAME.log), of its cgroup, for messages */
	const char *const *argv; /* argv[0]: absolute path */
	const char *const *envp; /* NULL: spawn_environment */
	int64_t limit_ms;        /* killed after so long; 0: no limit */
	bool on_console;         /* its lines are shown on the console as they come, "NAME: …" */
};

struct child_result {
	int status;            /* wait(2), when it ended by itself */
	bool timed_out;        /* it was killed when its limit was over */
	bool interrupted;      /* it was killed because somebody asked for the machine to end */
	char text[CHILD_TEXT]; /* its last lines; "" when it had nothing to say */
};

/* Run it. 0 when it exited with 0, else -1 with err: how it ended, and the last line that it wrote ("state exited with
 * status 1: nfs 10.0.0.1:/x: connection refused"). result may be NULL. Only one at a time, and not in a callback of the
 * loop. One that does not die, as in hung I/O, is left behind. */
int child_run(struct supervisor *v, const struct child *c, struct child_result *result, struct error *err);
