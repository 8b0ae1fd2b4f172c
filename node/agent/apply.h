/* A merged configuration brought about: first everything that can fail is worked out (contents fetched and unpacked,
 * accounts, the plan checked by its own reader), then files are written.
 *
 *   apply.c             the order
 *   apply-root.c        files below a root that is given as a descriptor
 *   apply-files.c       write_files, directories, links
 *   apply-accounts.c    passwd, group, shadow, shells; homes and keys of SSH
 *   apply-plan.c        settings of the plan: names, time, network, state
 *   apply-commands.c    bootcmd, runcmd, scripts, power_state
 *   apply-kubernetes.c  the kubelet's words and files; apply-registries.c: where images come from
 *   apply-system.c      time zone, certificates, randomness
 *   apply-host-key.c    SSH's own key */
#pragma once

#include <sys/types.h>

#include "node/agent/ssh-key.h"
#include "node/agent/merge.h"
#include "init/names.h"
#include "node/agent/mkdl.h"

/* Below a root. Paths are clean and absolute; links on the way are followed as if the root were "/" (openat2(2),
 * RESOLVE_IN_ROOT), so that nothing outside of it is reached. */
struct root {
	int fd;
	bool owners; /* files get their owners; else they are the caller's (a desk without the right to give files away)
		      */
	struct arena *arena;
};

/* An open descriptor, or -1 with errno. */
int root_open(const struct root *r, const char *path, int flags);
bool root_exists(const struct root *r, const char *path);
/* The text of a file, at most limit bytes; a missing one is "". *found may be NULL. */
int root_read(const struct root *r, const char *path, size_t limit, const char **out, size_t *size, bool *found,
	      struct error *err);
/* Missing folders on the way are made, 0755 and root's. */
int root_make_folders(const struct root *r, const char *path, struct error *err);
/* Would that work, as things are? */
int root_check_folders(const struct root *r, const char *path, struct error *err);
/* All of a file or nothing of it: written beside, then renamed. A link at its end is replaced, not followed. */
int root_write(const struct root *r, const char *path, const void *data, size_t n, mode_t mode, uid_t uid, gid_t gid,
	       struct error *err);
/* Every file in a folder whose name begins so. What is not there is fine. */
int root_remove(const struct root *r, const char *folder, const char *prefix, struct error *err);
/* A folder with these owners and this mode, whether it is there or not. */
int root_folder(const struct root *r, const char *path, mode_t mode, uid_t uid, gid_t gid, struct error *err);
int root_link(const struct root *r, const char *path, const char *target, bool hard, uid_t uid, gid_t gid,
	      struct error *err);
/* lstat; false when it is not there. */
struct stat;
bool root_stat(const struct root *r, const char *path, struct stat *st);

struct account {
	const char *name, *gecos, *home, *shell;
	uid_t uid;
	gid_t gid;
	bool fresh;	     /* not in the image: its home is made */
	struct strings keys; /* of SSH, to add */
	struct place at;
};

struct account_group {
	const char *name;
	gid_t gid;
	struct strings members;
};

struct accounts {
	struct account *users;
	size_t user_count, user_cap;
	struct account_group *groups;
	size_t group_count, group_cap;
	uid_t next_uid[2]; /* where to look for a free number; [1]: of the system's accounts */
	gid_t next_gid[2];
};

struct apply {
	struct arena *arena;
	struct config *config;
	struct settings settings;
	struct plan *plan;
	struct root root;
	bool offline;
	struct accounts accounts;
	struct strings late,
		late_more; /* paths put aside below APPLY_LATE, to be copied, or appended, when state is mounted */
	size_t total;	   /* bytes of contents */
};

/* Files below the folder of a state cannot be written before it is mounted: they are put aside below APPLY_LATE. The
 * path to write to instead, or path itself. */
#define APPLY_LATE "/run/mkdl/late"
#define APPLY_SCRIPTS "/run/mkdl/scripts"
const char *apply_place(struct apply *a, const char *path);
/* The parts, in order. What ends in _prepare writes nothing yet. */
int apply_accounts_prepare(struct apply *a, struct error *err);
int apply_files_prepare(struct apply *a, struct error *err);
int apply_plan_prepare(struct apply *a, struct error *err);
int apply_kubernetes_prepare(struct apply *a, struct error *err);
int apply_registries_prepare(struct apply *a, struct error *err);
int apply_system_prepare(struct apply *a, struct error *err);
/* The service "config-late" is added by apply_commands: what is put aside is known when all files are written. */
int apply_commands_prepare(struct apply *a, struct error *err);
int apply_bootcmd(struct apply *a, struct error *err);
int apply_accounts(struct apply *a, struct error *err);
int apply_files(struct apply *a, struct error *err);
int apply_kubernetes(struct apply *a, struct error *err);
int apply_registries(struct apply *a, struct error *err);
int apply_system(struct apply *a, struct error *err);
/* dropbear's file of the host's key, where the service "ssh-key" looks for it. */
#define APPLY_HOST_KEY SSH_KEY_GIVEN
int apply_host_key_prepare(struct apply *a, struct error *err);
int apply_host_key(struct apply *a, struct error *err);
int apply_commands(struct apply *a, struct error *err);

/* The content of a file or of whatever else names an address: fetched, checked, unpacked. Data and size are filled in.
 */
int apply_content(struct apply *a, struct setting_content *content, struct error *err);
/* Names or numbers of USER and GROUP (NULL: root). */
int apply_owner(struct apply *a, const char *user, const char *group, struct place at, uid_t *uid, gid_t *gid,
		struct error *err);
