#include "init/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init/cgroup.h"

const char *const spawn_environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "TERM=linux", NULL,
};

static void reset_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		sigaction(i, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void set_streams(const struct spawn *s)
{
	int input = open(s->terminal ? s->terminal : "/dev/null", O_RDWR | O_NOCTTY);
	int output = s->terminal || s->output < 0 ? input : s->output;

	/* Not stdin and stdout of PID 1 in any case. */
	if (input < 0)
		close(STDIN_FILENO);
	else
		dup2(input, STDIN_FILENO);
	if (output >= 0) {
		dup2(output, STDOUT_FILENO);
		dup2(output, STDERR_FILENO);
	}
	if (input > STDERR_FILENO)
		close(input);
	if (s->terminal)
		ioctl(STDIN_FILENO, TIOCSCTTY, 1);
}

static _Noreturn void run_child(const struct spawn *s)
{
	if (s->cgroup)
		cgroup_enter(s->cgroup);
	setsid();
	set_streams(s);
	reset_signals();
	umask(022);
	if (chdir("/") == 0)
		execve(s->argv[0], (char *const *)s->argv, (char *const *)s->envp);
	dprintf(STDERR_FILENO, "mkdl: %s: %s\n", s->argv[0], strerror(errno));
	_exit(127);
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
