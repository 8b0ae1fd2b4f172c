#include "builder/run-program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { DEFAULT_LIMIT = 64 * 1024 * 1024, LINES_IN_MESSAGE = 20 };

/* The reading end of a pipe from the child, and where its bytes go. */
struct capture {
	struct strbuf *into;
	size_t start;
	int ours, childs;
};

static void capture_close(struct capture *c)
{
	if (c->ours >= 0)
		close(c->ours);
	if (c->childs >= 0)
		close(c->childs);
	c->ours = c->childs = -1;
}

static int capture_open(struct capture *c, struct strbuf *into, struct error *err)
{
	int ends[2];

	*c = (struct capture){.into = into, .start = into ? into->len : 0, .ours = -1, .childs = -1};
	if (!into)
		return 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "pipe");
	c->ours = ends[0];
	c->childs = ends[1];
	return 0;
}

/* Reads what is there; closes our end at end of file. */
static int capture_read(struct capture *c, size_t limit, const char *name, struct error *err)
{
	char chunk[16384];
	ssize_t n = read(c->ours, chunk, sizeof(chunk));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n < 0)
		return error_errno(err, "%s: reading its output", name);
	if (n == 0) {
		close(c->ours);
		c->ours = -1;
		return 0;
	}
	if (c->into->len - c->start + (size_t)n > limit)
		return error_set(err, "%s: wrote more than %zu bytes", name, limit);
	strbuf_add(c->into, chunk, (size_t)n);
	return 0;
}

static int capture_all(struct capture *c, size_t count, size_t limit, const char *name, struct error *err)
{
	for (;;) {
		struct pollfd polls[2];
		nfds_t n = 0;

		for (size_t i = 0; i < count; i++)
			if (c[i].ours >= 0)
				polls[n++] = (struct pollfd){.fd = c[i].ours, .events = POLLIN};
		if (!n)
			return 0;
		if (poll(polls, n, -1) < 0) {
			if (errno == EINTR)
				continue;
			return error_errno(err, "poll");
		}
		for (size_t i = 0; i < count; i++)
			for (nfds_t k = 0; k < n; k++)
				if (c[i].ours >= 0 && polls[k].fd == c[i].ours && polls[k].revents &&
				    capture_read(&c[i], limit, name, err) < 0)
					return -1;
	}
}

static int stream_action(posix_spawn_file_actions_t *actions, int stream, int captured, int given)
{
	if (captured >= 0)
		return posix_spawn_file_actions_adddup2(actions, captured, stream);
	if (given > 0)
		return posix_spawn_file_actions_adddup2(actions, given, stream);
	return posix_spawn_file_actions_addopen(actions, stream, "/dev/null", stream ? O_WRONLY : O_RDONLY, 0);
}

static int start(const struct program *p, const struct capture *c, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t all, none;
	int e;

	sigfillset(&all);
	sigemptyset(&none);
	e = posix_spawn_file_actions_init(&actions);
	if (e)
		return e;
	e = posix_spawnattr_init(&attributes);
	if (e) {
		posix_spawn_file_actions_destroy(&actions);
		return e;
	}
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	if (p->directory)
		e = posix_spawn_file_actions_addchdir_np(&actions, p->directory);
	if (!e)
		e = stream_action(&actions, STDIN_FILENO, -1, p->in_fd);
	if (!e)
		e = stream_action(&actions, STDOUT_FILENO, c[0].childs, p->out_fd);
	if (!e)
		e = stream_action(&actions, STDERR_FILENO, c[1].childs, p->err_fd);
	if (!e)
		e = posix_spawnp(pid, p->argv[0], &actions, &attributes, (char *const *)p->argv,
				 p->env ? (char *const *)p->env : environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return e;
}

static int await(pid_t pid, const char *name, int *code, struct error *err)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_errno(err, "%s: wait", name);
	*code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return 0;
}

static int failed(const struct program *p, size_t err_start, int code, struct error *err)
{
	struct arena a = {0};
	char how[40];

	if (code > 128)
		snprintf(how, sizeof(how), "ended by signal %d", code - 128);
	else
		snprintf(how, sizeof(how), "exit status %d", code);
	if (p->err && p->err->len > err_start)
		error_set(err, "%s: %s:\n%s", p->argv[0], how,
			  text_tail(&a, p->err->data + err_start, p->err->len - err_start, LINES_IN_MESSAGE));
	else
		error_set(err, "%s: %s", p->argv[0], how);
	arena_free(&a);
	return -1;
}

int run_program(const struct program *p, int *status, struct error *err)
{
	struct capture c[2];
	size_t limit = p->limit ? p->limit : DEFAULT_LIMIT;
	int e, code = 0, captured;
	pid_t pid;

	if (capture_open(&c[0], p->out, err) < 0)
		return -1;
	if (capture_open(&c[1], p->err, err) < 0) {
		capture_close(&c[0]);
		return -1;
	}
	e = start(p, c, &pid);
	if (e) {
		capture_close(&c[0]);
		capture_close(&c[1]);
		errno = e;
		if (e == ENOENT && !strchr(p->argv[0], '/'))
			return error_set(err, "%s: not found in PATH; install the package that has it", p->argv[0]);
		return error_errno(err, "%s", p->argv[0]);
	}
	for (size_t i = 0; i < 2; i++)
		if (c[i].childs >= 0) {
			close(c[i].childs);
			c[i].childs = -1;
		}
	captured = capture_all(c, 2, limit, p->argv[0], err);
	if (captured < 0)
		kill(pid, SIGKILL);
	capture_close(&c[0]);
	capture_close(&c[1]);
	if (captured < 0) {
		struct error ignored = {0};

		await(pid, p->argv[0], &code, &ignored);
		error_clear(&ignored);
		return -1;
	}
	if (await(pid, p->argv[0], &code, err) < 0)
		return -1;
	if (!status && code)
		return failed(p, c[1].start, code, err);
	if (status)
		*status = code;
	return 0;
}

const char *const *program_environment(struct arena *a, const char *const *extra)
{
	static const char *const fixed[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/", "LC_ALL=C.UTF-8", "TZ=UTC0",
	};
	enum { FIXED = sizeof(fixed) / sizeof(fixed[0]) };
	size_t count = 0, n = 0;
	const char **env;

	while (extra && extra[count])
		count++;
	env = arena_calloc(a, FIXED + count + 1, sizeof(*env));
	for (size_t i = 0; i < FIXED; i++) {
		size_t key = strcspn(fixed[i], "=") + 1;
		bool replaced = false;

		for (size_t k = 0; k < count; k++)
			replaced = replaced || !strncmp(extra[k], fixed[i], key);
		if (!replaced)
			env[n++] = fixed[i];
	}
	for (size_t k = 0; k < count; k++)
		env[n++] = extra[k];
	return (const char *const *)env;
}

const char *text_tail(struct arena *a, const char *text, size_t n, unsigned lines)
{
	const char *p;

	while (n && text[n - 1] == '\n')
		n--;
	for (p = text + n; p > text; p--)
		if (p[-1] == '\n' && lines-- == 1)
			break;
	return arena_strndup(a, p, (size_t)(text + n - p));
}

const char *program_find(struct arena *a, const char *name)
{
	const char *path = getenv("PATH");
	const char *where = arena_printf(a, "%s:/usr/local/sbin:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin");

	for (const char *dir = where; *dir;) {
		size_t n = strcspn(dir, ":");
		const char *file = arena_printf(a, "%.*s/%s", (int)n, dir, name);

		if (n && access(file, X_OK) == 0)
			return file;
		dir += n;
		dir += *dir == ':';
	}
	return NULL;
}
