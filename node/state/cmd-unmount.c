#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "node/state/state.h"

/* A server that does not answer is given this long before what hangs on it is given up. */
enum { ANSWER_MS = 3000, UNMOUNT_MS = 15000, LOGOUT_MS = 8000, GIVE_UP_MS = 3000 };

static int ask(void *data, struct error *err)
{
	struct statvfs st;

	(void)err;
	(void)statvfs(data, &st);
	return 0;
}

/* Servers that did not answer: each is asked once. */
static const char *dead[16];
static size_t dead_count;

static bool is_dead(const char *server)
{
	for (size_t i = 0; i < dead_count; i++)
		if (!strcmp(dead[i], server))
			return true;
	return false;
}

static bool is_away(const struct record *r)
{
	_cleanup_error_ struct error ignored = {0};
	char state[SESSION_STATE];
	bool hung;

	if (r->kind == PLAN_STATE_ISCSI) {
		iscsi_session_state(r->target, state);
		return strcmp(state, "LOGGED_IN") != 0;
	}
	if (!r->server || is_dead(r->server))
		return r->server;
	run_function(ask, (void *)(r->export ? r->export : r->path), ANSWER_MS, &hung, &ignored);
	if (hung && dead_count < sizeof(dead) / sizeof(*dead))
		dead[dead_count++] = r->server;
	return hung;
}

/* What is mounted below it went before: records are unmounted inner paths first. */
static int unmount(void *data, struct error *err)
{
	const char *path = data;
	int fd;

	/* Say no to nothing that is still to be written. */
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		syncfs(fd);
		close(fd);
	}
	if (umount2(path, UMOUNT_NOFOLLOW) == 0 || errno == EINVAL)
		return 0;
	if (errno != EBUSY) {
		error_errno(err, "unmounting");
		return 1;
	}
	/* In use by something that did not end: written back, and nothing more gets in. */
	mount(NULL, path, NULL, MS_REMOUNT | MS_RDONLY, NULL);
	umount2(path, UMOUNT_NOFOLLOW | MNT_DETACH);
	error_set(err, "something still uses it: synced and detached");
	return 1;
}

static void give_up(const struct record *r)
{
	/* Ends the requests that wait for an NFS server. */
	if (r->export)
		umount2(r->export, MNT_FORCE | UMOUNT_NOFOLLOW);
	umount2(r->path, MNT_FORCE | UMOUNT_NOFOLLOW);
	umount2(r->path, MNT_DETACH | UMOUNT_NOFOLLOW);
	if (r->export)
		umount2(r->export, MNT_DETACH | UMOUNT_NOFOLLOW);
}

static int give_up_in_child(void *data, struct error *err)
{
	(void)err;
	give_up(data);
	return 0;
}

static void unmount_one(const struct state_node *n, struct record *r)
{
	_cleanup_error_ struct error err = {0};
	bool hung;
	int status;

	status = is_away(r) ? -1 : run_function(unmount, (void *)r->path, UNMOUNT_MS, &hung, &err);
	if (status < 0) {
		if (r->kind != PLAN_STATE_ISCSI)
			say("%s: its server %s is away: given up; what was not written yet is lost", r->path,
			    r->server ? r->server : "");
		run_function(give_up_in_child, r, GIVE_UP_MS, &hung, &err);
		return;
	}
	if (status > 0)
		say("%s: %s", r->path, error_text(&err));
	if (r->kind == PLAN_STATE_ISCSI && r->device && status == 0)
		reservation_release(r->device, machine_id(n));
	if (r->kind == PLAN_STATE_LOOP && r->device)
		loop_detach(r->device);
	if (r->export)
		umount2(r->export, UMOUNT_NOFOLLOW);
}

/* Sessions that have no mount left. */
static void log_out(struct record *records, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		_cleanup_error_ struct error err = {0};

		if (records[i].kind == PLAN_STATE_ISCSI && iscsi_logout(records[i].target, LOGOUT_MS, &err) < 0)
			say("%s: %s", records[i].path, error_text(&err));
	}
}

static int drop(void *target, struct error *err)
{
	return iscsi_drop(target, err) < 0 ? 1 : 0;
}

/* Dead sessions first: processes and the kernel wait for them, and get an error now. */
static void drop_dead(struct record *records, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		_cleanup_error_ struct error err = {0};
		bool hung;

		if (records[i].kind != PLAN_STATE_ISCSI || !is_away(&records[i]))
			continue;
		iscsid_stop();
		say("%s: its target %s is away: given up; what was not written yet is lost", records[i].path,
		    records[i].target);
		if (run_function(drop, (void *)records[i].target, LOGOUT_MS, &hung, &err) != 0)
			say("%s: %s", records[i].path, error_text(&err));
	}
}

int cmd_unmount(struct state_node *n, struct error *err)
{
	int64_t began = clock_ms();
	struct record *records;
	size_t count, mounts = 0;

	if (records_read(&n->arena, &records, &count, err) < 0)
		return -1;
	drop_dead(records, count);
	/* Sorted by path, an outer one stands before what is in it. */
	for (size_t i = count; i-- > 0;) {
		if (records[i].kind == PLAN_STATE_TMPFS)
			continue;
		mounts++;
		unmount_one(n, &records[i]);
	}
	log_out(records, count);
	iscsid_stop();
	if (mounts)
		say("%zu unmounted (took %lld ms)", mounts, (long long)(clock_ms() - began));
	return 0;
}
