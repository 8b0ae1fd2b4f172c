/* Is a service ready? One check at a time, none of which can block PID 1: connects do not wait, and what may (HTTP, a
 * command) is a child with a time limit. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "init/notify.h"
#include "init/plan.h"

struct ready {
	enum plan_ready kind;
	const char *const *words; /* variables filled in */
	const struct notify *notify; /* of PLAN_READY_NOTIFY: what the service says */
	int fd;           /* of a TCP connect under way, else -1 */
	pid_t pid;        /* of a check's child, else 0 */
	int64_t next;     /* when to look again (clock_ms) */
	int64_t interval; /* to the look after that */
	int64_t kill_at;  /* when the child has had its time */
	bool yes;
};

/* Begin anew: the service was just started. */
void ready_begin(struct ready *r, int64_t now);

/* Look if it is time. Returns true once the service is ready. */
bool ready_look(struct ready *r, int64_t now);

/* The check's child ended with this wait(2) status. */
void ready_child_ended(struct ready *r, int status, int64_t now);

/* Stop: closes what is open, kills the child. */
void ready_end(struct ready *r);
