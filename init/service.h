/* One supervised service: its process, where it stands, and when something is next due. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "init/log.h"
#include "init/names.h"
#include "init/notify.h"
#include "init/plan.h"
#include "init/rate.h"
#include "init/ready.h"

enum service_state {
	SERVICE_WAITING,  /* for what it needs */
	SERVICE_STARTING, /* runs, not ready yet */
	SERVICE_READY,    /* runs and is ready */
	SERVICE_DONE,     /* ended as it should, or has nothing to do on this node: counts as ready */
	SERVICE_BACKOFF,  /* died; waits until its next start */
	SERVICE_FAILED,   /* died and is not to be restarted */
	SERVICE_STOPPING, /* asked to end */
	SERVICE_STOPPED,  /* ended on request */
};

enum { SERVICE_BACKOFF_FIRST_MS = 500 };

struct service {
	const struct plan_service *plan;
	const char **argv, **envp;  /* variables filled in */
	const char **stop_argv;     /* NULL: none */
	const char *terminal;       /* a shell on this device instead of a log */
	bool internal;              /* PID 1's own: no part of the node's being up */
	enum service_state state;
	pid_t pid;                  /* 0: does not run */
	int64_t started;            /* clock_ms of the last start */
	int64_t due;                /* BACKOFF: next start; STARTING: ready-timeout; STOPPING: SIGKILL */
	int64_t backoff;            /* ms until the next start after a death */
	unsigned deaths;            /* since it was last up for long */
	bool again;                 /* STOPPING: to be started again afterwards */
	bool killed;                /* STOPPING: SIGKILL was sent */
	pid_t stop_pid;             /* STOPPING: of the stop command while it runs, else 0 */
	int64_t stop_due;           /* and when it has had its time */
	struct rate rate;           /* of what is said about its deaths */
	struct watch oom;           /* of memory.events of its group */
	unsigned long long oom_kills;
	struct notify notify;
	int64_t ends_within;        /* ms that those that need it have until they have ended: supervise_stop_limit */
	unsigned starts;            /* since the machine started */
	int64_t ready_at, ended_at; /* clock_ms of the present run's readiness, of the last run's end; 0: never */
	char ended[64];             /* how the last run ended; "" before */
	bool has_log;
	struct log log;
	struct ready ready;
};

/* Make a service of its plan, with the variables in its words filled in; memory from the arena. It stays where it is. */
int service_prepare(struct arena *a, struct service *s, struct loop *loop, const struct plan_service *plan,
		    const struct names_variable *variables, struct error *err);

/* Fill the variables in anew. True when that changed a word: the service is to be started again. */
bool service_refill(struct arena *a, struct service *s, const struct names_variable *variables);

/* Start it now, or say that nothing is to be done (exists). A failed fork is tried again after the backoff. */
void service_start(struct service *s, int64_t now);

/* Its process ended with this wait(2) status. */
void service_ended(struct service *s, int status, int64_t now);

/* Whatever is due: readiness, time limits. */
void service_tick(struct service *s, int64_t now);

/* Its stop command ended. */
void service_stop_command_ended(struct service *s, int status);

/* Did the kernel kill a process of it for want of memory? Says so. */
void service_check_oom(struct service *s);

/* Ask it to end: by its stop command, if it has one, then by SIGTERM. again: and start it anew then, for which the stop
 * command is not run; one that does not run is started. */
void service_stop(struct service *s, int64_t now, bool again);

/* It has to end now. */
void service_kill(struct service *s, int64_t now);

/* How long it takes to stop at most, in milliseconds. */
int64_t service_stop_limit(const struct service *s);
/* What a person at nodectl asks for: a start (of one that does not run), an end for good, a run anew. */
void service_asked_start(struct service *s);
void service_asked_stop(struct service *s, int64_t now);
void service_asked_restart(struct service *s, int64_t now);

/* Counts as ready for those that need it. */
bool service_is_up(const struct service *s);

/* Ended for good: nothing left to stop. */
bool service_is_down(const struct service *s);

/* When service_tick has something to do next (clock_ms); INT64_MAX for never. */
int64_t service_next(const struct service *s);
