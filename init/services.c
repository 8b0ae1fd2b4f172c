#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "init/buttons.h"
#include "init/cgroup.h"
#include "init/console.h"
#include "init/early.h"
#include "init/kmsg.h"
#include "init/network.h"
#include "init/phases.h"
#include "init/syslog.h"
#include "init/watchdog.h"

/* Container runtimes pass their hard limits on to containers; the soft limit stays what old programs can cope with. */
static void raise_limits(void)
{
	const struct rlimit files = {1024, 1 << 20}, none = {RLIM_INFINITY, RLIM_INFINITY};

	setrlimit(RLIMIT_NOFILE, &files);
	setrlimit(RLIMIT_NPROC, &none);
}

/* mkdl.shell: only where the profile allows a shell to whoever stands at the console. */
static int add_shell(struct node *node, struct error *err)
{
	static const struct names_variable none[] = {{NULL, NULL}};
	static const char *run[] = {"/bin/sh", "-l", NULL};
	static const struct plan_service shell = {.name = "shell", .run = {.items = run, .count = 2}, .stop_timeout = 0};

	if (!node->options.shell)
		return 0;
	if (node->plan.failure != PLAN_FAILURE_SHELL) {
		console_say("mkdl.shell: the profile allows no shell on the console (failure: shell)");
		return 0;
	}
	return supervise_add(&node->arena, &node->supervisor, &shell, none, true, console_device(), err) ? 0 : -1;
}

int phase_cgroups(struct node *node, char *detail, struct error *err)
{
	_cleanup_error_ struct error unheard = {0};

	(void)detail;
	if (kmsg_open(&node->supervisor, &unheard) < 0)
		console_say("kernel messages are not kept: %s", error_text(&unheard));
	return cgroup_setup(err);
}

int phase_watchdog(struct node *node, char *detail, struct error *err)
{
	unsigned seconds = node->plan.watchdog;
	char identity[WATCHDOG_IDENTITY] = "";

	if (watchdog_open(&node->supervisor, &seconds, identity, err) < 0)
		return -1;
	if (seconds)
		snprintf(detail, DETAIL_SIZE, "%s, resets after %u s", identity, seconds);
	else
		strcpy(detail, "off");
	if (watchdog_did_reset())
		console_say("watchdog: it has reset the machine: what ran before this boot had hung");
	return 0;
}

int services_add(struct node *node, bool early, struct error *err)
{
	struct names_variable variables[NODE_VARIABLES];
	int count = 0;

	/* Once: what grows later is to change no word of a service that runs. */
	memory_reserved(&node->plan, node->facts.reserved_memory);
	node_variables(node, variables);
	raise_limits();
	for (size_t i = 0; i < node->plan.service_count; i++) {
		const struct plan_service *s = &node->plan.services[i];

		if ((early && s->start != PLAN_START_EARLY) || supervise_find(&node->supervisor, s->name))
			continue;
		if (!supervise_add(&node->arena, &node->supervisor, s, variables, false, NULL, err))
			return -1;
		count++;
	}
	return count;
}

int phase_services(struct node *node, char *detail, struct error *err)
{
	int count = services_add(node, false, err);

	if (count < 0)
		return -1;
	buttons_find(&node->supervisor);
	if (syslog_add(node, err) < 0)
		return -1;
	node->supervisor.final_message = node->plan.final_message;
	node->supervisor.complete = true;
	snprintf(detail, DETAIL_SIZE, "%d to start", count);
	return add_shell(node, err);
}
