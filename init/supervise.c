#include "init/supervise.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "init/console.h"
#include "init/final-message.h"
#include "init/names.h"
#include "init/timeline.h"
#include "init/watchdog.h"

enum { REAPED_AT_ONCE = 1024 };

/* As busybox's halt, poweroff and reboot send them, and as Ctrl-Alt-Del (SIGINT) and a UPS daemon (SIGPWR) do. */
static const struct {
	int signal;
	enum request request;
	const char *by;
} requests[] = {
	{SIGTERM, REQUEST_REBOOT, "SIGTERM"},
	{SIGINT, REQUEST_REBOOT, "Ctrl-Alt-Del"},
	{SIGUSR2, REQUEST_POWEROFF, "SIGUSR2"},
	{SIGPWR, REQUEST_POWEROFF, "SIGPWR"},
	{SIGUSR1, REQUEST_HALT, "SIGUSR1"},
};

void supervise_request(struct supervisor *v, enum request request, const char *by)
{
	if (v->request != REQUEST_NONE)
		return;
	v->request = request;
	v->requested_by = by;
}

void supervise_force(struct supervisor *v, enum request request, const char *by)
{
	int64_t now = clock_ms();

	supervise_request(v, request, by);
	if (v->forced)
		return;
	v->forced = true;
	console_say("forced by %s: not waiting for anything", by);
	if (v->stopping)
		for (size_t i = 0; i < v->count; i++)
			service_kill(v->services[i], now);
}

/* Whoever presses the keys again and again wants it now. */
static void count_press(struct supervisor *v)
{
	int64_t now = clock_ms(), *oldest = &v->pressed[v->presses++ % SUPERVISE_PRESSES];

	*oldest = now;
	if (v->presses < SUPERVISE_PRESSES)
		return;
	oldest = &v->pressed[v->presses % SUPERVISE_PRESSES];
	if (now - *oldest <= SUPERVISE_PRESSES_MS)
		supervise_force(v, REQUEST_REBOOT, "Ctrl-Alt-Del, seven times");
}

static void take_signals(void *data, uint32_t events)
{
	struct supervisor *v = data;
	struct signalfd_siginfo info;

	(void)events;
	while (read(v->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
			if ((int)info.ssi_signo == requests[i].signal)
				supervise_request(v, requests[i].request, requests[i].by);
		if (info.ssi_signo == SIGINT)
			count_press(v);
	}
}

int supervise_open(struct supervisor *v, struct error *err)
{
	struct supervisor fresh = {0};
	sigset_t all;

	/* SIGBUS and the like must still end a PID 1 that went wrong; the kernel then says so. */
	sigfillset(&all);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGABRT);
	if (sigprocmask(SIG_SETMASK, &all, NULL) < 0)
		return error_errno(err, "sigprocmask");
	fresh.signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fresh.signal_fd < 0)
		return error_errno(err, "signalfd");
	if (loop_open(&fresh.loop, err) < 0)
		return -1;
	*v = fresh;
	return loop_watch(&v->loop, &v->signals, v->signal_fd, EPOLLIN, take_signals, v, err);
}

struct service *supervise_add(struct arena *a, struct supervisor *v, const struct plan_service *plan,
			      const struct names_variable *variables, bool internal, const char *terminal,
			      struct error *err)
{
	struct service *s = arena_new(a, struct service);

	s->internal = internal;
	s->terminal = terminal;
	if (service_prepare(a, s, &v->loop, plan, variables, err) < 0)
		return NULL;
	v->services = arena_grow(a, v->services, v->count, &v->cap, sizeof(struct service *));
	v->services[v->count++] = s;
	return s;
}

struct service *supervise_find(const struct supervisor *v, const char *name)
{
	for (size_t i = 0; i < v->count; i++)
		if (!strcmp(v->services[i]->plan->name, name))
			return v->services[i];
	return NULL;
}

static void child_ended(struct supervisor *v, pid_t pid, int status, int64_t now)
{
	for (size_t i = 0; i < v->count; i++) {
		struct service *s = v->services[i];

		if (s->pid == pid) {
			service_ended(s, status, now);
			return;
		}
		if (s->stop_pid == pid) {
			service_stop_command_ended(s, status);
			return;
		}
		if (s->ready.pid == pid) {
			ready_child_ended(&s->ready, status, now);
			return;
		}
	}
	if (watchdog_child_ended(pid))
		return;
	if (v->watched == pid) {
		v->watched = 0;
		v->watched_status = status;
	}
}

/* A bounded number, so that a machine full of dying processes does not hold the rest up. True: there may be more. */
static bool reap(struct supervisor *v, int64_t now)
{
	int status;
	pid_t pid;

	for (int i = 0; i < REAPED_AT_ONCE; i++) {
		pid = waitpid(-1, &status, WNOHANG);
		if (pid <= 0)
			return false;
		child_ended(v, pid, status, now);
	}
	return true;
}

static void say_final_message(const struct supervisor *v)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	if (v->final_message)
		final_message_fill(v->final_message, clock_ms(), time(NULL), &text);
	for (const char *p = text.data; p && *p; p += strcspn(p, "\n") + (p[strcspn(p, "\n")] == '\n'))
		console_say("%.*s", (int)strcspn(p, "\n"), p);
}

/* Needs and readiness of the plan's services; PID 1's own start when they are added. */
static void start_services(struct supervisor *v, int64_t now)
{
	bool all_up = true;

	for (size_t i = 0; i < v->count; i++) {
		struct service *s = v->services[i];
		bool met = true;

		for (size_t k = 0; k < s->plan->needs.count; k++) {
			const struct service *needed = supervise_find(v, s->plan->needs.items[k]);

			met = met && needed && service_is_up(needed);
		}
		if (s->state == SERVICE_WAITING && met)
			service_start(s, now);
		all_up = all_up && (s->internal || service_is_up(s));
	}
	if (v->complete && all_up && !v->node_up) {
		v->node_up = true;
		timeline_up(now);
		console_say("node up in %.1f s", (double)clock_ms() / 1000);
		say_final_message(v);
	}
}

static void tick(struct supervisor *v, int64_t now)
{
	for (size_t i = 0; i < v->count; i++)
		service_tick(v->services[i], now);
	if (v->request == REQUEST_NONE)
		start_services(v, now);
}

static int64_t next_due(const struct supervisor *v, int64_t until)
{
	for (size_t i = 0; i < v->count; i++) {
		int64_t next = service_next(v->services[i]);

		until = next < until ? next : until;
	}
	return until;
}

void supervise_step(struct supervisor *v, int64_t until)
{
	tick(v, clock_ms());
	loop_turn(&v->loop, v->more ? 0 : next_due(v, until));
	v->more = reap(v, clock_ms());
	tick(v, clock_ms());
}

bool supervise_wait(struct supervisor *v, pid_t pid, int64_t until, int *status)
{
	enum request before = v->request;

	v->watched = pid;
	while (v->watched && clock_ms() < until && v->request == before)
		supervise_step(v, until);
	if (v->watched) {
		v->watched = 0;
		return false;
	}
	*status = v->watched_status;
	return true;
}

/* Does a service that is not down yet need this one? */
static bool is_needed(const struct supervisor *v, const char *name)
{
	for (size_t i = 0; i < v->count; i++)
		if (!service_is_down(v->services[i]))
			if (strings_has(&v->services[i]->plan->needs, name))
				return true;
	return false;
}

void supervise_stop(struct supervisor *v)
{
	bool all_down = false;

	v->stopping = true;
	while (!all_down) {
		int64_t now = clock_ms();
		bool services_down = true;

		for (size_t i = 0; i < v->count; i++)
			services_down = services_down && (v->services[i]->internal || service_is_down(v->services[i]));
		all_down = true;
		for (size_t i = v->count; i-- > 0;) {
			struct service *s = v->services[i];

			/* The address must stay until the last service that uses it has ended. */
			if (!service_is_down(s) && !is_needed(v, s->plan->name) && (!s->internal || (services_down && all_down)))
				service_stop(s, now, false);
			if (v->forced)
				service_kill(s, now);
			all_down = all_down && service_is_down(s);
		}
		if (!all_down)
			supervise_step(v, INT64_MAX);
	}
}

int64_t supervise_stop_limit(struct supervisor *v)
{
	int64_t most = 0, internal = 0;

	for (size_t i = 0; i < v->count; i++)
		v->services[i]->ends_within = 0;
	/* As often as there are services: so long is the longest chain of those that need each other. */
	for (size_t round = 0; round < v->count; round++)
		for (size_t i = 0; i < v->count; i++) {
			const struct service *s = v->services[i];
			int64_t within = s->ends_within + service_stop_limit(s);

			for (size_t k = 0; k < s->plan->needs.count; k++) {
				struct service *needed = supervise_find(v, s->plan->needs.items[k]);

				if (needed && needed->ends_within < within)
					needed->ends_within = within;
			}
		}
	for (size_t i = 0; i < v->count; i++) {
		const struct service *s = v->services[i];
		int64_t within = s->ends_within + service_stop_limit(s), *longest = s->internal ? &internal : &most;

		*longest = within > *longest ? within : *longest;
	}
	return most + internal;
}
