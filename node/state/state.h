/* /usr/libexec/mkdl/state: mounts, watches and unmounts what a node keeps. PID 1 runs it as a child that it can give up
 * on, because everything here may hang when a server is away.
 *
 *	state mount     mount every state of the plan, outer paths first; waits for servers as the plan has it
 *	state watch     a service: says when a server goes away and comes back, keeps iscsid alive
 *	state unmount   unmount and log out; what hangs is given up
 *
 * The plan is /run/mkdl/plan, else /etc/mkdl/plan; the machine's facts are /run/mkdl/facts. What is said goes to
 *standard output, a line at a time, and from there to the console.
 *
 *	main.c cmd-mount.c cmd-watch.c cmd-unmount.c   the commands
 *	attach.c       one state, by kind, to its mount
 *	nfs.c iscsi.c iscsid.c session-drop.c loop.c disk.c   the kinds
 *	filesystem.c signature.c                       what is on a block device; making, checking and mounting it
 *	reservation.c                                  one node at a time on a LUN (SCSI persistent reservations)
 *	options.c facts.c record.c reach.c run.c       their tools */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "init/names.h"
#include "init/plan.h"

/* What came of an attempt to attach a state. */
enum outcome {
	OUTCOME_DONE,
	OUTCOME_AWAY,   /* its server or device is not there (err says how): the state's away policy holds */
	OUTCOME_FAILED, /* it is there, and it will not do: the boot ends */
};

enum health {
	HEALTH_OK,
	HEALTH_AWAY,     /* its server does not answer */
	HEALTH_READONLY, /* the kernel made the file system read-only after an error */
	HEALTH_FULL,
	HEALTH_DEGRADED, /* in RAM instead, because its server was away at boot */
	HEALTH_LOST,     /* another node has taken it */
};

/* A state that is mounted, as kept in /run/mkdl/state/NAME (NAME: the path with "-" for "/"), a flat file:
 *	path PATH
 *	kind tmpfs|nfs|iscsi|loop|disk
 *	source WHAT                 for people: "10.0.0.1:/nodes/a"
 *	health ok|away|read-only|full|degraded|lost
 *	since MILLISECONDS          clock_ms() of when the health became that
 *	text TEXT                   for people: "nfs server 10.0.0.1 does not answer"
 *	server HOST                 nfs, loop
 *	device DEVICE               iscsi, loop, disk
 *	target IQN                  iscsi
 *	file PATH                   loop: of the image
 *	export PATH                 loop: where the export is mounted */
struct record {
	const char *path;
	enum plan_state_kind kind;
	const char *source;
	enum health health;
	int64_t since;
	const char *text;
	const char *server, *device, *target, *file, *export; /* NULL where there is none */
};

struct state_node {
	struct arena arena;
	struct plan plan;
	struct names_variable variables[8];
};

#define STATE_RUN "/run/mkdl"
#define STATE_RECORDS STATE_RUN "/state"
#define STATE_EXPORTS STATE_RUN "/exports"

/* A line to the console. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ---- facts.c */

/* Read the plan and the machine's facts; the states come sorted, outer paths first, variables filled in. */
int state_load(struct state_node *n, struct error *err);

/* text with its variables filled in. One that has no value here, or one that does not belong into a path or a name, is
 * an error: two machines must not end up with the same. */
int fill_variables(struct state_node *n, const char *text, const char **out, struct error *err);

const char *machine_id(const struct state_node *n);

/* ---- record.c */
int record_write(const struct record *r, struct error *err);
/* All records there are, sorted by path. */
int records_read(struct arena *a, struct record **out, size_t *count, struct error *err);
void record_remove(const char *path);
const char *health_word(enum health h);
const char *kind_word(enum plan_state_kind k);
/* "/var/lib/kubelet" → "var-lib-kubelet" */
const char *path_name(struct arena *a, const char *path);

/* ---- reach.c */

/* Does HOST or HOST:PORT (else the port given) take a connection within `limit_ms`? The address that answered goes to
 * `address` (numeric, INET6_ADDRSTRLEN and scope). */
enum { ADDRESS_SIZE = 64 };
int reach(const char *host, unsigned port, int limit_ms, char address[static ADDRESS_SIZE], struct error *err);
/* The host and port of ADDRESS[:PORT], [ADDRESS6][:PORT]. */
int split_portal(struct arena *a, const char *portal, unsigned fallback, const char **host, unsigned *port,
		 struct error *err);

/* ---- run.c */

/* Run a program to its end, at most limit_ms; its last lines go to text. status as of wait(2). A program that has to be
 * killed is an error. */
enum { RUN_TEXT = 2048 };
int run(const char *const argv[], int limit_ms, char text[static RUN_TEXT], int *status, struct error *err);
/* The same, and anything but exit status 0 is an error with its last line. */
int run_ok(const char *const argv[], int limit_ms, struct error *err);
/* Call work(data) in a child that is killed, and left behind if need be, after limit_ms. What it puts into err comes
 * back, and so does its return value (0 to 127); -1 when it had to be given up (*hung is then true) or died. */
int run_function(int (*work)(void *data, struct error *err), void *data, int limit_ms, bool *hung, struct error *err);

/* ---- options.c */
struct mount_options {
	unsigned long flags;
	const char *data; /* what is left for the file system, "a,b=c"; "" for none */
};
struct mount_options mount_options(struct arena *a, const struct strings *words);
/* Is "name" or "name=…" among them? Its value ("" without one), else NULL. */
/* Is it one of the mount of an NFS export (of a loop state, the others are those of the file system in the image)? */
bool option_is_nfs(const char *word);
const char *option_value(const struct strings *words, const char *name);

/* ---- signature.c */

/* What a block device or image of `size` bytes holds. name: "ext4", "xfs", or another's; NULL: nothing that is known.
 * empty: nothing but zeros where file systems, partition tables and the like have their marks. */
struct signature {
	const char *name;
	char label[65], uuid[40]; /* of ext4 and xfs */
	bool empty;
};
int signature_read(int fd, uint64_t size, struct signature *out, struct error *err);
/* The same by path. */
int signature_of(const char *path, struct signature *out, struct error *err);

/* ---- filesystem.c */

/* Make the file system if the device is empty and the plan allows it, check it, mount it. */
int filesystem_attach(struct state_node *n, const struct plan_state *s, const char *device, struct error *err);

/* ---- kinds: fill r's fields as they go, so that what was begun can be undone */
enum outcome nfs_attach(struct state_node *n, const struct plan_state *s, struct record *r, struct error *err);
enum outcome iscsi_attach(struct state_node *n, const struct plan_state *s, struct record *r, struct error *err);
enum outcome loop_attach(struct state_node *n, const struct plan_state *s, struct record *r, struct error *err);
enum outcome disk_attach(struct state_node *n, const struct plan_state *s, struct record *r, struct error *err);
int tmpfs_attach(const char *path, const char *size, const struct strings *options, struct error *err);

/* ---- nfs.c, for loop.c: mount server:export on path. */
enum outcome nfs_mount(struct state_node *n, const struct plan_state *s, const char *path, struct error *err);

/* ---- iscsid.c */

/* Into PID 1's own cgroup: what is started from here on stays when the state's service is restarted or stopped. */
void stay_alive(void);


/* Have iscsid running (it takes over the sessions that there are). */
int iscsid_start(struct error *err);
bool iscsid_runs(void);
void iscsid_stop(void);
/* Log out of a session; works when its target is dead, and lets go of I/O that waits for it. */
int iscsi_logout(const char *target, int limit_ms, struct error *err);
/* End a session whose target is dead, at once: what waits for it gets an error. Without iscsid, which must not run. */
int iscsi_drop(const char *target, struct error *err);
/* The session ("session1") with a target, if there is one. */
enum { SESSION_NAME = 32 };
bool iscsi_session_find(const char *target, char out[static SESSION_NAME]);
/* "LOGGED_IN", "FAILED", "FREE"; "" when there is no session. */
enum { SESSION_STATE = 16 };
void iscsi_session_state(const char *target, char out[static SESSION_STATE]);

/* ---- reservation.c (SPC-4, 5.13: persistent reservations; type Write Exclusive) */

enum reservation {
	RESERVATION_HELD,        /* by this node, by now */
	RESERVATION_OTHER,       /* by another node: err says so */
	RESERVATION_UNSUPPORTED, /* the target has none: err says how it answered */
	RESERVATION_FAILED,      /* the device cannot be opened or asked: nobody knows who has it */
};
enum reservation reservation_take(const char *device, const char *machine_id, struct error *err);
void reservation_release(const char *device, const char *machine_id);

/* ---- loop.c */
void loop_detach(const char *device);

/* ---- the commands; the exit status */
int cmd_mount(struct state_node *n, struct error *err);
int cmd_watch(struct state_node *n, struct error *err);
int cmd_unmount(struct state_node *n, struct error *err);

enum { EXIT_REBOOT = 3 }; /* of `state mount`: an away policy asks for a reboot */
