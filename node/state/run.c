#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "node/state/state.h"

enum { STEP_MS = 20 };

/* Append what can be read, keeping the end. */
static bool collect(int fd, char text[static RUN_TEXT], size_t *n)
{
	char piece[512];
	ssize_t got = read(fd, piece, sizeof(piece));
	size_t size = got > 0 ? (size_t)got : 0;

	if (got <= 0)
		return got < 0 && (errno == EAGAIN || errno == EINTR);
	if (*n + size > RUN_TEXT - 1) {
		size_t drop = *n + size - (RUN_TEXT - 1);

		memmove(text, text + drop, *n - drop);
		*n -= drop;
	}
	memcpy(text + *n, piece, size);
	*n += size;
	text[*n] = '\0';
	return true;
}

/* Wait for a child's end while its output is collected; kills it after the limit. False: it hangs even then. */
static bool wait_for(pid_t pid, int fd, int64_t until, char text[static RUN_TEXT], int *status, bool *killed)
{
	bool open = true;
	size_t n = 0;

	text[0] = '\0';
	*killed = false;
	for (;;) {
		struct pollfd p = {.fd = open ? fd : -1, .events = POLLIN};

		if (poll(&p, 1, STEP_MS) > 0 && p.revents)
			open = collect(fd, text, &n);
		if (waitpid(pid, status, WNOHANG) == pid)
			break;
		if (clock_ms() < until)
			continue;
		if (*killed)
			return false;
		*killed = true;
		kill(pid, SIGKILL);
		until = clock_ms() + 1000;
	}
	/* What it wrote last; a daemon that it started may keep the pipe open. */
	for (struct pollfd p = {.fd = fd, .events = POLLIN}; open && poll(&p, 1, 0) > 0;)
		open = collect(fd, text, &n);
	return true;
}

static _Noreturn void exec_it(const char *const argv[], int output)
{
	static const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", NULL};
	int null = open("/dev/null", O_RDWR);

	if (null >= 0)
		dup2(null, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	execve(argv[0], (char *const *)argv, (char *const *)environment);
	dprintf(STDERR_FILENO, "%s: %s%s\n", argv[0], strerror(errno),
		errno == ENOENT ? " (this image was built without this kind of state)" : "");
	_exit(127);
}

int run(const char *const argv[], int limit_ms, char text[static RUN_TEXT], int *status, struct error *err)
{
	_cleanup_close_ int in = -1;
	int ends[2];
	bool killed;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "%s", argv[0]);
	in = ends[0];
	pid = fork();
	if (pid == 0)
		exec_it(argv, ends[1]);
	close(ends[1]);
	if (pid < 0)
		return error_errno(err, "%s", argv[0]);
	if (!wait_for(pid, in, clock_ms() + limit_ms, text, status, &killed) || killed)
		return error_set(err, "%s did not end within %d s", argv[0], limit_ms / 1000);
	return 0;
}

/* The last line that says something. */
static const char *last_line(char *text)
{
	char *end = text + strlen(text), *line;

	while (end > text && (end[-1] == '\n' || end[-1] == ' '))
		*--end = '\0';
	line = strrchr(text, '\n');
	return line ? line + 1 : text;
}

int run_ok(const char *const argv[], int limit_ms, struct error *err)
{
	char text[RUN_TEXT];
	int status;

	if (run(argv, limit_ms, text, &status, err) < 0)
		return -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		return error_set(err, "%s was ended by signal %d", argv[0], WTERMSIG(status));
	return error_set(err, "%s", *text ? last_line(text) : argv[0]);
}

int run_function(int (*work)(void *data, struct error *err), void *data, int limit_ms, bool *hung, struct error *err)
{
	_cleanup_close_ int in = -1;
	char text[RUN_TEXT];
	int ends[2], status;
	bool killed, ended;
	pid_t pid;

	*hung = false;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "pipe");
	in = ends[0];
	pid = fork();
	if (pid == 0) {
		struct error problem = {0};
		int result = work(data, &problem);

		if (problem.text)
			(void)fd_write(ends[1], problem.text, strlen(problem.text));
		_exit(result);
	}
	close(ends[1]);
	if (pid < 0)
		return error_errno(err, "fork");
	ended = wait_for(pid, in, clock_ms() + limit_ms, text, &status, &killed);
	*hung = !ended || killed;
	if (*hung)
		return error_set(err, "no answer within %d s", limit_ms / 1000);
	if (!WIFEXITED(status))
		return error_set(err, "ended by signal %d", WTERMSIG(status));
	if (*text)
		error_set(err, "%s", text);
	return WEXITSTATUS(status);
}
