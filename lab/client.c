#include "lab/client.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/flat.h"
#include "lab/control.h"
#include "lab/namespaces.h"

enum { ANSWER_LIMIT = 1 << 20, ANSWER_MS = 30000, DOWN_MS = 60000 };

bool client_try(struct arena *a, const char *dir, struct lab_client *c)
{
	_cleanup_close_ int fd = control_connect(dir);
	struct ucred peer;
	socklen_t n = sizeof(peer);
	const char *slash = strrchr(dir, '/');

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) < 0)
		return false;
	*c = (struct lab_client){.dir = arena_strdup(a, dir), .name = arena_strdup(a, slash ? slash + 1 : dir), .fd = take_fd(&fd),
				 .pid = peer.pid};
	return true;
}

int client_open(struct arena *a, const char *out, const char *name, struct lab_client *c, struct error *err)
{
	_cleanup_strbuf_ struct strbuf names = {0};
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_free_ char *absolute = realpath(out, NULL);
	const char *labs = arena_printf(a, "%s/lab", absolute ? absolute : out);
	const struct dirent *entry;
	size_t found = 0;

	if (name) {
		if (client_try(a, arena_printf(a, "%s/%s", labs, name), c))
			return 0;
		return error_set(err, "no lab \"%s\" runs (looked for %s/%s/control)", name, labs, name);
	}
	dir = opendir(labs);
	while (dir && (entry = readdir(dir))) {
		struct lab_client one;

		if (entry->d_name[0] == '.' || !client_try(a, arena_printf(a, "%s/%s", labs, entry->d_name), &one))
			continue;
		strbuf_printf(&names, "%s%s", found ? ", " : "", entry->d_name);
		if (found++)
			client_close(&one);
		else
			*c = one;
	}
	if (found == 1)
		return 0;
	if (!found)
		return error_set(err, "no lab runs below %s; start one: mkdl lab FILE", labs);
	client_close(c);
	return error_set(err, "several labs run (%s): say which with --lab NAME", names.data);
}

void client_close(struct lab_client *c)
{
	cleanup_close(&c->fd);
	c->fd = -1;
}

/* Lines up to the one that ends an answer. */
static int take_answer(struct arena *a, struct lab_client *c, struct strbuf *answer, struct error *err)
{
	for (;;) {
		struct pollfd from = {.fd = c->fd, .events = POLLIN};
		size_t start = answer->len;
		const char *words[4];
		size_t count = 0;
		char byte;

		do {
			/* Byte by byte: what follows "ok" may be a console. */
			if (poll(&from, 1, ANSWER_MS) <= 0)
				return error_set(err, "the lab does not answer");
			if (fd_read(c->fd, &byte, 1) != 1)
				return error_set(err, "the lab has ended");
			strbuf_add(answer, &byte, 1);
		} while (byte != '\n' && answer->len < ANSWER_LIMIT);
		if (!strcmp(answer->data + start, "ok\n")) {
			answer->len = start;
			answer->data[start] = '\0';
			return 0;
		}
		if (!strncmp(answer->data + start, "error ", 6)) {
			char *line = arena_strdup(a, answer->data + start);

			if (flat_decode(line, strlen(line) - 1, line, words, 4, &count) || count < 2)
				return error_set(err, "the lab refuses");
			return error_set(err, "%s", words[1]);
		}
	}
}

int client_ask(struct arena *a, struct lab_client *c, const char *verb, const char *node, struct strbuf *answer, struct error *err)
{
	_cleanup_strbuf_ struct strbuf question = {0};

	flat_add(&question, verb, node, NULL);
	if (send(c->fd, question.data, question.len, MSG_NOSIGNAL) != (ssize_t)question.len)
		return error_set(err, "the lab has ended");
	return take_answer(a, c, answer, err);
}

static unsigned long number(const char *text)
{
	return strtoul(text, NULL, 10);
}

int client_status(struct arena *a, struct lab_client *c, struct lab_status *out, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct lab_status s = {0};
	struct flat flat;

	if (client_ask(a, c, "status", NULL, &text, err) < 0 ||
	    flat_parse(a, "status", text.data ? text.data : "", text.len, &flat, err) < 0)
		return -1;
	for (size_t i = 0; i < flat.count; i++) {
		const char **w = flat.lines[i].words;
		size_t n = flat.lines[i].count;

		if (!strcmp(w[0], "lab") && n == 5) {
			s.name = w[1];
			s.file = w[2];
			s.seconds = number(w[3]);
			s.api = w[4];
		} else if (!strcmp(w[0], "server") && n == 3 && s.server_count < sizeof(s.servers) / sizeof(*s.servers)) {
			s.servers[s.server_count++] = (struct status_server){w[1], w[2]};
		} else if (!strcmp(w[0], "node") && n == STATUS_FIELDS + 1) {
			s.nodes = arena_grow(a, s.nodes, s.node_count, &s.node_cap, sizeof(*s.nodes));
			s.nodes[s.node_count++] = (struct status_node){
				.name = w[1], .role = w[2], .address = w[3], .mac = w[4], .step = w[5], .phase = w[6], .up = w[7],
				.ready = w[8], .kib = number(w[9]), .mib = number(w[10]), .starts = number(w[11]),
				.boots = number(w[12]), .said = w[13],
			};
		}
	}
	*out = s;
	return 0;
}

const struct status_node *status_find(const struct lab_status *s, const char *name, struct error *err)
{
	_cleanup_strbuf_ struct strbuf names = {0};

	for (size_t i = 0; i < s->node_count; i++) {
		if (!strcmp(s->nodes[i].name, name))
			return &s->nodes[i];
		strbuf_printf(&names, "%s%s", i ? ", " : "", s->nodes[i].name);
	}
	error_set(err, "the lab has no node \"%s\"; there is %s", name, names.len ? names.data : "none");
	return NULL;
}

int client_down(struct arena *a, struct lab_client *c, struct error *err)
{
	_cleanup_close_ int process = (int)syscall(SYS_pidfd_open, c->pid, 0);
	struct pollfd end = {.fd = process, .events = POLLIN};
	static const char question[] = "down\n";

	(void)a;
	if (send(c->fd, question, sizeof(question) - 1, MSG_NOSIGNAL) < 0)
		return error_set(err, "the lab has ended already");
	/* The first process of the namespaces is gone only after all others (pid_namespaces(7)). */
	if (process >= 0 && poll(&end, 1, DOWN_MS) != 1)
		return error_set(err, "the lab did not end within %d s; its first process is %d", DOWN_MS / 1000, c->pid);
	return 0;
}

static __attribute__((noreturn)) void become(const char *const *argv, pid_t lab, pid_t parent)
{
	_cleanup_error_ struct error err = {0};
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	if (namespaces_enter(lab, &err) < 0) {
		fprintf(stderr, "mkdl: %s\n", error_text(&err));
		_exit(126);
	}
	execvp(argv[0], (char *const *)argv);
	fprintf(stderr, "mkdl: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

int client_run(struct arena *a, struct lab_client *c, const char *const *argv, int *code, struct error *err)
{
	_cleanup_strbuf_ struct strbuf answer = {0};
	_cleanup_close_ int process = -1;
	pid_t self = getpid(), pid;
	int status;

	if (client_ask(a, c, "hold", NULL, &answer, err) < 0)
		return -1;
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return error_errno(err, "%s", argv[0]);
	if (pid == 0)
		become(argv, c->pid, self);
	/* The terminal's keys are for the program. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	process = (int)syscall(SYS_pidfd_open, pid, 0);
	for (;;) {
		struct pollfd fds[] = {{.fd = process, .events = POLLIN}, {.fd = c->fd, .events = POLLIN}};

		if (process < 0 || (poll(fds, 2, -1) < 0 && errno != EINTR) || fds[0].revents)
			break;
		/* A lab that ended would leave it waiting for answers that never come. */
		if (fds[1].revents) {
			kill(pid, SIGKILL);
			break;
		}
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_errno(err, "%s", argv[0]);
	*code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return 0;
}
