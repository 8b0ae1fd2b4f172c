#include "init/child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "init/cgroup.h"
#include "init/spawn.h"

enum { DIES_MS = 5000 };

static void kill_it(struct supervisor *v, const struct child *c, pid_t pid)
{
	int status;

	spawn_kill(pid, SIGKILL);
	cgroup_kill(c->name);
	supervise_wait(v, pid, clock_ms() + DIES_MS, &status);
}

/* The last line that is not empty, without what a terminal might take for a command. */
static const char *last_line(char *text)
{
	char *end = text + strlen(text), *line;

	while (end > text && (end[-1] == '\n' || end[-1] == '\r' || end[-1] == ' '))
		*--end = '\0';
	line = strrchr(text, '\n');
	line = line ? line + 1 : text;
	for (char *p = line; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	return line;
}

static int explain(const struct child *c, const struct child_result *r, struct error *err)
{
	char text[CHILD_TEXT], how[SPAWN_HOW];
	const char *line;

	if (r->interrupted)
		return error_set(err, "%s was interrupted", c->name);
	if (r->timed_out)
		snprintf(how, sizeof(how), "did not end within %lld s", (long long)c->limit_ms / 1000);
	else if (WIFEXITED(r->status) && WEXITSTATUS(r->status) == 0)
		return 0;
	else
		spawn_describe(r->status, how);
	strcpy(text, r->text);
	line = last_line(text);
	return error_set(err, "%s %s%s%s", c->name, how, *line ? ": " : "", line);
}

int child_run(struct supervisor *v, const struct child *c, struct child_result *result, struct error *err)
{
	static struct log log; /* one at a time: not on the stack */
	struct child_result r = {0};
	const struct spawn spawn = {
		.argv = c->argv, .envp = c->envp ? c->envp : spawn_environment, .output = -1, .cgroup = c->name,
	};
	struct spawn s = spawn;
	int64_t until = c->limit_ms ? clock_ms() + c->limit_ms : INT64_MAX;
	pid_t pid;

	cgroup_make(c->name);
	log_open(&log, c->name, LOG_LIMIT);
	log.on_console = c->on_console;
	if (log_pipe(&log, &v->loop, err) < 0) {
		log_close(&log, &v->loop);
		return -1;
	}
	s.output = log.write_fd;
	pid = spawn_start(&s);
	if (pid < 0) {
		error_errno(err, "%s cannot be started", c->name);
		log_close(&log, &v->loop);
		return -1;
	}
	if (!supervise_wait(v, pid, until, &r.status)) {
		r.timed_out = clock_ms() >= until;
		r.interrupted = !r.timed_out;
		kill_it(v, c, pid);
	}
	log_drain(&log);
	r.text[log_tail(&log, r.text, sizeof(r.text) - 1)] = '\0';
	log_close(&log, &v->loop);
	if (result)
		*result = r;
	return explain(c, &r, err);
}
