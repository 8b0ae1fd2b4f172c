#include <stdio.h>
#include <unistd.h>

#include "init/console.h"
#include "init/degraded.h"
#include "init/phases.h"
#include "init/syslog.h"

#define PROGRAM "/usr/libexec/mkdl/syslog"

int syslog_add(struct node *node, struct error *err)
{
	static const struct names_variable none[] = {{NULL, NULL}};
	struct arena *a = &node->arena;
	struct plan_service *service;

	if (!node->plan.syslog_host)
		return 0;
	if (access(PROGRAM, X_OK) < 0) {
		console_say("syslog: " PROGRAM " is not in the image: logs stay on the node");
		degraded_add("syslog: the image has no program for it");
		return 0;
	}
	service = arena_new(a, struct plan_service);
	*service = plan_service_new("syslog");
	strings_add(a, &service->run, PROGRAM);
	strings_add(a, &service->run, node->plan.syslog_protocol == PLAN_UDP ? "udp" : "tcp");
	strings_add(a, &service->run, node->plan.syslog_host);
	strings_add(a, &service->run, arena_printf(a, "%u", node->plan.syslog_port));
	return supervise_add(a, &node->supervisor, service, none, true, NULL, err) ? 0 : -1;
}
