#include "init/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "init/console.h"
#include "init/names.h"

enum { LONGEST_WAIT_MS = 10000 };

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

static void set_request(struct supervisor *v, enum request request, const char *by)
{
	if (v->request != REQUEST_NONE)
		return;
	v->request = request;
	v->requested_by = by;
}

int supervise_open(struct supervisor *v, struct error *err)
{
	struct supervisor fresh = {.hotplug_fd = -1};
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
	*v = fresh;
	return 0;
}

void supervise_reserve(struct arena *a, struct supervisor *v, size_t services)
{
	v->room = services + SUPERVISE_OWN_SERVICES;
	v->services = arena_calloc(a, v->room, sizeof(*v->services));
	v->polls = arena_calloc(a, v->room + 2 + SUPERVISE_BUTTONS, sizeof(*v->polls));
}

struct service *supervise_add(struct arena *a, struct supervisor *v, const struct plan_service *plan,
			      const struct names_variable *variables, bool internal, const char *terminal,
			      struct error *err)
{
	struct service *s = &v->services[v->count];

	if (v->count == v->room) {
		error_set(err, "service %s: no room for more", plan->name);
		return NULL;
	}
	*s = (struct service){.internal = internal, .terminal = terminal};
	if (service_prepare(a, s, plan, variables, err) < 0)
		return NULL;
	v->count++;
	return s;
}

static struct service *find_service(struct supervisor *v, const char *name)
{
	for (size_t i = 0; i < v->count; i++)
		if (!strcmp(v->services[i].plan->name, name))
			return &v->services[i];
	return NULL;
}

static void child_ended(struct supervisor *v, pid_t pid, int status, int64_t now)
{
	for (size_t i = 0; i < v->count; i++) {
		struct service *s = &v->services[i];

		if (s->pid == pid) {
			service_ended(s, status, now);
			return;
		}
		if (s->ready.pid == pid) {
			ready_child_ended(&s->ready, status, now);
			return;
		}
	}
	if (v->watched == pid) {
		v->watched = 0;
		v->watched_status = status;
	}
}

static void reap(struct supervisor *v, int64_t now)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		child_ended(v, pid, status, now);
}

static void take_signals(struct supervisor *v)
{
	struct signalfd_siginfo info;

	while (read(v->signal_fd, &info, sizeof(info)) == sizeof(info))
		for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
			if ((int)info.ssi_signo == requests[i].signal)
				set_request(v, requests[i].request, requests[i].by);
}

static void drop_button(struct supervisor *v, size_t i)
{
	close(v->buttons[i]);
	v->buttons[i] = v->buttons[--v->button_count];
}

static void take_buttons(struct supervisor *v)
{
	struct input_event e;

	for (size_t i = 0; i < v->button_count; i++) {
		ssize_t n;

		while ((n = read(v->buttons[i], &e, sizeof(e))) == (ssize_t)sizeof(e))
			if (e.type == EV_KEY && e.code == KEY_POWER && e.value == 1)
				set_request(v, REQUEST_POWEROFF, "the power button");
		/* The device went away. */
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			drop_button(v, i--);
	}
}

void supervise_button(struct supervisor *v, const char *device)
{
	unsigned char keys[KEY_MAX / 8 + 1] = {0};
	int fd;

	if (v->button_count == SUPERVISE_BUTTONS)
		return;
	fd = open(device, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return;
	if (ioctl(fd, (int)EVIOCGBIT(EV_KEY, sizeof(keys)), keys) < 0 || !(keys[KEY_POWER / 8] & 1 << KEY_POWER % 8)) {
		close(fd);
		return;
	}
	v->buttons[v->button_count++] = fd;
	console_detail("power button: %s", device);
}

/* Needs and readiness of the plan's services; PID 1's own start when they are added. */
static void start_services(struct supervisor *v, int64_t now)
{
	bool all_up = true;

	for (size_t i = 0; i < v->count; i++) {
		struct service *s = &v->services[i];
		bool met = true;

		for (const char **need = s->plan->needs; need && *need; need++) {
			const struct service *needed = find_service(v, *need);

			met = met && needed && service_is_up(needed);
		}
		if (s->state == SERVICE_WAITING && met)
			service_start(s, now);
		all_up = all_up && (s->internal || service_is_up(s));
	}
	if (v->complete && all_up && !v->node_up) {
		v->node_up = true;
		console_say("node up in %.1f s", (double)clock_ms() / 1000);
	}
}

static void tick(struct supervisor *v, int64_t now)
{
	for (size_t i = 0; i < v->count; i++)
		service_tick(&v->services[i], now);
	if (v->request == REQUEST_NONE)
		start_services(v, now);
}

/* Fills v->polls; returns their number. */
static nfds_t gather(struct supervisor *v)
{
	nfds_t n = 0;

	v->polls[n++] = (struct pollfd){.fd = v->signal_fd, .events = POLLIN};
	v->polls[n++] = (struct pollfd){.fd = v->hotplug_fd, .events = POLLIN};
	for (size_t i = 0; i < v->button_count; i++)
		v->polls[n++] = (struct pollfd){.fd = v->buttons[i], .events = POLLIN};
	for (size_t i = 0; i < v->count; i++)
		v->polls[n++] = (struct pollfd){
			.fd = v->services[i].has_log ? v->services[i].log.read_fd : -1,
			.events = POLLIN,
		};
	return n;
}

static int64_t next_due(const struct supervisor *v, int64_t until)
{
	for (size_t i = 0; i < v->count; i++) {
		int64_t next = service_next(&v->services[i]);

		until = next < until ? next : until;
	}
	return until;
}

void supervise_step(struct supervisor *v, int64_t until)
{
	int64_t now = clock_ms(), wait;
	nfds_t n;

	tick(v, now);
	n = gather(v);
	wait = next_due(v, until) - now;
	wait = wait < 0 ? 0 : wait > LONGEST_WAIT_MS ? LONGEST_WAIT_MS : wait;
	if (poll(v->polls, n, (int)wait) < 0)
		/* ENOMEM: nothing can be said about any descriptor; children are looked after all the same. */
		poll(NULL, 0, 100);
	now = clock_ms();
	take_signals(v);
	reap(v, now);
	take_buttons(v);
	if (v->hotplug_fd >= 0 && v->polls[1].revents)
		v->hotplug(v->hotplug_data);
	for (size_t i = 0; i < v->count; i++)
		if (v->services[i].has_log)
			log_drain(&v->services[i].log);
	tick(v, now);
}

bool supervise_wait(struct supervisor *v, pid_t pid, int64_t until, int *status)
{
	v->watched = pid;
	while (v->watched && clock_ms() < until)
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
		if (!service_is_down(&v->services[i]))
			for (const char **need = v->services[i].plan->needs; need && *need; need++)
				if (!strcmp(*need, name))
					return true;
	return false;
}

void supervise_stop(struct supervisor *v)
{
	bool all_down = false;

	while (!all_down) {
		int64_t now = clock_ms();

		all_down = true;
		for (size_t i = v->count; i-- > 0;) {
			struct service *s = &v->services[i];

			/* The address must stay until the last service that uses it has ended. */
			if (!service_is_down(s) && !is_needed(v, s->plan->name) && (!s->internal || all_down))
				service_stop(s, now, false);
			all_down = all_down && service_is_down(s);
		}
		if (!all_down)
			supervise_step(v, now + LONGEST_WAIT_MS);
	}
}
