#include "init/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init/cgroup.h"

#define PATHS "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

const char *const spawn_environment[] = {
	PATHS, "SHELL=/bin/sh", "TERM=linux", "HOME=/root", "USER=root", "LOGNAME=root", NULL,
};
const char *const spawn_environment_of_user[] = {PATHS, "SHELL=/bin/sh", "TERM=linux", NULL};

static void reset_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		sigaction(i, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Output first: what goes wrong from here on has somewhere to be said. */
static void set_output(const struct spawn *s)
{
	if (s->terminal || s->output < 0)
		return;
	dup2(s->output, STDOUT_FILENO);
	dup2(s->output, STDERR_FILENO);
}

/* Descriptor 0 is free by now, and the first that open(2) takes. */
static void set_input(const struct spawn *s)
{
	int input = open(s->terminal ? s->terminal : "/dev/null", O_RDWR | O_NOCTTY);

	if (input < 0 || (!s->terminal && s->output >= 0))
		return;
	dup2(input, STDOUT_FILENO);
	dup2(input, STDERR_FILENO);
	if (s->terminal)
		ioctl(STDIN_FILENO, TIOCSCTTY, 1);
}

static _Noreturn void give_up(const char *what, const char *why)
{
	dprintf(STDERR_FILENO, "mkdl: %s: %s\n", what, why);
	_exit(127);
}

static bool has_variable(const char *const *envp, const char *key)
{
	size_t n = strlen(key);

	for (; *envp; envp++)
		if (!strncmp(*envp, key, n) && (*envp)[n] == '=')
			return true;
	return false;
}

/* The environment with the user's HOME, USER and LOGNAME, where it has none. Allocates: the child is a process of its
 * own by now. */
static const char **add_user(const char *const *envp, const struct passwd *user)
{
	const char *const values[][2] = {{"HOME", user->pw_dir}, {"USER", user->pw_name}, {"LOGNAME", user->pw_name}};
	const char **out;
	size_t n = 0;

	while (envp[n])
		n++;
	out = calloc(n + 4, sizeof(*out));
	if (!out)
		give_up("environment", strerror(errno));
	memcpy(out, envp, n * sizeof(*out));
	for (size_t i = 0; i < 3; i++) {
		char *variable;

		if (has_variable(envp, values[i][0]))
			continue;
		if (asprintf(&variable, "%s=%s", values[i][0], values[i][1]) < 0)
			give_up("environment", strerror(errno));
		out[n++] = variable;
	}
	return out;
}

/* Read when it starts, not before: whoever makes users may do so until then. */
static const char *const *become(const struct spawn *s)
{
	const struct passwd *user;

	errno = 0;
	user = getpwnam(s->user);
	if (!user)
		give_up(s->user, errno && errno != ENOENT ? strerror(errno) : "no such user in /etc/passwd");
	/* Its own output may be opened again as /dev/stderr, its own socket be written to. */
	if (s->output >= 0 && fchown(s->output, user->pw_uid, user->pw_gid) < 0)
		give_up(s->user, strerror(errno));
	if (s->socket && chown(s->socket, user->pw_uid, user->pw_gid) < 0)
		give_up(s->socket, strerror(errno));
	if (initgroups(user->pw_name, user->pw_gid) < 0 || setgid(user->pw_gid) < 0 || setuid(user->pw_uid) < 0)
		give_up(s->user, strerror(errno));
	return add_user(s->envp, user);
}

static _Noreturn void run_child(const struct spawn *s)
{
	const char *const *envp = s->envp;

	setsid();
	set_output(s);
	/* PID 1's descriptors may all be taken, and these are theirs still: one is needed for what follows. */
	close(STDIN_FILENO);
	if (s->cgroup)
		cgroup_enter(s->cgroup);
	set_input(s);
	reset_signals();
	umask(022);
	if (s->user)
		envp = become(s);
	if (chdir("/") == 0)
		execve(s->argv[0], (char *const *)s->argv, (char *const *)envp);
	give_up(s->argv[0], strerror(errno));
}

pid_t spawn_start(const struct spawn *s)
{
	pid_t pid = fork();

	if (pid == 0)
		run_child(s);
	return pid;
}

void spawn_kill(pid_t pid, int signal)
{
	if (kill(-pid, signal) < 0)
		kill(pid, signal);
}

const char *spawn_describe(int status, char out[static SPAWN_HOW])
{
	if (WIFSIGNALED(status))
		snprintf(out, SPAWN_HOW, "was killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(out, SPAWN_HOW, "exited with status %d", WEXITSTATUS(status));
	return out;
}
