#include "lab/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/flat.h"
#include "lab/control.h"
#include "lab/namespaces.h"
#include "lab/readiness.h"
#include "lab/server-files.h"
#include "lab/wire.h"

enum { TICK = 1000, REPORT_LIMIT = 65536 };

static void reap(struct supervisor *s)
{
	pid_t pid;
	int status;

	/* Orphans of programs that ended come to us, too: we are the first process here. */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (servers_ended(s->lab, &s->servers, pid, status))
			continue;
		for (size_t i = 0; i < s->lab->cluster->node_count; i++)
			if (s->machines[i].process.pid == pid)
				machine_ended(&s->machines[i], status);
		if (pid == s->readiness_pid)
			snprintf(s->api, sizeof(s->api), "unknown: the process that asks has ended");
	}
}

static void take_signal(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGCHLD)
			s->over = true;
	}
	reap(s);
}

static void take_node(struct supervisor *s, const char *const *words)
{
	for (size_t i = 0; i < s->lab->cluster->node_count; i++) {
		struct lab_machine *m = &s->machines[i];
		bool was = machine_is_ready(m), is;

		if (strcmp(m->node->node->name, words[1]) != 0)
			continue;
		m->listed = true;
		m->ready = !strcmp(words[2], "yes");
		snprintf(m->boot_id, sizeof(m->boot_id), "%s", words[3]);
		is = machine_is_ready(m);
		if (is != was)
			lab_event(s->lab, words[1], is ? "Ready" : "not Ready any more");
	}
}

static void take_readiness(struct supervisor *s)
{
	struct strbuf *in = &s->readiness_in;
	char data[65536], *end;
	ssize_t n = read(s->readiness, data, sizeof(data));

	if (n <= 0) {
		close(s->readiness);
		s->readiness = -1;
		return;
	}
	strbuf_add(in, data, (size_t)n);
	while ((end = memchr(in->data, '\n', in->len))) {
		size_t line = (size_t)(end - in->data), count = 0;
		const char *words[8];

		if (!flat_decode(in->data, line, in->data, words, 8, &count) && count == 4 && !strcmp(words[0], "node"))
			take_node(s, words);
		else if (count >= 2 && !strcmp(words[0], "api"))
			snprintf(s->api, sizeof(s->api), "%s", count > 2 ? words[2] : words[1]);
		memmove(in->data, in->data + line + 1, in->len - line - 1);
		in->len -= line + 1;
	}
}

static void step(struct supervisor *s)
{
	size_t nodes = s->lab->cluster->node_count, n = 0;
	struct pollfd *fds = calloc(3 + 2 * nodes + CONTROL_CLIENTS, sizeof(*fds));
	struct strbuf show = {0};

	if (!fds)
		abort();
	fds[n++] = (struct pollfd){.fd = s->signals, .events = POLLIN};
	fds[n++] = (struct pollfd){.fd = s->listener, .events = POLLIN};
	fds[n++] = (struct pollfd){.fd = s->readiness, .events = POLLIN};
	for (size_t i = 0; i < nodes; i++) {
		struct lab_machine *m = &s->machines[i];

		fds[n++] = (struct pollfd){.fd = m->process.console, .events = (short)(POLLIN | (m->input.len ? POLLOUT : 0))};
		fds[n++] = (struct pollfd){.fd = m->process.errors, .events = POLLIN};
	}
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		const struct control_client *c = &s->clients[i];

		fds[n++] = (struct pollfd){.fd = c->fd, .events = (short)(POLLIN | (c->out.len ? POLLOUT : 0))};
	}
	if (poll(fds, n, TICK) > 0) {
		if (fds[2].revents)
			take_readiness(s);
		for (size_t i = 0; i < nodes; i++) {
			struct lab_machine *m = &s->machines[i];

			if (fds[3 + 2 * i].revents & POLLIN) {
				show.len = 0;
				machine_read(m, &show);
				control_show(s, m, &show);
			}
			if (fds[3 + 2 * i].revents & POLLOUT)
				machine_type(m);
			if (fds[4 + 2 * i].revents)
				qemu_read_errors(&m->process, &m->errors);
		}
		for (size_t i = 0; i < CONTROL_CLIENTS; i++)
			if (fds[3 + 2 * nodes + i].revents && s->clients[i].fd >= 0)
				control_serve(s, &s->clients[i], fds[3 + 2 * nodes + i].revents);
		if (fds[1].revents)
			control_accept(s);
		/* Last: what it closes must not be looked up above. */
		if (fds[0].revents)
			take_signal(s);
	}
	strbuf_free(&show);
	free(fds);
}

static int watch_signals(struct error *err)
{
	sigset_t wanted;
	int fd;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGCHLD);
	sigaddset(&wanted, SIGTERM);
	sigaddset(&wanted, SIGINT);
	sigprocmask(SIG_BLOCK, &wanted, NULL);
	fd = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return error_errno(err, "cannot watch for signals");
	return fd;
}

static int open_all(struct supervisor *s, struct error *err)
{
	struct lab *l = s->lab;

	if (namespaces_settle(err) < 0 || wire_open(l, err) < 0 || servers_start(l, &s->servers, err) < 0 ||
	    boot_scripts_adapt(l, err) < 0)
		return -1;
	s->listener = control_listen(l, err);
	if (s->listener < 0 || readiness_start(l, &s->readiness, &s->readiness_pid, err) < 0)
		return -1;
	s->signals = watch_signals(err);
	if (s->signals < 0)
		return -1;
	for (size_t i = 0; i < l->cluster->node_count; i++) {
		machine_init(&s->machines[i], l, &l->nodes[i]);
		if (machine_start(&s->machines[i], err) < 0)
			return -1;
	}
	return 0;
}

static __attribute__((noreturn)) void supervise(struct lab *l, int report)
{
	struct supervisor s = {.lab = l, .signals = -1, .listener = -1, .readiness = -1, .started = clock_ms()};
	_cleanup_error_ struct error err = {0};

	prctl(PR_SET_NAME, "mkdl-lab");
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		s.clients[i].fd = -1;
	snprintf(s.api, sizeof(s.api), "down");
	s.machines = arena_calloc(l->arena, l->cluster->node_count, sizeof(*s.machines));
	if (open_all(&s, &err) < 0) {
		if (fd_write(report, error_text(&err), strlen(error_text(&err))) < 0)
			_exit(2);
		_exit(1);
	}
	close(report);
	while (!s.over)
		step(&s);
	lab_event(l, NULL, "down");
	unlink(lab_path(l, "control"));
	/* The kernel ends every process of these namespaces with their first. */
	_exit(0);
}

/* The process between: it opens the namespaces and forks their first process. */
static __attribute__((noreturn)) void detach(struct lab *l, int report)
{
	_cleanup_error_ struct error err = {0};
	int log = open(lab_path(l, "log/supervisor"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t pid;

	setsid();
	signal(SIGHUP, SIG_IGN);
	if (log < 0 || null < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
		error_errno(&err, "%s", lab_path(l, "log/supervisor"));
	else if (namespaces_open(&err) == 0 && (pid = fork()) >= 0) {
		if (pid == 0)
			supervise(l, report);
		_exit(0);
	} else if (!err.text) {
		error_errno(&err, "cannot start the lab");
	}
	(void)!write(report, error_text(&err), strlen(error_text(&err)));
	_exit(1);
}

int supervisor_start(struct lab *l, int lock, struct error *err)
{
	_cleanup_strbuf_ struct strbuf said = {0};
	_cleanup_close_ int from = -1;
	int ends[2], status;
	char text[4096];
	ssize_t n;
	pid_t pid;

	(void)lock; /* inherited: what matters is that it is open */
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "pipe");
	from = ends[0];
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		close(ends[1]);
		return error_errno(err, "cannot start the lab");
	}
	if (pid == 0) {
		close(ends[0]);
		detach(l, ends[1]);
	}
	close(ends[1]);
	while ((n = fd_read(from, text, sizeof(text))) > 0)
		if (said.len < REPORT_LIMIT)
			strbuf_add(&said, text, (size_t)n);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (said.len) {
		strbuf_puts(&said, "");
		return error_set(err, "%s", said.data);
	}
	return 0;
}
