/* The plan: what PID 1 is to do, as plain validated facts in flat files (base/flat.h) that the builder wrote.
 *
 * /etc/mkdl/plan
 *	mkdl-plan 1
 *	name worker                         profile
 *	hostname node-${mac}
 *	failure reboot 30 | failure shell 0
 *	interface NAME|boot                 which interface is the node's; boot: the one it booted from
 *	sysctl KEY VALUE
 *	state PATH tmpfs SIZE               SIZE as mount(8)'s size= ("50%", "512M")
 *	service NAME                        the records below belong to it, until the next service
 *	run ARG…                            argv; ${node_ip} ${hostname} ${mac} ${interface} ${machine_id} are filled in
 *	env KEY VALUE
 *	needs NAME…                         started when these are ready
 *	exists PATH                         started only if PATH exists (repeatable); otherwise counted as ready
 *	ready socket PATH | http URL | port N | file PATH | command ARG…
 *	ready-timeout SECONDS
 *	oneshot                             runs to its end; ready when it exited with 0
 *	restart always|on-failure|never
 *	stop-timeout SECONDS                between SIGTERM and SIGKILL
 *
 * /etc/mkdl/modules:   "load PATH [PARAMETER…]" in the order to load
 * /etc/mkdl/modalias:  "PATTERN PATH…": for a device whose modalias matches (fnmatch), load the paths in this order
 * /etc/mkdl/manifest:  the image's last member:
 *	mkdl-manifest 1
 *	image NAME ID
 *	kernel VERSION
 *	file PATH SIZE | dir PATH | link PATH TARGET | node PATH
 *
 * The builder reads what it wrote with these same functions before it puts it into an image. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

enum plan_failure { PLAN_FAILURE_REBOOT, PLAN_FAILURE_SHELL };
enum plan_ready { PLAN_READY_NONE, PLAN_READY_SOCKET, PLAN_READY_HTTP, PLAN_READY_PORT, PLAN_READY_FILE, PLAN_READY_COMMAND };
enum plan_restart { PLAN_RESTART_ALWAYS, PLAN_RESTART_ON_FAILURE, PLAN_RESTART_NEVER };

struct plan_pair {
	const char *key, *value;
};

struct plan_state {
	const char *path, *kind, *size;
};

struct plan_service {
	const char *name;
	const char **run; /* NULL-terminated */
	struct plan_pair *env;
	size_t env_count;
	const char **needs; /* NULL-terminated */
	const char **exists; /* NULL-terminated */
	enum plan_ready ready;
	const char **ready_words; /* what follows the kind, NULL-terminated */
	unsigned ready_timeout, stop_timeout; /* seconds */
	bool oneshot;
	enum plan_restart restart;
};

struct plan {
	const char *name, *hostname, *interface;
	enum plan_failure failure;
	unsigned failure_delay; /* seconds */
	struct plan_pair *sysctls;
	size_t sysctl_count;
	struct plan_state *states;
	size_t state_count;
	struct plan_service *services;
	size_t service_count;
};

/* Parse the text of a plan (n bytes). name is for messages. Everything is checked: unknown records, missing fields, numbers,
 * needs that name no service, cycles, relative paths. Strings live in the arena. */
int plan_parse(struct arena *a, const char *name, const char *text, size_t n, struct plan *out, struct error *err);
