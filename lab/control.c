#include "lab/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/flat.h"

enum { QUESTION_LIMIT = 4096, OUT_LIMIT = 4 << 20, TAIL = 8192, INPUT_LIMIT = 65536, BACKLOG = 16 };

/* The socket's address by way of an open folder: sun_path holds 108 bytes only (unix(7)). */
static int address_of(const char *dir, struct sockaddr_un *at)
{
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	*at = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (fd >= 0)
		snprintf(at->sun_path, sizeof(at->sun_path), "/proc/self/fd/%d/control", fd);
	return fd;
}

int control_listen(const struct lab *l, struct error *err)
{
	_cleanup_close_ int dir = -1, fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un at;
	mode_t old;
	int bound;

	dir = address_of(l->dir, &at);
	if (fd < 0 || dir < 0)
		return error_errno(err, "%s/control", l->dir);
	/* One that was left by a lab that was killed; ours alone to remove, by the lock. */
	unlinkat(dir, "control", 0);
	old = umask(077);
	bound = bind(fd, (const struct sockaddr *)&at, sizeof(at));
	umask(old);
	if (bound < 0 || listen(fd, BACKLOG) < 0)
		return error_errno(err, "%s/control", l->dir);
	return take_fd(&fd);
}

int control_connect(const char *dir)
{
	_cleanup_close_ int folder = -1, fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un at;

	folder = address_of(dir, &at);
	if (fd < 0 || folder < 0 || connect(fd, (const struct sockaddr *)&at, sizeof(at)) < 0)
		return -1;
	return take_fd(&fd);
}

void control_accept(struct supervisor *s)
{
	int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		if (s->clients[i].fd < 0) {
			s->clients[i] = (struct control_client){.fd = fd};
			return;
		}
	close(fd);
}

static void drop(struct control_client *c)
{
	close(c->fd);
	strbuf_free(&c->in);
	strbuf_free(&c->out);
	*c = (struct control_client){.fd = -1};
}

static __attribute__((format(printf, 2, 3))) void refuse(struct control_client *c, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	flat_add(&c->out, "error", text, NULL);
}

static void number(struct strbuf *out, unsigned long n)
{
	char text[32];

	snprintf(text, sizeof(text), "%lu", n);
	flat_word(out, text);
}

static void tell_node(struct strbuf *out, const struct lab_machine *m)
{
	static const char *const steps[] = {"off", "firmware", "kernel", "init", "up", "shutdown", "failed"};
	const struct cluster_node *n = m->node->node;
	char up[32] = "-";

	if (m->up_at)
		snprintf(up, sizeof(up), "%lld", (long long)(clock_ms() - m->up_at) / 1000);
	flat_word(out, "node");
	flat_word(out, n->name);
	flat_word(out, lab_role_name(n->role));
	flat_word(out, n->address);
	flat_word(out, m->node->mac);
	flat_word(out, steps[m->phase.step]);
	flat_word(out, m->phase.step == PHASE_FAILED ? m->phase.detail : phase_name(&m->phase));
	flat_word(out, up);
	flat_word(out, machine_is_ready(m) ? "yes" : m->listed ? "no" : "-");
	number(out, machine_memory(m));
	number(out, m->lab->cluster->kinds[n->role].memory);
	number(out, m->starts);
	number(out, m->phase.boots);
	flat_word(out, m->phase.said);
	flat_end(out);
}

static void tell_status(struct supervisor *s, struct strbuf *out)
{
	char seconds[32];

	snprintf(seconds, sizeof(seconds), "%lld", (long long)(clock_ms() - s->started) / 1000);
	flat_add(out, "lab", s->lab->name, s->lab->cluster->file, seconds, s->api, NULL);
	for (unsigned i = 0; i < SERVER_COUNT; i++) {
		const struct lab_server *server = &s->servers.items[i];

		flat_add(out, "server", server_name(i), server->pid ? "running" : server->wanted ? "ended" : "unused", NULL);
	}
	for (size_t i = 0; i < s->lab->cluster->node_count; i++)
		tell_node(out, &s->machines[i]);
	flat_add(out, "ok", NULL);
}

/* The end of what its console has said so far, from the log. */
static void attach(struct control_client *c, struct lab_machine *m)
{
	char path[4096], tail[TAIL];
	_cleanup_close_ int fd = -1;
	ssize_t n;

	flat_add(&c->out, "ok", NULL);
	c->console = m;
	snprintf(path, sizeof(path), "%s/console/%s", m->lab->dir, m->node->node->name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (lseek(fd, -TAIL, SEEK_END) < 0)
		lseek(fd, 0, SEEK_SET);
	n = fd_read(fd, tail, sizeof(tail));
	if (n > 0)
		strbuf_add(&c->out, tail, (size_t)n);
}

static int reset(struct lab_machine *m, struct error *err)
{
	if (m->process.pid > 0)
		lab_event(m->lab, m->node->node->name, "plug pulled");
	machine_stop(m);
	return machine_start(m, err);
}

static int act(struct control_client *c, struct lab_machine *m, const char *verb, struct error *err)
{
	bool on = m->process.pid > 0;

	if (!strcmp(verb, "console")) {
		attach(c, m);
		return 0;
	}
	if (!strcmp(verb, "reset")) {
		if (reset(m, err) < 0)
			return -1;
	} else if (!strcmp(verb, "start")) {
		if (machine_start(m, err) < 0)
			return -1;
	} else if (!on) {
		return error_set(err, "%s is off", m->node->node->name);
	} else if (!strcmp(verb, "kill")) {
		machine_stop(m);
		lab_event(m->lab, m->node->node->name, "plug pulled");
	} else if (!strcmp(verb, "button")) {
		machine_button(m);
		lab_event(m->lab, m->node->node->name, "power button pressed");
	} else {
		return error_set(err, "unknown question \"%s\"", verb);
	}
	flat_add(&c->out, "ok", NULL);
	return 0;
}

static void answer(struct supervisor *s, struct control_client *c, const char *const *words, size_t count)
{
	_cleanup_error_ struct error err = {0};

	if (count == 1 && !strcmp(words[0], "status")) {
		tell_status(s, &c->out);
		return;
	}
	if (count == 1 && !strcmp(words[0], "hold")) {
		flat_add(&c->out, "ok", NULL);
		return;
	}
	if (count == 1 && !strcmp(words[0], "down")) {
		s->over = true;
		return;
	}
	if (count != 2) {
		refuse(c, "unknown question");
		return;
	}
	for (size_t i = 0; i < s->lab->cluster->node_count; i++)
		if (!strcmp(s->machines[i].node->node->name, words[1])) {
			if (act(c, &s->machines[i], words[0], &err) < 0)
				refuse(c, "%s", error_text(&err));
			return;
		}
	refuse(c, "the lab has no node \"%s\"", words[1]);
}

/* Every whole line of in is a question; once a console is attached, all bytes are typed there. */
static void take_input(struct supervisor *s, struct control_client *c)
{
	while (c->in.len) {
		char *end = c->console ? NULL : memchr(c->in.data, '\n', c->in.len);
		const char *words[4];
		size_t count = 0, n;

		if (c->console) {
			/* A machine that takes none of it, or is off, is not typed ahead for. */
			if (c->console->process.pid > 0 && c->console->input.len + c->in.len <= INPUT_LIMIT)
				strbuf_add(&c->console->input, c->in.data, c->in.len);
			c->in.len = 0;
			return;
		}
		if (!end)
			break;
		n = (size_t)(end - c->in.data);
		if (!n || flat_decode(c->in.data, n, c->in.data, words, 4, &count))
			refuse(c, "not a record");
		else
			answer(s, c, words, count);
		memmove(c->in.data, c->in.data + n + 1, c->in.len - n - 1);
		c->in.len -= n + 1;
	}
	if (c->in.len > QUESTION_LIMIT)
		c->last = true;
}

static bool send_out(struct control_client *c)
{
	while (c->out.len) {
		ssize_t n = send(c->fd, c->out.data, c->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		memmove(c->out.data, c->out.data + n, c->out.len - (size_t)n);
		c->out.len -= (size_t)n;
	}
	return !c->last;
}

void control_serve(struct supervisor *s, struct control_client *c, short events)
{
	char data[4096];

	if (events & (POLLIN | POLLHUP | POLLERR)) {
		ssize_t n = recv(c->fd, data, sizeof(data), MSG_DONTWAIT);

		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
			drop(c);
			return;
		}
		if (n > 0) {
			strbuf_add(&c->in, data, (size_t)n);
			take_input(s, c);
		}
	}
	if (!send_out(c))
		drop(c);
}

void control_show(struct supervisor *s, const struct lab_machine *m, const struct strbuf *text)
{
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		struct control_client *c = &s->clients[i];

		if (c->fd < 0 || c->console != m)
			continue;
		strbuf_add(&c->out, text->data, text->len);
		/* Somebody who does not read is let go: the lab does not wait for him. */
		if (c->out.len > OUT_LIMIT || !send_out(c))
			drop(c);
	}
}
