#include "init/service.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init/cgroup.h"
#include "init/console.h"
#include "init/spawn.h"
#include "init/timeline.h"

enum {
	BACKOFF_FIRST_MS = 500,
	BACKOFF_LONGEST_MS = 30000,
	UP_FOR_LONG_MS = 60000,
	KILL_PATIENCE_MS = 5000, /* after SIGKILL: a process in hung I/O does not die */
	LOG_LINES = 3,
	LOG_DEATHS = 3,
};

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

/* The defaults that the plan does not override, then the plan's own. */
static const char **make_environment(struct arena *a, const struct plan_service *plan,
				     const struct names_variable *variables)
{
	size_t defaults = 0, n = 0;
	const char **out;

	while (spawn_environment[defaults])
		defaults++;
	out = arena_calloc(a, defaults + plan->env.count + 1, sizeof(*out));
	for (size_t i = 0; i < defaults; i++) {
		size_t key = strcspn(spawn_environment[i], "=");
		bool overridden = false;

		for (size_t j = 0; j < plan->env.count; j++)
			overridden = overridden || (strlen(plan->env.items[j].key) == key &&
						    !memcmp(plan->env.items[j].key, spawn_environment[i], key));
		if (!overridden)
			out[n++] = spawn_environment[i];
	}
	for (size_t j = 0; j < plan->env.count; j++)
		out[n++] = arena_printf(a, "%s=%s", plan->env.items[j].key, fill(a, plan->env.items[j].value, variables));
	return out;
}

int service_prepare(struct arena *a, struct service *s, struct loop *loop, const struct plan_service *plan,
		    const struct names_variable *variables, struct error *err)
{
	s->plan = plan;
	s->backoff = BACKOFF_FIRST_MS;
	s->argv = fill_all(a, &plan->run, variables);
	s->envp = make_environment(a, plan, variables);
	s->ready = (struct ready){
		.kind = plan->ready,
		.words = fill_all(a, &plan->ready_words, variables),
		.fd = -1,
	};
	cgroup_make(plan->name);
	if (s->terminal)
		return 0;
	log_open(&s->log, plan->name, LOG_LIMIT);
	s->has_log = true;
	return log_pipe(&s->log, loop, err);
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
	const char **argv = fill_all(a, &s->plan->run, variables), **envp = make_environment(a, s->plan, variables);
	const char **words = fill_all(a, &s->plan->ready_words, variables);

	if (same_words(argv, s->argv) && same_words(envp, s->envp) && same_words(words, s->ready.words))
		return false;
	s->argv = argv;
	s->envp = envp;
	s->ready.words = words;
	return true;
}

static void back_off(struct service *s, int64_t now)
{
	s->state = SERVICE_BACKOFF;
	s->due = now + s->backoff;
	s->backoff = s->backoff * 2 > BACKOFF_LONGEST_MS ? BACKOFF_LONGEST_MS : s->backoff * 2;
}

static void say_ready(struct service *s, int64_t now)
{
	s->ready_at = now;
	timeline_service_ready(s->plan->name, now);
	if (s->internal)
		return;
	console_say("service %-12s ready (%.1f s, took %lld ms)", s->plan->name, (double)now / 1000,
		    (long long)(now - s->started));
}

void service_start(struct service *s, int64_t now)
{
	const struct spawn spawn = {
		.argv = s->argv,
		.envp = s->envp,
		.output = s->has_log ? s->log.write_fd : -1,
		.cgroup = s->plan->name,
		.terminal = s->terminal,
	};
	pid_t pid;

	for (size_t i = 0; i < s->plan->exists.count; i++)
		if (access(s->plan->exists.items[i], F_OK) < 0) {
			console_detail("service %s: not started, %s does not exist", s->plan->name, s->plan->exists.items[i]);
			s->state = SERVICE_DONE;
			return;
		}
	if (s->has_log)
		log_mark(&s->log);
	pid = spawn_start(&spawn);
	if (pid < 0) {
		console_say("service %s cannot be started: %s; again in %.1f s", s->plan->name, strerror(errno),
			    (double)s->backoff / 1000);
		back_off(s, now);
		return;
	}
	console_detail("service %s started as process %d", s->plan->name, (int)pid);
	timeline_service(s->plan->name, now);
	s->pid = pid;
	s->starts++;
	s->started = now;
	s->ready_at = 0;
	s->state = SERVICE_STARTING;
	s->due = s->plan->oneshot || s->internal ? INT64_MAX : now + (int64_t)s->plan->ready_timeout * 1000;
	s->again = s->killed = false;
	ready_begin(&s->ready, now);
	service_tick(s, now);
}

/* It ended by itself: by its restart policy start it again, later and later, or not. */
static void ended_alone(struct service *s, int status, int64_t now)
{
	bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	double after = (double)(now - s->started) / 1000;
	enum plan_restart policy = plan_service_restart(s->plan);
	bool restart = policy == PLAN_RESTART_ALWAYS || (policy == PLAN_RESTART_ON_FAILURE && !good);
	char how[SPAWN_HOW];

	if (good && !restart) {
		s->state = SERVICE_DONE;
		say_ready(s, now);
		return;
	}
	if (now - s->started >= UP_FOR_LONG_MS) {
		s->backoff = BACKOFF_FIRST_MS;
		s->deaths = 0;
	}
	s->deaths++;
	if (restart) {
		int64_t pause = s->backoff;

		back_off(s, now);
		if (!s->terminal)
			console_say("service %s %s after %.1f s; again in %.1f s", s->plan->name, spawn_describe(status, how),
				    after, (double)pause / 1000);
	} else {
		s->state = SERVICE_FAILED;
		console_say("service %s %s after %.1f s and is not started again", s->plan->name, spawn_describe(status, how),
			    after);
	}
	/* The log has not moved on by then in most cases; the first few deaths tell the story, the file the rest. */
	if (s->has_log && s->deaths <= LOG_DEATHS) {
		log_drain(&s->log);
		log_say_why(&s->log, LOG_LINES);
		if (s->deaths == LOG_DEATHS || !restart)
			console_say("service %s: all of its output is in %s", s->plan->name, s->log.path);
	}
}

void service_ended(struct service *s, int status, int64_t now)
{
	bool stopping = s->state == SERVICE_STOPPING;

	s->pid = 0;
	s->ended_at = now;
	spawn_describe(status, s->ended);
	ready_end(&s->ready);
	if (!stopping) {
		ended_alone(s, status, now);
		return;
	}
	if (s->again) {
		back_off(s, now);
		return;
	}
	/* What it left behind goes with it. */
	cgroup_kill(s->plan->name);
	s->state = SERVICE_STOPPED;
	console_detail("service %s stopped", s->plan->name);
}

static void kill_all(struct service *s)
{
	if (!cgroup_kill(s->plan->name))
		spawn_kill(s->pid, SIGKILL);
}

void service_stop(struct service *s, int64_t now, bool again)
{
	if (s->state == SERVICE_STOPPING) {
		s->again = s->again && again;
		return;
	}
	ready_end(&s->ready);
	if (!s->pid) {
		/* Done, but children may have stayed. */
		cgroup_kill(s->plan->name);
		s->state = SERVICE_STOPPED;
		return;
	}
	s->state = SERVICE_STOPPING;
	s->again = again;
	s->killed = false;
	s->due = now + (int64_t)s->plan->stop_timeout * 1000;
	kill(s->pid, SIGTERM);
	/* A stopped process takes no SIGTERM. */
	kill(s->pid, SIGCONT);
}

void service_kill(struct service *s, int64_t now)
{
	if (s->state != SERVICE_STOPPING || s->killed)
		return;
	kill_all(s);
	s->killed = true;
	s->again = false;
	s->due = now + KILL_PATIENCE_MS;
}

int64_t service_stop_limit(const struct service *s)
{
	return (int64_t)s->plan->stop_timeout * 1000 + KILL_PATIENCE_MS;
}

static void tick_stopping(struct service *s, int64_t now)
{
	if (now < s->due)
		return;
	if (!s->killed) {
		/* An interactive shell takes no SIGTERM. */
		if (!s->terminal)
			console_say("service %s did not end within %u s: killed", s->plan->name, s->plan->stop_timeout);
		if (s->again)
			kill(s->pid, SIGKILL);
		else
			kill_all(s);
		s->killed = true;
		s->due = now + KILL_PATIENCE_MS;
	} else {
		console_say("service %s: process %d does not die (hung I/O?): left behind", s->plan->name, (int)s->pid);
		s->state = SERVICE_STOPPED;
		s->pid = 0;
	}
}

static void tick_starting(struct service *s, int64_t now)
{
	if (s->plan->oneshot)
		return;
	if (ready_look(&s->ready, now)) {
		s->state = SERVICE_READY;
		s->due = INT64_MAX;
		say_ready(s, now);
	} else if (now >= s->due) {
		console_say("service %s is not ready after %u s: restarted", s->plan->name, s->plan->ready_timeout);
		if (s->has_log)
			log_say_why(&s->log, LOG_LINES);
		service_stop(s, now, true);
	}
}

void service_tick(struct service *s, int64_t now)
{
	if (s->state == SERVICE_BACKOFF && now >= s->due)
		s->state = SERVICE_WAITING;
	else if (s->state == SERVICE_STARTING)
		tick_starting(s, now);
	else if (s->state == SERVICE_STOPPING)
		tick_stopping(s, now);
}

bool service_is_up(const struct service *s)
{
	return s->state == SERVICE_READY || s->state == SERVICE_DONE;
}

bool service_is_down(const struct service *s)
{
	return s->state == SERVICE_STOPPED;
}

int64_t service_next(const struct service *s)
{
	switch (s->state) {
	case SERVICE_BACKOFF:
	case SERVICE_STOPPING: return s->due;
	case SERVICE_STARTING:
		if (s->plan->oneshot)
			return INT64_MAX;
		return s->ready.next < s->due ? s->ready.next : s->due;
	default: return INT64_MAX;
	}
}
