/* The loop of PID 1: signals, dead children, services, their logs, hardware that appears, the power button.
 * Everything that waits, during boot too, waits in supervise_step, so that no signal and no dead child is ever left
 * lying. It allocates nothing: what it needs is set aside by supervise_reserve. */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "init/service.h"

enum request { REQUEST_NONE, REQUEST_REBOOT, REQUEST_POWEROFF, REQUEST_HALT };

enum { SUPERVISE_BUTTONS = 8, SUPERVISE_OWN_SERVICES = 10 };

struct supervisor {
	struct service *services; /* the plan's, and PID 1's own among them */
	size_t count, room;
	struct pollfd *polls;
	int signal_fd;
	int hotplug_fd;                   /* -1: none */
	void (*hotplug)(void *data);      /* called when hotplug_fd is readable */
	void *hotplug_data;
	int buttons[SUPERVISE_BUTTONS];   /* input devices with a power key */
	size_t button_count;
	enum request request;             /* the first that came */
	const char *requested_by;
	bool complete;                    /* all services of the plan were added */
	bool node_up;                     /* was said */
	pid_t watched;                    /* a child that somebody waits for; 0: none */
	int watched_status;               /* valid once watched became 0 */
};

/* Block the signals; from here on none is lost. */
int supervise_open(struct supervisor *v, struct error *err);

/* Make room for this many services of the plan, beside PID 1's own. Before the first service is added. */
void supervise_reserve(struct arena *a, struct supervisor *v, size_t services);

/* Add a service; internal: one of PID 1's own. The pointer stays valid. NULL with err filled on failure. */
struct service *supervise_add(struct arena *a, struct supervisor *v, const struct plan_service *plan,
			      const struct names_variable *variables, bool internal, const char *terminal,
			      struct error *err);

/* Handle what there is, else wait for it, at most until the time `until` (clock_ms). Starts services whose needs are
 * met unless a shutdown was requested. */
void supervise_step(struct supervisor *v, int64_t until);

/* Wait for a child while the loop goes on; at most until the time. True with its wait(2) status when it ended. */
bool supervise_wait(struct supervisor *v, pid_t pid, int64_t until, int *status);

/* Stop all services, those first that others do not need; returns when all are down. */
void supervise_stop(struct supervisor *v);

/* Watch an input device for the power key. */
void supervise_button(struct supervisor *v, const char *device);
