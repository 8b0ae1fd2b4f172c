/* A service as the plan has it: what it is started with, its group and limits, its log. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init/cgroup.h"
#include "init/console.h"
#include "init/memory.h"
#include "init/service.h"
#include "init/spawn.h"

/* A file that is rotated with every few lines would hold nothing. */
enum { LOG_LEAST = 65536 };

/* One word with its variables filled in. */
static const char *fill(struct arena *a, const char *word, const struct names_variable *variables)
{
	size_t n = names_fill(word, variables, NULL, 0);
	char *out = arena_alloc(a, n + 1);

	names_fill(word, variables, out, n + 1);
	return out;
}

/* Ends in NULL. */
static const char **fill_all(struct arena *a, const struct strings *words, const struct names_variable *variables)
{
	const char **out = arena_calloc(a, words->count + 1, sizeof(*out));

	for (size_t i = 0; i < words->count; i++)
		out[i] = fill(a, words->items[i], variables);
	return out;
}

static bool plan_sets(const struct plan_service *plan, const char *variable)
{
	size_t n = strcspn(variable, "=");

	for (size_t i = 0; i < plan->env.count; i++)
		if (strlen(plan->env.items[i].key) == n && !memcmp(plan->env.items[i].key, variable, n))
			return true;
	return false;
}

/* The defaults that the plan does not override, then the plan's own. Those that follow from the user are added when it
 * is known, in the child (spawn.c). */
static const char **make_environment(struct arena *a, const struct service *s, const struct names_variable *variables)
{
	const struct plan_service *plan = s->plan;
	const char *const *defaults = plan->user ? spawn_environment_of_user : spawn_environment;
	const char **out;
	size_t n = 0;

	while (defaults[n])
		n++;
	/* Two more: the socket's, and the NULL. */
	out = arena_calloc(a, n + plan->env.count + 2, sizeof(*out));
	n = 0;
	for (size_t i = 0; defaults[i]; i++)
		if (!plan_sets(plan, defaults[i]))
			out[n++] = defaults[i];
	for (size_t i = 0; i < plan->env.count; i++)
		out[n++] = arena_printf(a, "%s=%s", plan->env.items[i].key, fill(a, plan->env.items[i].value, variables));
	if (s->notify.path[0])
		out[n++] = arena_printf(a, "NOTIFY_SOCKET=%s", s->notify.path);
	return out;
}

static void set_limits(const struct plan_service *plan)
{
	if (!cgroup_make(plan->name))
		return;
	for (size_t i = 0; i < plan->limits.count; i++) {
		_cleanup_error_ struct error err = {0};
		const char *key = plan->limits.items[i].key, *value = plan->limits.items[i].value;
		char text[64], file[32];

		snprintf(file, sizeof(file), "%s.max", key);
		/* Microseconds in each tenth of a second: 150 (percent of a CPU) is 150000 of 100000. */
		if (!strcmp(key, "cpu"))
			snprintf(text, sizeof(text), "%s000 100000", value);
		else if (!strcmp(key, "memory"))
			snprintf(text, sizeof(text), "%" PRIu64, memory_bytes(value));
		else
			snprintf(text, sizeof(text), "%s", value);
		if (cgroup_set(plan->name, file, text, &err) < 0)
			console_say("service %s runs without its limit of %s: %s", plan->name, key, error_text(&err));
	}
}

static void take_oom(void *data, uint32_t events)
{
	(void)events;
	service_check_oom(data);
}

/* The kernel tells by this file that it killed a process of the group. */
static void watch_oom(struct service *s, struct loop *loop)
{
	_cleanup_error_ struct error err = {0};
	int fd = cgroup_open_events(s->plan->name);

	if (fd >= 0 && loop_watch(loop, &s->oom, fd, EPOLLPRI, take_oom, s, &err) < 0) {
		console_say("service %s: %s", s->plan->name, error_text(&err));
		close(fd);
	}
	service_check_oom(s);
}

static int open_log(struct service *s, struct loop *loop, struct error *err)
{
	const char *policy = s->plan->log;
	bool sized = policy && policy[0] >= '0' && policy[0] <= '9';
	uint64_t limit = sized ? memory_bytes(policy) : LOG_LIMIT;

	if (s->terminal || (policy && !strcmp(policy, "none")))
		return 0;
	log_open(&s->log, s->plan->name, limit < LOG_LEAST ? LOG_LEAST : (size_t)limit);
	s->log.on_console = policy && !strcmp(policy, "console");
	s->has_log = true;
	return log_pipe(&s->log, loop, err);
}

int service_prepare(struct arena *a, struct service *s, struct loop *loop, const struct plan_service *plan,
		    const struct names_variable *variables, struct error *err)
{
	s->plan = plan;
	s->backoff = SERVICE_BACKOFF_FIRST_MS;
	if (plan->ready == PLAN_READY_NOTIFY && notify_open(&s->notify, loop, plan->name, err) < 0)
		return error_wrap(err, "service %s: notify", plan->name);
	s->argv = fill_all(a, &plan->run, variables);
	s->stop_argv = plan->stop.count ? fill_all(a, &plan->stop, variables) : NULL;
	s->envp = make_environment(a, s, variables);
	s->ready = (struct ready){
		.kind = plan->ready,
		.words = fill_all(a, &plan->ready_words, variables),
		.notify = &s->notify,
		.fd = -1,
	};
	set_limits(plan);
	watch_oom(s, loop);
	return open_log(s, loop, err);
}

static bool same_words(const char *const *a, const char *const *b)
{
	size_t i = 0;

	while (a[i] && b[i] && !strcmp(a[i], b[i]))
		i++;
	return !a[i] && !b[i];
}

bool service_refill(struct arena *a, struct service *s, const struct names_variable *variables)
{
	const char **argv = fill_all(a, &s->plan->run, variables), **envp = make_environment(a, s, variables);
	const char **words = fill_all(a, &s->plan->ready_words, variables);

	if (s->plan->stop.count)
		s->stop_argv = fill_all(a, &s->plan->stop, variables);
	if (same_words(argv, s->argv) && same_words(envp, s->envp) && same_words(words, s->ready.words))
		return false;
	s->argv = argv;
	s->envp = envp;
	s->ready.words = words;
	return true;
}
