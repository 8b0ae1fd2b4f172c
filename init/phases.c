#include "init/phases.h"

#include "base/clock.h"
#include "init/console.h"
#include "init/degraded.h"
#include "init/pstore.h"
#include "init/spawn.h"
#include "init/timeline.h"

enum policy {
	STOP,  /* the node is not to run without it: shell or reboot */
	WARN,  /* say so and go on */
	RETRY, /* again, until mkdl.network_timeout= has passed; then stop */
};

static const struct phase {
	const char *name;
	int (*run)(struct node *node, char *detail, struct error *err);
	enum policy policy;
} phases[] = {
	{"root", phase_root, STOP},
	{"mounts", phase_mounts, STOP},
	{"console", phase_console, WARN},
	{"image", phase_image, STOP},
	{"plan", phase_plan, STOP},
	{"cgroups", phase_cgroups, STOP},
	{"modules", phase_modules, STOP},
	{"early", phase_early, STOP},
	{"coldplug", phase_coldplug, WARN},
	{"watchdog", phase_watchdog, WARN},
	{"network", phase_network, RETRY},
	{"time", phase_time, STOP},
	{"config", phase_config, STOP}, /* the plan's policy is the agent's to follow */
	{"identity", phase_identity, STOP},
	{"state", phase_state, STOP},
	{"sysctl", phase_sysctl, STOP},
	{"services", phase_services, STOP},
};

enum { RETRY_FIRST_MS = 500, RETRY_LONGEST_MS = 10000, SHELL_ENDS_MS = 1000, SHELL_STARTS_MS = 1000, REBOOT_DELAY = 30 };

static void say_done(const struct phase *phase, const char *detail, int64_t began)
{
	int64_t now = clock_ms();

	console_say("%-12s %s%s(%.1f s, took %lld ms)", phase->name, detail, *detail ? " " : "", (double)now / 1000,
		    (long long)(now - began));
}

/* Run one phase until its policy is content. -1: the boot ends here. */
static int run_phase(struct node *node, const struct phase *phase, struct error *err)
{
	int64_t began = clock_ms(), pause = RETRY_FIRST_MS;

	timeline_phase(phase->name, began);
	for (;;) {
		char detail[DETAIL_SIZE] = "";
		int64_t end = began + (int64_t)node->options.network_timeout * 1000;

		if (phase->run(node, detail, err) == 0) {
			timeline_phase_ended(TIMELINE_DONE, clock_ms());
			say_done(phase, detail, began);
			return 0;
		}
		if (phase->policy == WARN) {
			timeline_phase_ended(TIMELINE_WARNED, clock_ms());
			degraded_add("%s: %s", phase->name, error_text(err));
			console_say("%-12s warning: %s", phase->name, error_text(err));
			error_clear(err);
			return 0;
		}
		if (phase->policy == STOP || clock_ms() >= end || node->supervisor.request != REQUEST_NONE)
			return -1;
		console_say("%-12s %s; trying on, for %lld s at most", phase->name, error_text(err),
			    (long long)(end - clock_ms()) / 1000);
		error_clear(err);
		for (int64_t until = clock_ms() + pause; clock_ms() < until && !node->supervisor.request;)
			supervise_step(&node->supervisor, until);
		pause = pause * 2 > RETRY_LONGEST_MS ? RETRY_LONGEST_MS : pause * 2;
	}
}

/* False: there is no shell that works, as in an image that is not whole. */
static bool offer_shell(struct node *node)
{
	static const char *const argv[] = {"/bin/sh", "-l", NULL};
	const struct spawn shell = {
		.argv = argv, .envp = spawn_environment, .output = -1, .terminal = console_device(),
	};
	int64_t began = clock_ms();
	int status = 0;
	pid_t pid;

	console_say("a shell on %s; the machine reboots when it ends", console_device());
	pid = spawn_start(&shell);
	while (pid > 0 && !node->supervisor.request)
		if (supervise_wait(&node->supervisor, pid, clock_ms() + SHELL_ENDS_MS, &status))
			break;
	return pid > 0 && (status == 0 || clock_ms() - began >= SHELL_STARTS_MS);
}

static void count_down(struct node *node, unsigned seconds)
{
	int64_t end = clock_ms() + (int64_t)seconds * 1000;

	while (seconds && !node->supervisor.request) {
		int64_t next;

		console_say("rebooting in %u s", seconds);
		/* Every ten seconds, every one of the last five. */
		seconds = seconds > 10 ? (seconds - 1) / 10 * 10 : seconds > 5 ? 5 : seconds - 1;
		next = end - (int64_t)seconds * 1000;
		while (clock_ms() < next && !node->supervisor.request)
			supervise_step(&node->supervisor, next);
	}
}

/* The boot ended early: say why, then as the plan, or the command line, has it. */
static void fail(struct node *node, const char *phase, const struct error *err)
{
	enum plan_failure failure = node->options.have_failure ? node->options.failure : node->plan.failure;

	if (node->supervisor.request)
		return;
	timeline_phase_ended(TIMELINE_FAILED, clock_ms());
	timeline_failed(phase, error_text(err));
	pstore_write(phase, error_text(err));
	console_say("BOOT FAILED in %s: %s", phase, error_text(err));
	if (failure == PLAN_FAILURE_SHELL && offer_shell(node))
		return;
	/* A plan that says "shell" has no delay of its own; without one nobody could read why it failed. */
	count_down(node, node->plan.failure == PLAN_FAILURE_REBOOT ? node->plan.failure_delay : REBOOT_DELAY);
}

bool phases_run(struct node *node)
{
	_cleanup_error_ struct error err = {0};

	for (size_t i = 0; i < sizeof(phases) / sizeof(*phases) && !node->supervisor.request; i++)
		if (run_phase(node, &phases[i], &err) < 0) {
			fail(node, phases[i].name, &err);
			return false;
		}
	return !node->supervisor.request;
}
