#include "init/shutdown.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "init/console.h"

enum { TERM_MS = 5000, KILL_MS = 3000, UNMOUNT_MS = 30000, MOUNTS = 4096, MOUNTINFO_LIMIT = 4 << 20 };

static const struct {
	const char *doing;
	int command;
} ways[] = {
	[REQUEST_NONE] = {"rebooting", RB_AUTOBOOT},
	[REQUEST_REBOOT] = {"rebooting", RB_AUTOBOOT},
	[REQUEST_POWEROFF] = {"powering off", RB_POWER_OFF},
	[REQUEST_HALT] = {"halting", (int)RB_HALT_SYSTEM},
};

/* Wait until PID 1 has no child, which means that no process is left: orphans are its children too. */
static bool wait_for_all(int64_t until)
{
	for (;;) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid < 0 && errno == ECHILD)
			return true;
		if (pid > 0)
			continue;
		if (clock_ms() >= until)
			return false;
		usleep(20000);
	}
}

static void kill_others(void)
{
	if (kill(-1, SIGTERM) == 0)
		kill(-1, SIGCONT);
	if (wait_for_all(clock_ms() + TERM_MS))
		return;
	console_say("processes that did not end within %d s: killed", TERM_MS / 1000);
	kill(-1, SIGKILL);
	if (!wait_for_all(clock_ms() + KILL_MS))
		console_say("some processes do not die (hung I/O?): left behind");
}

/* mountinfo writes space, tab, newline and backslash as \ooo (proc(5)). */
static void unescape(char *path)
{
	char *w = path;

	for (const char *p = path; *p; w++) {
		if (p[0] == '\\' && p[1] && p[2] && p[3]) {
			*w = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
			p += 4;
		} else {
			*w = *p++;
		}
	}
	*w = '\0';
}

static void unmount(const char *path)
{
	if (!strcmp(path, "/") || path_is_below(path, "/proc") || path_is_below(path, "/sys") || path_is_below(path, "/dev"))
		return;
	if (umount2(path, UMOUNT_NOFOLLOW) == 0 || errno != EBUSY)
		return;
	/* In use: what is written is kept, nothing more gets in, and the mount goes with its last user. */
	mount(NULL, path, NULL, MS_REMOUNT | MS_RDONLY, NULL);
	umount2(path, UMOUNT_NOFOLLOW | MNT_DETACH);
}

/* The last mounted first. */
static void unmount_all(void)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error err = {0};
	static char *paths[MOUNTS];
	char *line, *rest;
	size_t n = 0;

	if (file_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_LIMIT, &text, &err) < 0)
		return;
	rest = text.data;
	while ((line = strsep(&rest, "\n")) && n < MOUNTS) {
		char *path = NULL;

		/* The fifth field is the mount point. */
		for (int field = 0; field < 5 && line; field++)
			path = strsep(&line, " ");
		if (path && line)
			paths[n++] = path;
	}
	while (n-- > 0) {
		unescape(paths[n]);
		unmount(paths[n]);
	}
}

/* In a child: a file system whose server is away may hold it for ever, but not PID 1. */
static void unmount_in_child(void)
{
	int64_t until = clock_ms() + UNMOUNT_MS;
	pid_t child = fork();

	if (child == 0) {
		sync();
		unmount_all();
		sync();
		_exit(0);
	}
	while (child > 0 && waitpid(child, NULL, WNOHANG) == 0) {
		if (clock_ms() >= until) {
			console_say("file systems cannot be unmounted within %d s: left as they are",
				    UNMOUNT_MS / 1000);
			return;
		}
		usleep(10000);
	}
}

void shutdown_run(struct supervisor *v, bool machine)
{
	int64_t begin = clock_ms();

	if (v->requested_by)
		console_say("%s: asked by %s", ways[v->request].doing, v->requested_by);
	else
		v->request = REQUEST_REBOOT;
	supervise_stop(v);
	console_say("services stopped (took %lld ms)", (long long)(clock_ms() - begin));
	kill_others();
	if (!machine)
		return;
	unmount_in_child();
	console_say("%s", ways[v->request].doing);
	reboot(ways[v->request].command);
	console_say("the kernel refused: %s", strerror(errno));
	for (;;)
		pause();
}
