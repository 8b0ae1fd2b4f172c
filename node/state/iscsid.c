#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "node/state/state.h"

#define PIDFILE "/run/iscsid.pid"
#define SESSIONS "/sys/class/iscsi_session"

enum { START_MS = 10000, VALUE_LIMIT = 512, AGAIN_MS = 300 };

static pid_t pid_of(void)
{
	_cleanup_error_ struct error ignored = {0};
	_cleanup_strbuf_ struct strbuf text = {0}, name = {0};
	char path[64];
	long pid;

	if (file_read_at(AT_FDCWD, PIDFILE, 64, &text, &ignored) < 0 || !text.len)
		return 0;
	pid = strtol(text.data, NULL, 10);
	if (pid <= 1)
		return 0;
	snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	if (file_read_at(AT_FDCWD, path, 64, &name, &ignored) < 0 || strcmp(name.data, "iscsid\n") != 0)
		return 0;
	return (pid_t)pid;
}

bool iscsid_runs(void)
{
	return pid_of() > 0;
}

void stay_alive(void)
{
	_cleanup_close_ int fd = open("/sys/fs/cgroup/system/init/cgroup.procs", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, "0", 1) < 0)
		say("moving to PID 1's cgroup: %s", strerror(errno));
}

int iscsid_start(struct error *err)
{
	const char *const argv[] = {"/sbin/iscsid", NULL};
	int64_t until = clock_ms() + START_MS;

	if (iscsid_runs())
		return 0;
	if (access(SESSIONS, F_OK) < 0)
		return error_set(err,
				 "the kernel of this image has no iSCSI: it was built without the module iscsi_tcp");
	/* Its database and its lock. */
	if (dir_make_at(AT_FDCWD, "/etc/iscsi/nodes", 0700, err) < 0 ||
	    dir_make_at(AT_FDCWD, "/run/lock/iscsi", 0700, err) < 0)
		return -1;
	if (run_ok(argv, START_MS, err) < 0)
		return error_wrap(err, "starting iscsid");
	while (!iscsid_runs()) {
		if (clock_ms() > until)
			return error_set(err, "iscsid ended at once");
		usleep(20000);
	}
	return 0;
}

void iscsid_stop(void)
{
	pid_t pid = pid_of();
	int64_t until = clock_ms() + 2000;

	if (pid <= 0)
		return;
	kill(pid, SIGTERM);
	while (iscsid_runs() && clock_ms() < until)
		usleep(20000);
	if (iscsid_runs())
		kill(pid, SIGKILL);
}

static bool attribute_is(const char *session, const char *attribute, const char *value)
{
	_cleanup_error_ struct error ignored = {0};
	_cleanup_strbuf_ struct strbuf text = {0};
	char path[320];

	snprintf(path, sizeof(path), SESSIONS "/%s/%s", session, attribute);
	if (file_read_at(AT_FDCWD, path, VALUE_LIMIT, &text, &ignored) < 0 || !text.len)
		return false;
	if (text.data[text.len - 1] == '\n')
		text.data[--text.len] = '\0';
	return !strcmp(text.data, value);
}

bool iscsi_session_find(const char *target, char out[static SESSION_NAME])
{
	_cleanup_closedir_ DIR *dir = opendir(SESSIONS);

	for (struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir))
		if (!strncmp(d->d_name, "session", 7) && strlen(d->d_name) < SESSION_NAME &&
		    attribute_is(d->d_name, "targetname", target)) {
			strcpy(out, d->d_name);
			return true;
		}
	return false;
}

void iscsi_session_state(const char *target, char out[static SESSION_STATE])
{
	static const char *const states[] = {"LOGGED_IN", "FAILED", "FREE"};
	char session[SESSION_NAME];

	out[0] = '\0';
	if (!iscsi_session_find(target, session))
		return;
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
		if (attribute_is(session, "state", states[i]))
			strcpy(out, states[i]);
}

int iscsi_logout(const char *target, int limit_ms, struct error *err)
{
	const char *const argv[] = {"/sbin/iscsiadm", "-m", "node", "-T", target, "-u", NULL};
	int64_t until = clock_ms() + limit_ms;
	char session[SESSION_NAME];

	if (!iscsi_session_find(target, session))
		return 0;
	if (iscsid_start(err) < 0)
		return -1;
	/* One that was just started takes over the sessions first, and has no ear for anything else meanwhile. */
	while (iscsi_session_find(target, session)) {
		int64_t left = until - clock_ms();

		error_clear(err);
		if (left <= 0)
			return error_set(err, "logging out of %s: no end within %d s", target, limit_ms / 1000);
		if (run_ok(argv, (int)left, err) < 0)
			usleep(AGAIN_MS * 1000);
	}
	error_clear(err);
	return 0;
}
