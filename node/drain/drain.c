/* drain: ends all pods of this node through its container runtime, each container within its pod's own grace period, all at once, within
 * a limit. the runtime's service runs it before it ends, when the kubelet has ended already; nodectl drain runs it too.
 * Hooks that pods want to run before they end (preStop) are the kubelet's, and are not run. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "node/drain/pods.h"

enum {
	EXIT_USAGE = 2,
	EXIT_KILLED = 3,        /* of a child: its container had to be killed */
	TIMEOUT = 120,          /* seconds */
	LONGEST_TIMEOUT = 86400,
	LEEWAY_MS = 15000,      /* for the runtime's own work, on top of a container's time */
	KILLED_CODE = 128 + 9,
	AT_ONCE = 128,          /* children at a time */
};

static const char usage[] = "usage: drain [--socket PATH] [--timeout SECONDS]\n";

struct options {
	const char *socket;
	int64_t timeout;
};

struct drain {
	const struct options *options;
	struct arena arena;
	struct pods pods;
	int64_t began;
	size_t ended, killed, failed;
};

static const char *pod_of(struct drain *d, const struct pod_container *c)
{
	const struct pod_sandboxes *all = &d->pods.sandboxes;

	for (size_t i = 0; i < all->count; i++)
		if (!strcmp(all->items[i].id, c->sandbox_id))
			return arena_printf(&d->arena, "%s/%s", all->items[i].namespace, all->items[i].name);
	return "?";
}

/* What is left of the time, at least a second, so that SIGTERM is sent in any case. */
static int64_t time_for(const struct drain *d, int64_t grace)
{
	int64_t left = d->options->timeout - (clock_ms() - d->began) / 1000;

	left = left < 1 ? 1 : left;
	return grace < left ? grace : left;
}

static int end_container(struct drain *d, size_t i, struct error *err)
{
	const struct pod_container *c = &d->pods.containers.items[i];
	int64_t seconds = time_for(d, c->grace), began = clock_ms(), code = -1;
	const char *pod = pod_of(d, c);

	if (runtime_stop_container(d->options->socket, seconds * 1000 + LEEWAY_MS, c->id, seconds, &code, err) < 0)
		return error_wrap(err, "pod %s: container %s", pod, c->name);
	if (code == KILLED_CODE && clock_ms() - began >= seconds * 1000) {
		printf("pod %s: container %s did not end within %" PRId64 " s: killed\n", pod, c->name, seconds);
		return EXIT_KILLED;
	}
	printf("pod %s: container %s ended after %.1f s, exit code %" PRId64 "\n", pod, c->name,
	       (double)(clock_ms() - began) / 1000, code);
	return 0;
}

static int end_sandbox(struct drain *d, size_t i, struct error *err)
{
	const struct pod_sandbox *s = &d->pods.sandboxes.items[i];
	int64_t left = d->options->timeout * 1000 - (clock_ms() - d->began);
	int result = runtime_stop_sandbox(d->options->socket, left > LEEWAY_MS ? left : LEEWAY_MS, s->id, err);

	return result < 0 ? error_wrap(err, "pod %s/%s", s->namespace, s->name) : 0;
}

static pid_t start(struct drain *d, size_t i, int (*end)(struct drain *d, size_t i, struct error *err))
{
	_cleanup_error_ struct error err = {0};
	pid_t pid = fork();
	int result;

	if (pid != 0)
		return pid;
	result = end(d, i, &err);
	if (result < 0) {
		fprintf(stderr, "drain: %s\n", error_text(&err));
		result = 1;
	}
	fflush(stdout);
	_exit(result);
}

static void reap_one(struct drain *d)
{
	int status = 0;

	if (wait(&status) < 0)
		return;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		d->ended++;
	else if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_KILLED)
		d->killed++;
	else
		d->failed++;
}

/* Each in a process of its own: a connection has one call at a time. They have their limits themselves (grpc_patience). */
static void run_all(struct drain *d, size_t count, int (*end)(struct drain *d, size_t i, struct error *err))
{
	size_t running = 0;

	for (size_t i = 0; i < count; i++) {
		if (running == AT_ONCE) {
			reap_one(d);
			running--;
		}
		if (start(d, i, end) > 0)
			running++;
		else
			d->failed++;
	}
	while (running-- > 0)
		reap_one(d);
}

static int drain(const struct options *o, struct error *err)
{
	struct drain d = {.options = o, .began = clock_ms()};
	size_t ended;

	if (runtime_list(o->socket, LEEWAY_MS, &d.arena, &d.pods, err) < 0)
		return -1;
	run_all(&d, d.pods.containers.count, end_container);
	ended = d.ended;
	d.ended = 0;
	run_all(&d, d.pods.sandboxes.count, end_sandbox);
	printf("containers: %zu ended, %zu killed; pods: %zu of %zu down; took %.1f s\n", ended, d.killed, d.ended,
	       d.pods.sandboxes.count, (double)(clock_ms() - d.began) / 1000);
	arena_free(&d.arena);
	return d.failed ? error_set(err, "%zu could not be ended", d.failed) : 0;
}

static int parse_options(int argc, char **argv, struct options *out)
{
	static const struct option known[] = {
		{"socket", required_argument, NULL, 's'}, {"timeout", required_argument, NULL, 't'}, {NULL, 0, NULL, 0},
	};
	struct options o = {.socket = runtime_socket, .timeout = TIMEOUT};
	char *end;
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		switch (c) {
		case 's': o.socket = optarg; break;
		case 't':
			o.timeout = strtoll(optarg, &end, 10);
			if (*end || end == optarg || o.timeout < 0 || o.timeout > LONGEST_TIMEOUT)
				return -1;
			break;
		default: return -1;
		}
	if (optind != argc)
		return -1;
	*out = o;
	return 0;
}

int main(int argc, char **argv)
{
	_cleanup_error_ struct error err = {0};
	struct options o;

	if (parse_options(argc, argv, &o) < 0) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (drain(&o, &err) == 0)
		return 0;
	fprintf(stderr, "drain: %s\n", error_text(&err));
	return 1;
}
