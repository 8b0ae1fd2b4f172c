#include "init/shutdown.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "init/child.h"
#include "init/console.h"
#include "init/unmount.h"
#include "init/watchdog.h"

#define STATE_PROGRAM "/usr/libexec/mkdl/state"

enum {
	TERM_MS = 5000,
	KILL_MS = 3000,
	LOOK_MS = 20,
	STATE_MS = 30000,
	MOUNT_MS = 10000,
	MOUNTS_MS = 30000,
	SYNC_MS = 20000,
	FORCED_MS = 5000, /* each step of a shutdown that is forced */
	REBOOT_MS = 30000,
	OTHER_STEPS_MS = TERM_MS + KILL_MS + STATE_MS + MOUNTS_MS + SYNC_MS + REBOOT_MS,
};

static const struct {
	const char *doing;
	int command;
	const char *last_resort; /* sysrq keys (Documentation/admin-guide/sysrq.rst): sync, then boot or off */
} ways[] = {
	[REQUEST_NONE] = {"rebooting", RB_AUTOBOOT, "sb"},
	[REQUEST_REBOOT] = {"rebooting", RB_AUTOBOOT, "sb"},
	[REQUEST_POWEROFF] = {"powering off", RB_POWER_OFF, "so"},
	[REQUEST_HALT] = {"halting", (int)RB_HALT_SYSTEM, ""},
};

static int64_t limit(const struct supervisor *v, int64_t ms)
{
	return v->forced && ms > FORCED_MS ? FORCED_MS : ms;
}

static void say_done(const char *step, const char *what, int64_t began)
{
	int64_t now = clock_ms();

	console_say("%-12s %s (%.1f s, took %lld ms)", step, what, (double)now / 1000, (long long)(now - began));
}

/* Wait until PID 1 has no child, which means that no process is left: orphans are its children too. */
static bool wait_for_all(struct supervisor *v, int64_t until)
{
	siginfo_t info;

	for (;;) {
		supervise_step(v, clock_ms() + LOOK_MS);
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD)
			return true;
		if (clock_ms() >= until)
			return false;
	}
}

static void end_processes(struct supervisor *v)
{
	int64_t began = clock_ms();

	if (!v->forced) {
		if (kill(-1, SIGTERM) == 0)
			kill(-1, SIGCONT);
		if (wait_for_all(v, clock_ms() + TERM_MS)) {
			say_done("processes", "ended", began);
			return;
		}
		console_say("processes that did not end within %d s: killed", TERM_MS / 1000);
	}
	kill(-1, SIGKILL);
	if (wait_for_all(v, clock_ms() + KILL_MS))
		say_done("processes", "killed", began);
	else
		say_done("processes", "some do not die (hung I/O?): left behind", began);
}

/* Sessions have to be logged out and servers to be told, which the program that mounted it knows best. */
static void end_state(struct supervisor *v)
{
	static const char *const argv[] = {STATE_PROGRAM, "unmount", NULL};
	const struct child child = {.name = "state", .argv = argv, .limit_ms = STATE_MS, .on_console = true};
	_cleanup_error_ struct error err = {0};
	int64_t began = clock_ms();

	if (v->forced || access(STATE_PROGRAM, X_OK) < 0)
		return;
	if (child_run(v, &child, NULL, &err) == 0)
		say_done("state", "unmounted", began);
	else
		say_done("state", error_text(&err), began);
}

/* In a child: what hangs holds the child, not PID 1. True when it ended in time. */
static bool in_child(struct supervisor *v, void (*work)(int64_t limit_ms), int64_t limit_ms, int *status)
{
	pid_t pid = fork();

	*status = 0;
	if (pid == 0) {
		work(MOUNT_MS < limit_ms ? MOUNT_MS : limit_ms);
		_exit(0);
	}
	if (pid > 0 && supervise_wait(v, pid, clock_ms() + limit_ms, status))
		return true;
	if (pid > 0)
		kill(pid, SIGKILL);
	return false;
}

static void sync_all(int64_t limit_ms)
{
	(void)limit_ms;
	sync();
}

static void end_mounts(struct supervisor *v)
{
	int64_t began = clock_ms();
	int status;

	if (!in_child(v, unmount_all, limit(v, MOUNTS_MS), &status))
		say_done("mounts", "cannot be unmounted in time: left as they are", began);
	else
		say_done("mounts", status ? "not all unmounted" : "unmounted", began);
	began = clock_ms();
	say_done("sync", in_child(v, sync_all, limit(v, SYNC_MS), &status) ? "done" : "hangs: given up", began);
}

/* A process that outlives a reboot(2) that hangs, as it does while a driver waits for a disk that went away. Its
 * descriptor is opened before: nothing may be possible later. */
static void prepare_last_resort(const char *keys)
{
	int fd = *keys ? open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	if (fork() == 0) {
		usleep(REBOOT_MS * 1000);
		console_say("the kernel hangs: forced");
		for (; *keys; keys++) {
			if (write(fd, keys, 1) < 0)
				console_say("sysrq %c: %s", *keys, strerror(errno));
			sleep(2);
		}
		_exit(1);
	}
	close(fd);
}

static _Noreturn void end_machine(struct supervisor *v)
{
	console_say("%s", ways[v->request].doing);
	/* One that is to stay off must not come back. */
	if (v->request != REQUEST_REBOOT)
		watchdog_disarm();
	prepare_last_resort(ways[v->request].last_resort);
	watchdog_feed();
	reboot(ways[v->request].command);
	console_say("the kernel refused: %s", strerror(errno));
	for (;;)
		pause();
}

void shutdown_run(struct supervisor *v, bool machine)
{
	int64_t began = clock_ms(), most = supervise_stop_limit(v) + OTHER_STEPS_MS;

	watchdog_until(began + most);
	if (v->requested_by)
		console_say("%s: asked by %s; within %lld s", ways[v->request].doing, v->requested_by,
			    (long long)most / 1000);
	else
		v->request = REQUEST_REBOOT;
	supervise_stop(v);
	say_done("services", "stopped", began);
	end_processes(v);
	if (!machine)
		return;
	end_state(v);
	end_mounts(v);
	end_machine(v);
}
