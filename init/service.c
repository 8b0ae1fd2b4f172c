#include "init/service.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "init/cgroup.h"
#include "init/console.h"
#include "init/spawn.h"
#include "init/timeline.h"

enum {
	BACKOFF_LONGEST_MS = 30000,
	UP_FOR_LONG_MS = 60000,
	KILL_PATIENCE_MS = 5000, /* after SIGKILL: a process in hung I/O does not die */
	LOG_LINES = 3,
	LOG_DEATHS = 3,
	STOP_SHARE = 4, /* of stop-timeout the last quarter is left to SIGTERM */
};

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
		.user = s->plan->user,
		.socket = s->notify.path[0] ? s->notify.path : NULL,
		.output = s->has_log ? s->log.write_fd : -1,
		.cgroup = s->plan->name,
		.terminal = s->terminal,
	};
	unsigned unsaid;
	pid_t pid;

	for (size_t i = 0; i < s->plan->exists.count; i++)
		if (access(s->plan->exists.items[i], F_OK) < 0) {
			console_detail("service %s: not started, %s does not exist", s->plan->name, s->plan->exists.items[i]);
			s->state = SERVICE_DONE;
			return;
		}
	if (s->has_log)
		log_mark(&s->log);
	if (s->notify.path[0])
		notify_begin(&s->notify);
	pid = spawn_start(&spawn);
	if (pid < 0) {
		if (rate_allows(&s->rate, now, &unsaid))
			console_say("service %s cannot be started: %s; again in %.1f s", s->plan->name, strerror(errno),
				    (double)s->backoff / 1000);
		back_off(s, now);
		return;
	}
	console_detail("service %s started as process %d", s->plan->name, (int)pid);
	timeline_service(s->plan->name, now);
	s->pid = s->notify.pid = pid;
	s->starts++;
	s->started = now;
	s->ready_at = 0;
	s->state = SERVICE_STARTING;
	s->due = s->plan->oneshot || s->internal ? INT64_MAX : now + (int64_t)s->plan->ready_timeout * 1000;
	s->again = s->killed = false;
	ready_begin(&s->ready, now);
	service_tick(s, now);
}

void service_check_oom(struct service *s)
{
	unsigned long long kills = s->oom.call ? cgroup_oom_kills(s->oom.fd) : 0, before = s->oom_kills;
	unsigned unsaid;

	s->oom_kills = kills;
	if (kills > before && rate_allows(&s->rate, clock_ms(), &unsaid))
		console_say("service %s: out of memory: the kernel killed %llu of its processes%s%s", s->plan->name,
			    kills - before, pairs_get(&s->plan->limits, "memory") ? "; its limit is " : "",
			    pairs_get(&s->plan->limits, "memory") ? pairs_get(&s->plan->limits, "memory") : "");
}

/* The first deaths are said each, with what the service had to say; those that follow now and then, with their number.
 * The log has not moved on by then in most cases; the file has the rest. */
static void say_death(struct service *s, const char *how, int64_t now, bool restart, int64_t pause)
{
	char then[64] = "and is not started again", more[64] = "";
	unsigned unsaid = 0;

	if (s->terminal || !rate_allows(&s->rate, now, &unsaid))
		return;
	if (restart)
		snprintf(then, sizeof(then), "again in %.1f s", (double)pause / 1000);
	if (unsaid)
		snprintf(more, sizeof(more), " (and %u times since the last such line)", unsaid);
	console_say("service %s %s after %.1f s%s%s%s", s->plan->name, how, (double)(now - s->started) / 1000,
		    restart ? "; " : " ", then, more);
	if (!s->has_log || s->deaths > LOG_DEATHS)
		return;
	log_drain(&s->log);
	log_say_why(&s->log, LOG_LINES);
	if (s->deaths == LOG_DEATHS || !restart)
		console_say("service %s: all of its output is in %s", s->plan->name, s->log.path);
}

/* It ended by itself: by its restart policy start it again, later and later, or not. */
static void ended_alone(struct service *s, int status, int64_t now)
{
	bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	enum plan_restart policy = plan_service_restart(s->plan);
	bool restart = policy == PLAN_RESTART_ALWAYS || (policy == PLAN_RESTART_ON_FAILURE && !good);
	char how[SPAWN_HOW];
	int64_t pause;

	if (good && !restart) {
		s->state = SERVICE_DONE;
		say_ready(s, now);
		return;
	}
	if (now - s->started >= UP_FOR_LONG_MS) {
		s->backoff = SERVICE_BACKOFF_FIRST_MS;
		s->deaths = 0;
	}
	s->deaths++;
	pause = s->backoff;
	if (restart)
		back_off(s, now);
	else
		s->state = SERVICE_FAILED;
	say_death(s, spawn_describe(status, how), now, restart, pause);
}

static void end_stop_command(struct service *s)
{
	if (s->stop_pid > 0)
		spawn_kill(s->stop_pid, SIGKILL);
	s->stop_pid = 0;
}

void service_ended(struct service *s, int status, int64_t now)
{
	bool stopping = s->state == SERVICE_STOPPING;

	s->pid = 0;
	s->ended_at = now;
	spawn_describe(status, s->ended);
	ready_end(&s->ready);
	service_check_oom(s);
	if (!stopping) {
		ended_alone(s, status, now);
		return;
	}
	end_stop_command(s);
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

static void ask_to_end(struct service *s)
{
	kill(s->pid, SIGTERM);
	/* A stopped process takes no SIGTERM. */
	kill(s->pid, SIGCONT);
}

/* False: there is none that runs. */
static bool start_stop_command(struct service *s, int64_t now)
{
	const struct spawn spawn = {
		.argv = s->stop_argv,
		.envp = s->envp,
		.user = s->plan->user,
		.output = s->has_log ? s->log.write_fd : -1,
		.cgroup = s->plan->name,
	};
	pid_t pid;

	if (!s->stop_argv)
		return false;
	pid = spawn_start(&spawn);
	if (pid < 0)
		console_say("service %s: its stop command cannot be started: %s", s->plan->name, strerror(errno));
	s->stop_pid = pid > 0 ? pid : 0;
	s->stop_due = now + (int64_t)s->plan->stop_timeout * 1000 * (STOP_SHARE - 1) / STOP_SHARE;
	return pid > 0;
}

void service_stop_command_ended(struct service *s, int status)
{
	char how[SPAWN_HOW];

	s->stop_pid = 0;
	if (status)
		console_say("service %s: its stop command %s", s->plan->name, spawn_describe(status, how));
	if (s->state == SERVICE_STOPPING && s->pid && !s->killed)
		ask_to_end(s);
}

void service_stop(struct service *s, int64_t now, bool again)
{
	if (s->state == SERVICE_STOPPING) {
		s->again = s->again && again;
		return;
	}
	ready_end(&s->ready);
	if (!s->pid && again) {
		s->state = SERVICE_WAITING;
		s->backoff = SERVICE_BACKOFF_FIRST_MS;
		s->deaths = 0;
		return;
	}
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
	if (again || !start_stop_command(s, now))
		ask_to_end(s);
}

void service_kill(struct service *s, int64_t now)
{
	if (s->state != SERVICE_STOPPING || s->killed)
		return;
	end_stop_command(s);
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
	if (s->stop_pid && now >= s->stop_due) {
		console_say("service %s: its stop command did not end within %.1f s: killed", s->plan->name,
			    (double)s->plan->stop_timeout * (STOP_SHARE - 1) / STOP_SHARE);
		end_stop_command(s);
		ask_to_end(s);
	}
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
	case SERVICE_BACKOFF: return s->due;
	case SERVICE_STOPPING: return s->stop_pid && s->stop_due < s->due ? s->stop_due : s->due;
	case SERVICE_STARTING:
		if (s->plan->oneshot)
			return INT64_MAX;
		return s->ready.next < s->due ? s->ready.next : s->due;
	default: return INT64_MAX;
	}
}
