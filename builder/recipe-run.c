#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "builder/recipe.h"

/* Three processes: mkdl; the guard, leader of a process group of its own; and in that group the recipe with all that it
 * starts. The guard dies with mkdl (PR_SET_PDEATHSIG), however that comes to its end, and takes the group along. It
 * also ends the group when the recipe is done, so that nothing in the background goes on writing. What left the group
 * (setsid) is found as well: the guard is the reaper of all below it.
 * Between fork and exec only async-signal-safe calls are allowed: mkdl has threads. So strings are made before. */

/* What guard and recipe tell mkdl through a pipe. */
enum report_kind { REPORT_NETWORK, REPORT_FAILED, REPORT_STATUS };

struct report {
	enum report_kind kind;
	int value; /* whether it was cut off; errno; exit status */
};

struct identity_map {
	char uid[32], gid[32];
};

static void tell(int fd, enum report_kind kind, int value)
{
	const struct report r = {.kind = kind, .value = value};
	ssize_t n;

	do
		n = write(fd, &r, sizeof(r)); /* below PIPE_BUF: whole or not at all */
	while (n < 0 && errno == EINTR);
}

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text);
}

/* A network namespace with nothing in it; for an ordinary user inside a user namespace in which he is himself. */
static bool cut_network(const struct identity_map *map)
{
	if (geteuid() == 0 && unshare(CLONE_NEWNET) == 0)
		return true;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return false;
	return put("/proc/self/setgroups", "deny") && put("/proc/self/uid_map", map->uid) && put("/proc/self/gid_map", map->gid);
}

/* Half a namespace cannot be undone, so a process to throw away tries first. */
static bool can_cut_network(const struct identity_map *map)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(cut_network(map) ? 0 : 1);
	if (pid < 0)
		return false;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static _Noreturn void be_recipe(const struct recipe_run *r, const struct identity_map *map, bool cut, int reports, pid_t guard)
{
	sigset_t none;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (cut && !cut_network(map))
		cut = false;
	tell(reports, REPORT_NETWORK, cut);
	/* After the namespace: a change of credentials would clear it again. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != guard)
		_exit(127);
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(022);
	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(r->log_fd, STDOUT_FILENO) >= 0 &&
	    dup2(r->log_fd, STDERR_FILENO) >= 0 && close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0 && chdir(r->directory) == 0)
		execve(r->argv[0], (char *const *)r->argv, (char *const *)r->env);
	tell(reports, REPORT_FAILED, errno);
	_exit(127);
}

/* Our children; with PR_SET_CHILD_SUBREAPER also those whose parents are gone. False when there are none, or no list of
 * them. */
static bool kill_children(const char *list)
{
	int fd = open(list, O_RDONLY | O_CLOEXEC);
	char chunk[4096];
	bool any = false;
	pid_t pid = 0;
	ssize_t n;

	while (fd >= 0 && (n = read(fd, chunk, sizeof(chunk))) > 0)
		for (ssize_t i = 0; i < n; i++) {
			if (chunk[i] >= '0' && chunk[i] <= '9') {
				pid = pid * 10 + (chunk[i] - '0');
				continue;
			}
			any = (pid > 0 && kill(pid, SIGKILL) == 0) || any;
			pid = 0;
		}
	if (fd >= 0)
		close(fd);
	return any;
}

/* Killing one generation hands us the next. */
static void kill_descendants(void)
{
	while (kill_children("/proc/thread-self/children"))
		while (waitpid(-1, NULL, 0) < 0 && errno == EINTR)
			;
}

static _Noreturn void be_guard(const struct recipe_run *r, const struct identity_map *map, int reports, pid_t parent)
{
	sigset_t waited;
	int status;
	pid_t self = getpid(), recipe;

	if (setpgid(0, 0) < 0) /* or the group to be killed would be our parent's */
		_exit(127);
	sigemptyset(&waited);
	sigaddset(&waited, SIGCHLD);
	sigaddset(&waited, SIGTERM);
	sigprocmask(SIG_BLOCK, &waited, NULL);
	signal(SIGCHLD, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (getppid() != parent)
		_exit(127);
	bool cut = can_cut_network(map);

	recipe = fork();
	if (recipe < 0)
		tell(reports, REPORT_FAILED, errno);
	if (recipe == 0)
		be_recipe(r, map, cut, reports, self);
	while (recipe > 0) {
		pid_t ended = waitpid(recipe, &status, WNOHANG);
		int signal_number;

		if (ended == recipe) {
			tell(reports, REPORT_STATUS, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
			break;
		}
		sigwait(&waited, &signal_number);
		if (signal_number == SIGTERM)
			break;
	}
	kill_descendants();
	kill(0, SIGKILL);
	_exit(127);
}

static int read_reports(int fd, struct report last[3], bool seen[3], struct error *err)
{
	for (;;) {
		struct report report;
		ssize_t n = read(fd, &report, sizeof(report));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "pipe");
		if (n != sizeof(report) || report.kind > REPORT_STATUS)
			return 0;
		last[report.kind] = report;
		seen[report.kind] = true;
	}
}

int recipe_run(const struct recipe_run *r, int *status, bool *cut_off, struct error *err)
{
	_cleanup_close_ int ours = -1, theirs = -1;
	struct identity_map map;
	struct report last[3] = {0};
	bool seen[3] = {0};
	pid_t parent = getpid(), guard;
	int ends[2], result;

	snprintf(map.uid, sizeof(map.uid), "%u %u 1", geteuid(), geteuid());
	snprintf(map.gid, sizeof(map.gid), "%u %u 1", getegid(), getegid());
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "pipe");
	ours = ends[0];
	theirs = ends[1];
	guard = fork();
	if (guard < 0)
		return error_errno(err, "fork");
	if (guard == 0)
		be_guard(r, &map, theirs, parent);
	close(take_fd(&theirs));
	result = read_reports(ours, last, seen, err);
	if (result < 0)
		kill(guard, SIGTERM);
	while (waitpid(guard, NULL, 0) < 0 && errno == EINTR)
		;
	if (result < 0)
		return -1;
	if (seen[REPORT_FAILED]) {
		errno = last[REPORT_FAILED].value;
		return error_errno(err, "cannot be started");
	}
	if (!seen[REPORT_STATUS])
		return error_set(err, "was killed");
	*status = last[REPORT_STATUS].value;
	*cut_off = last[REPORT_NETWORK].value;
	return 0;
}
