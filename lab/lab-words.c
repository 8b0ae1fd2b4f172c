#include "builder/run-program.h"
#include "lab/lab-words.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "lab/servers.h"
#include "lab/table.h"

static int connect_to(const struct lab_call *call, struct lab_client *c, struct error *err)
{
	return client_open(call->arena, call->out, call->name, c, err);
}

static int status(const struct lab_call *call, struct error *err)
{
	struct lab_client c = {.fd = -1};
	struct lab_status s;

	if (connect_to(call, &c, err) < 0 || client_status(call->arena, &c, &s, err) < 0)
		return EXIT_FAILED;
	if (call->globals->json)
		table_json(&s, &c);
	else
		table_print(&s, c.dir, stdout);
	client_close(&c);
	return EXIT_OK;
}

static int watch_lab(const struct lab_call *call, struct error *err)
{
	struct lab_client c = {.fd = -1};
	enum watch_end end = WATCH_REACHED;
	int code;

	if (connect_to(call, &c, err) < 0)
		return EXIT_FAILED;
	code = watch(call->arena, &c, GOAL_NONE, 0, stdout, &end, err);
	client_close(&c);
	return code < 0 ? EXIT_FAILED : EXIT_OK;
}

/* kill, reset, start, button: the subcommand is the question. */
static int tell(const struct lab_call *call, const char *verb, struct error *err)
{
	_cleanup_strbuf_ struct strbuf answer = {0};
	struct lab_client c = {.fd = -1};
	int code = EXIT_FAILED;

	if (connect_to(call, &c, err) == 0 && client_ask(call->arena, &c, verb, call->words[0], &answer, err) == 0)
		code = EXIT_OK;
	client_close(&c);
	return code;
}

static int kill_node(const struct lab_call *call, struct error *err)
{
	return tell(call, "kill", err);
}

static int reset_node(const struct lab_call *call, struct error *err)
{
	return tell(call, "reset", err);
}

static int start_node(const struct lab_call *call, struct error *err)
{
	return tell(call, "start", err);
}

static int press_button(const struct lab_call *call, struct error *err)
{
	return tell(call, "button", err);
}

static int console(const struct lab_call *call, struct error *err)
{
	struct lab_client c = {.fd = -1};
	int code = EXIT_FAILED;

	if (connect_to(call, &c, err) == 0 && client_console(call->arena, &c, call->words[0], err) == 0)
		code = EXIT_OK;
	client_close(&c);
	return code;
}

static int down(const struct lab_call *call, struct error *err)
{
	struct lab_client c = {.fd = -1};
	int code = EXIT_FAILED;

	if (connect_to(call, &c, err) == 0 && client_down(call->arena, &c, err) == 0) {
		fprintf(stderr, "mkdl: lab %s is down; its nodes' state and its logs are kept in %s\n", c.name, c.dir);
		code = EXIT_OK;
	}
	client_close(&c);
	return code;
}

/* Words for ssh up to the address. Machines are made anew at every boot, and the network is ours alone: no known hosts. */
static void ssh_words(struct arena *a, struct strings *argv, const struct lab_client *c, const char *address, bool terminal)
{
	static const char *const options[] = {
		"BatchMode=yes", "ConnectTimeout=10", "ServerAliveInterval=5", "LogLevel=ERROR", "StrictHostKeyChecking=no",
		"UserKnownHostsFile=/dev/null",
	};

	strings_add(a, argv, "ssh");
	strings_add(a, argv, "-F");
	strings_add(a, argv, "none");
	strings_add(a, argv, "-i");
	strings_add(a, argv, arena_printf(a, "%s/ssh/id_ed25519", c->dir));
	if (terminal)
		strings_add(a, argv, "-t");
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		strings_add(a, argv, "-o");
		strings_add(a, argv, options[i]);
	}
	strings_add(a, argv, arena_printf(a, "root@%s", address));
}

static int run_in(const struct lab_call *call, struct lab_client *c, const struct strings *argv, struct error *err)
{
	int code;

	return client_run(call->arena, c, argv->items, &code, err) < 0 ? EXIT_FAILED : code;
}

static int exec_node(const struct lab_call *call, struct error *err)
{
	struct lab_client c = {.fd = -1};
	const struct status_node *n;
	struct strings argv = {0};
	struct lab_status s;
	size_t i = 1;
	int code;

	if (connect_to(call, &c, err) < 0 || client_status(call->arena, &c, &s, err) < 0)
		return EXIT_FAILED;
	n = status_find(&s, call->words[0], err);
	if (!n)
		return EXIT_FAILED;
	if (!strcmp(n->step, "off")) {
		error_set(err, "%s is off", n->name);
		return EXIT_FAILED;
	}
	ssh_words(call->arena, &argv, &c, n->address, isatty(0) && isatty(1));
	if (i < call->count && !strcmp(call->words[i], "--"))
		i++;
	if (i < call->count)
		strings_add(call->arena, &argv, "--");
	for (; i < call->count; i++)
		strings_add(call->arena, &argv, call->words[i]);
	code = run_in(call, &c, &argv, err);
	client_close(&c);
	return code;
}

static int run_here(const struct lab_call *call, struct error *err)
{
	struct lab_client c = {.fd = -1};
	struct strings argv = {0};
	size_t i = !strcmp(call->words[0], "--") ? 1 : 0;
	int code;

	if (i == call->count) {
		error_set(err, "lab run: which program?");
		return EXIT_USAGE;
	}
	for (; i < call->count; i++)
		strings_add(call->arena, &argv, call->words[i]);
	if (connect_to(call, &c, err) < 0)
		return EXIT_FAILED;
	code = run_in(call, &c, &argv, err);
	client_close(&c);
	return code;
}

/* Of a server that is up; the first one otherwise, to say what is wrong with it. */
static const struct status_node *some_server(const struct lab_status *s)
{
	const struct status_node *first = NULL;

	for (size_t i = 0; i < s->node_count; i++) {
		if (strcmp(s->nodes[i].role, "server") != 0)
			continue;
		if (!strcmp(s->nodes[i].step, "up"))
			return &s->nodes[i];
		if (!first)
			first = &s->nodes[i];
	}
	return first;
}

/* The host's, with the lab's kubeconfig; without one here, the server's own, which sees no files of the host. */
static int kubectl(const struct lab_call *call, struct error *err)
{
	struct lab_client c = {.fd = -1};
	const struct status_node *server;
	struct arena *a = call->arena;
	struct strings argv = {0};
	struct lab_status s;
	const char *program;
	int code;

	if (connect_to(call, &c, err) < 0 || client_status(a, &c, &s, err) < 0)
		return EXIT_FAILED;
	program = arena_printf(a, "%s/recipes/kubernetes/files/usr/bin/kubectl", call->out);
	if (access(program, X_OK) < 0)
		program = program_find(a, "kubectl");
	server = some_server(&s);
	if (program) {
		strings_add(a, &argv, program);
		strings_add(a, &argv, arena_printf(a, "--kubeconfig=%s/cluster/kubeconfig", c.dir));
	} else if (server) {
		ssh_words(a, &argv, &c, server->address, isatty(0) && isatty(1));
		strings_add(a, &argv, "--");
		strings_add(a, &argv, "kubectl");
		strings_add(a, &argv, "--kubeconfig=/etc/kubernetes/admin.kubeconfig");
	} else {
		error_set(err, "the lab has no server and this host no kubectl");
		return EXIT_FAILED;
	}
	for (size_t i = call->count && !strcmp(call->words[0], "--") ? 1 : 0; i < call->count; i++)
		strings_add(a, &argv, call->words[i]);
	code = run_in(call, &c, &argv, err);
	client_close(&c);
	return code;
}

/* A node's console, a server's log, or (without a name) the lab's story; also of a lab that is down, with --lab. */
static int logs(const struct lab_call *call, struct error *err)
{
	struct lab_client c = {.fd = -1};
	struct arena *a = call->arena;
	const char *dir, *file;
	_cleanup_close_ int fd = -1;

	if (call->name) {
		dir = arena_printf(a, "%s/lab/%s", call->out, call->name);
	} else {
		if (connect_to(call, &c, err) < 0)
			return EXIT_FAILED;
		dir = c.dir;
		client_close(&c);
	}
	if (call->count && strchr(call->words[0], '/')) {
		error_set(err, "lab logs %s: the name of a node or of a server", call->words[0]);
		return EXIT_USAGE;
	}
	file = call->count ? arena_printf(a, "%s/console/%s", dir, call->words[0]) : arena_printf(a, "%s/log/events", dir);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && call->count)
		fd = open(arena_printf(a, "%s/log/%s", dir, call->words[0]), O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		error_set(err, "there is no log \"%s\" in %s/console and %s/log", call->count ? call->words[0] : "events", dir, dir);
		return EXIT_FAILED;
	}
	return fd_copy(fd, STDOUT_FILENO, file, NULL, err) < 0 ? EXIT_FAILED : EXIT_OK;
}

const struct lab_word lab_words[] = {
	{"button", false, 1, 1, press_button},
	{"console", false, 1, 1, console},
	{"down", false, 0, 0, down},
	{"exec", true, 1, (size_t)-1, exec_node},
	{"kill", false, 1, 1, kill_node},
	{"kubectl", true, 0, (size_t)-1, kubectl},
	{"logs", false, 0, 1, logs},
	{"push", false, 2, 2, lab_push},
	{"reset", false, 1, 1, reset_node},
	{"run", true, 1, (size_t)-1, run_here},
	{"start", false, 1, 1, start_node},
	{"status", false, 0, 0, status},
	{"watch", false, 0, 0, watch_lab},
};

const size_t lab_word_count = sizeof(lab_words) / sizeof(*lab_words);

const struct lab_word *lab_word_find(const char *name)
{
	for (size_t i = 0; i < lab_word_count; i++)
		if (!strcmp(lab_words[i].name, name))
			return &lab_words[i];
	return NULL;
}
