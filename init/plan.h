/* The plan: what PID 1 is to do, as plain validated facts in flat files (base/flat.h) that the builder wrote.
 *
 * /etc/mkdl/plan
 *	mkdl-plan 1
 *	name worker                         profile
 *	hostname node-${mac}
 *	failure reboot 30 | failure shell 0
 *	interface NAME|boot                 which interface is the node's; boot: the one it booted from
 *	sysctl KEY VALUE                    KEY as in sysctl(8): net.ipv4.ip_forward
 *	state PATH tmpfs SIZE               SIZE as mount(8)'s size= ("50%", "512M")
 *	service NAME                        the records below belong to it, until the next service; not "init", "shell",
 *	                                    "dhcp-…", which are PID 1's own
 *	run ARG…                            argv, the program an absolute path; ${node_ip} ${hostname} ${mac}
 *	                                    ${interface} ${machine_id} are filled in, here and in env and ready
 *	env KEY VALUE
 *	needs NAME…                         started when these are ready
 *	exists PATH                         started only if PATH exists (repeatable); otherwise counted as ready
 *	ready socket PATH | http URL | port N | file PATH | command ARG…
 *	ready-timeout SECONDS               not ready after so long: restarted (default 120)
 *	oneshot                             runs to its end; ready when it exited with 0 (without ready, restart always)
 *	restart always|on-failure|never     default: always, for a oneshot on-failure
 *	stop-timeout SECONDS                between SIGTERM and SIGKILL (default 10)
 * Defaults elsewhere: hostname: the one DHCP gives; failure reboot 30; interface boot. Records that hold one value may
 * appear once; records for the whole node come before the first service.
 *
 * /etc/mkdl/modules:   "load PATH [PARAMETER…]" in the order to load
 * /etc/mkdl/modalias:  "PATTERN PATH…": for a device whose modalias matches (fnmatch), load the paths in this order
 * /etc/mkdl/manifest:  the image's last member:
 *	mkdl-manifest 1
 *	image NAME ID
 *	kernel VERSION
 *	file PATH SIZE | dir PATH | link PATH TARGET | node PATH
 *	end COUNT                           last record; COUNT of file, dir, link and node records
 *
 * The builder reads what it wrote with these same functions before it puts it into an image. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

enum plan_failure { PLAN_FAILURE_REBOOT, PLAN_FAILURE_SHELL };
enum plan_ready {
	PLAN_READY_NONE,
	PLAN_READY_SOCKET,
	PLAN_READY_HTTP,
	PLAN_READY_PORT,
	PLAN_READY_FILE,
	PLAN_READY_COMMAND,
};
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

enum { PLAN_TEXT_LIMIT = 1 << 20, PLAN_SECONDS_LIMIT = 86400 };

/* Parse the text of a plan (n bytes). name is for messages. Everything is checked: unknown records, missing fields,
 * numbers, needs that name no service, cycles, relative paths. Strings live in the arena. */
int plan_parse(struct arena *a, const char *name, const char *text, size_t n, struct plan *out, struct error *err);

/* Is value made of text and of variables from the list of names (NULL-terminated) only? A "${" that is not closed or
 * holds another name is an error; a "$" alone is text. */
int plan_check_variables(const char *value, const char *const names[], struct error *err);

/* The variables that a service's words, and that the hostname, may hold. */
extern const char *const plan_service_variables[];
extern const char *const plan_hostname_variables[];

/* One module to load: its file and its parameters joined by spaces, as finit_module(2) takes them. */
struct plan_module {
	const char *path;
	const char *parameters; /* "" for none */
};

struct plan_modules {
	struct plan_module *items;
	size_t count;
};

int plan_parse_modules(struct arena *a, const char *name, const char *text, size_t n, struct plan_modules *out,
		       struct error *err);

struct plan_alias {
	const char *pattern;
	size_t literal;     /* length of the pattern's start without wildcards, where most devices differ already */
	const char **paths; /* NULL-terminated, in the order to load */
};

struct plan_aliases {
	struct plan_alias *items; /* in the file's order */
	size_t count;
};

int plan_parse_modalias(struct arena *a, const char *name, const char *text, size_t n, struct plan_aliases *out,
			struct error *err);

/* Does this device's modalias (from sysfs, without its newline) match the entry? */
bool plan_alias_matches(const struct plan_alias *alias, const char *modalias);

enum plan_entry_kind { PLAN_ENTRY_FILE, PLAN_ENTRY_DIR, PLAN_ENTRY_LINK, PLAN_ENTRY_NODE };

struct plan_entry {
	enum plan_entry_kind kind;
	const char *path, *target; /* target: of a link, else NULL */
	uint64_t size;             /* of a file, bytes */
};

struct plan_manifest {
	const char *image, *id, *kernel; /* kernel: NULL when the image holds no modules */
	struct plan_entry *entries;
	size_t count;
};

int plan_parse_manifest(struct arena *a, const char *name, const char *text, size_t n, struct plan_manifest *out,
			struct error *err);

/* Is every entry of the manifest there below rootfd, of its kind and size? The first that is not is an error:
 * "/usr/bin/kubelet is missing", "/usr/bin/runc has 4096 of 8800000 bytes". */
int plan_check_manifest(const struct plan_manifest *m, int rootfd, struct error *err);
