/* The loop of PID 1: signals, dead children, services, their logs, and whatever else a part of PID 1 has it watch
 * (v->loop: descriptors and timers, see loop.h). Everything that waits, during boot too, waits in supervise_step, so
 * that no signal and no dead child is ever left lying. A step allocates nothing. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "init/loop.h"
#include "init/service.h"

enum request { REQUEST_NONE, REQUEST_REBOOT, REQUEST_POWEROFF, REQUEST_HALT };

/* So many times Ctrl-Alt-Del within so many milliseconds force the end. */
enum { SUPERVISE_PRESSES = 7, SUPERVISE_PRESSES_MS = 5000 };

struct supervisor {
	struct loop loop;
	struct service **services; /* the plan's, and PID 1's own among them, in the order in which they were added */
	size_t count, cap;
	int signal_fd;
	struct watch signals;
	enum request request; /* the first that came */
	const char *requested_by;
	bool forced;          /* the end is not to wait for anything */
	int64_t pressed[SUPERVISE_PRESSES]; /* when SIGINT last came (Ctrl-Alt-Del) */
	unsigned presses;
	bool stopping;        /* supervise_stop was called */
	bool complete;        /* all services of the plan were added */
	const char *final_message; /* said when the node is up; NULL: nothing */
	bool node_up;         /* was said */
	bool more;            /* children that ended wait to be reaped */
	pid_t watched;        /* a child that somebody waits for; 0: none */
	int watched_status;   /* valid once watched became 0 */
};

/* Block the signals; from here on none is lost. The supervisor stays where it is. */
int supervise_open(struct supervisor *v, struct error *err);

/* Add a service, at any time; internal: one of PID 1's own (a DHCP client, a watch on state): it is started at once,
 * kept running, and is no part of the node's being up. plan must stay. The pointer stays valid. NULL with err filled on
 * failure. */
struct service *supervise_add(struct arena *a, struct supervisor *v, const struct plan_service *plan,
			      const struct names_variable *variables, bool internal, const char *terminal,
			      struct error *err);

/* The service of this name; NULL: there is none. */
struct service *supervise_find(const struct supervisor *v, const char *name);

/* The node is to end; the first request counts. by: for the console, must stay. */
void supervise_request(struct supervisor *v, enum request request, const char *by);

/* The node is to end at once: services are killed, steps of the shutdown that wait for others are left out. Makes the
 * request if there was none. */
void supervise_force(struct supervisor *v, enum request request, const char *by);

/* Handle what there is, else wait for it, at most until the time `until` (clock_ms). Starts services whose needs are
 * met unless a shutdown was requested. */
void supervise_step(struct supervisor *v, int64_t until);

/* Wait for a child while the loop goes on; at most until the time, or until a request for the end arrives. True with its
 * wait(2) status when it ended. */
bool supervise_wait(struct supervisor *v, pid_t pid, int64_t until, int *status);

/* Stop all services, those first that others do not need; returns when all are down. */
void supervise_stop(struct supervisor *v);

/* How long that takes at most, in milliseconds: the limits of services that wait for each other add up. */
int64_t supervise_stop_limit(struct supervisor *v);
