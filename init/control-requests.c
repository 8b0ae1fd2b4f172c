#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "init/console.h"
#include "init/control.h"
#include "init/degraded.h"
#include "init/node.h"
#include "init/pstore.h"
#include "init/timeline.h"

static const char *const states[] = {
	[SERVICE_WAITING] = "waiting", [SERVICE_STARTING] = "starting", [SERVICE_READY] = "ready", [SERVICE_DONE] = "done",
	[SERVICE_BACKOFF] = "backoff", [SERVICE_FAILED] = "failed", [SERVICE_STOPPING] = "stopping",
	[SERVICE_STOPPED] = "stopped",
};

static const struct {
	const char *name, *doing;
	enum request request;
} ends[] = {
	{"reboot", "rebooting", REQUEST_REBOOT},
	{"poweroff", "powering-off", REQUEST_POWEROFF},
	{"halt", "halting", REQUEST_HALT},
};

enum { ENDS = sizeof(ends) / sizeof(*ends) };

static void services_record(const struct supervisor *v, struct record *out)
{
	int64_t up = 0, all = 0;

	for (size_t i = 0; i < v->count; i++) {
		if (v->services[i]->internal)
			continue;
		all++;
		up += service_is_up(v->services[i]);
	}
	record_begin(out, "services");
	record_number(out, up);
	record_number(out, all);
	record_end(out);
}

static const char *going(const struct supervisor *v)
{
	for (size_t i = 0; i < ENDS; i++)
		if (v->request == ends[i].request)
			return ends[i].doing;
	return "";
}

/* The facts that are one text each. */
static const char *fact(const struct node *n, size_t index, const char **key)
{
	const struct {
		const char *key, *value;
	} facts[] = {
		{"node", n->plan.name ? n->plan.name : ""}, {"image", n->image.id}, {"kernel", n->image.kernel},
		{"hostname", n->facts.hostname}, {"interface", n->facts.interface}, {"mac", n->facts.mac},
		{"node-ip", n->facts.node_ip}, {"machine-id", n->facts.machine_id},
		{"phase", timeline_current_phase() ? timeline_current_phase()->name : ""},
		{"last-boot", pstore_last()}, {"going", going(&n->supervisor)},
		{"asked-by", n->supervisor.requested_by ? n->supervisor.requested_by : ""},
		{"verbose", console_is_verbose() ? "on" : ""},
	};

	if (index >= sizeof(facts) / sizeof(*facts))
		return NULL;
	*key = facts[index].key;
	return facts[index].value;
}

static void failed_record(struct record *out)
{
	record_begin(out, "failed");
	record_word(out, timeline_failed_phase());
	record_word(out, timeline_failure());
	record_end(out);
}

/* A record without text means: nothing known, none is sent. */
static bool reply_status(struct node *n, size_t index, struct record *out)
{
	const char *key, *value = fact(n, index, &key);
	size_t facts = 0;

	out->len = 0;
	if (value) {
		if (*value)
			record_pair(out, key, value);
		return true;
	}
	while (fact(n, facts, &key))
		facts++;
	switch (index - facts) {
	case 0: record_pair_number(out, "uptime", clock_ms()); return true;
	case 1:
		if (timeline_up_since())
			record_pair_number(out, "up", timeline_up_since());
		return true;
	case 2: services_record(&n->supervisor, out); return true;
	case 3:
		if (*timeline_failed_phase())
			failed_record(out);
		return true;
	case 4:
		if (degraded_lost())
			record_pair(out, "degraded", "more than can be listed: see the boot's log");
		return true;
	default:
		index -= facts + 5;
		if (index >= degraded_count())
			return false;
		record_pair(out, "degraded", degraded_at(index));
		return true;
	}
}

static bool reply_services(struct node *n, size_t index, struct record *out)
{
	const struct service *s;

	if (index == 0) {
		record_pair_number(out, "now", clock_ms());
		return true;
	}
	index--;
	if (index >= n->supervisor.count)
		return false;
	s = n->supervisor.services[index];
	record_begin(out, "service");
	record_word(out, s->plan->name);
	record_word(out, states[s->state]);
	record_word(out, s->internal ? "internal" : s->plan->oneshot ? "oneshot" : "daemon");
	record_number(out, s->pid);
	record_number(out, s->starts);
	record_number(out, s->pid ? s->started : s->ended_at ? s->ended_at : -1);
	record_number(out, s->ready_at && service_is_up(s) ? s->ready_at - s->started : -1);
	record_word(out, s->ended);
	record_end(out);
	return true;
}

static bool reply_timeline(struct node *n, size_t index, struct record *out)
{
	const struct timeline_entry *e;

	(void)n;
	out->len = 0;
	if (index == timeline_count()) {
		if (timeline_lost())
			record_pair_number(out, "lost", (int64_t)timeline_lost());
		return true;
	}
	if (index == timeline_count() + 1) {
		if (timeline_up_since())
			record_pair_number(out, "up", timeline_up_since());
		return true;
	}
	if (index > timeline_count())
		return false;
	e = timeline_at(index);
	record_begin(out, e->kind == TIMELINE_PHASE ? "phase" : "service");
	record_word(out, e->name);
	record_word(out, timeline_outcome_name(e->outcome));
	record_number(out, e->began);
	record_number(out, e->ended ? e->ended : -1);
	record_end(out);
	return true;
}

static int act_service(struct node *n, const struct control_call *call, struct error *err)
{
	const char *verb = call->words[0], *name = call->words[1];
	struct service *s = supervise_find(&n->supervisor, name);
	int64_t now = clock_ms();

	if (!s)
		return error_set(err, "there is no service \"%s\"", name);
	if (n->supervisor.request != REQUEST_NONE)
		return error_set(err, "the node is %s", going(&n->supervisor));
	if (!strcmp(verb, "stop")) {
		service_asked_stop(s, now);
	} else if (!strcmp(verb, "restart")) {
		service_asked_restart(s, now);
	} else {
		service_asked_start(s);
	}
	console_say("service %s: %s asked by nodectl", name, verb);
	return 0;
}

static int act_verbose(struct node *n, const struct control_call *call, struct error *err)
{
	bool on = !strcmp(call->words[1], "on");

	(void)n;
	if (!on && strcmp(call->words[1], "off") != 0)
		return error_set(err, "verbose takes \"on\" or \"off\"");
	console_verbose(on);
	return 0;
}

static int act_end(struct node *n, const struct control_call *call, struct error *err)
{
	if (call->count == 2 && strcmp(call->words[1], "force") != 0)
		return error_set(err, "%s takes \"force\" or nothing", call->words[0]);
	if (call->count == 1 && n->supervisor.request != REQUEST_NONE)
		return error_set(err, "the node is %s already", going(&n->supervisor));
	return 0;
}

/* After the reply: what follows may take the network, and the shell that nodectl runs in, away. */
static void after_end(struct node *n, const struct control_call *call)
{
	for (size_t i = 0; i < ENDS; i++) {
		if (strcmp(ends[i].name, call->words[0]) != 0)
			continue;
		if (call->count == 2)
			supervise_force(&n->supervisor, ends[i].request, "nodectl");
		else
			supervise_request(&n->supervisor, ends[i].request, "nodectl");
	}
}

static const struct control_request requests[] = {
	{"status", 0, 0, NULL, reply_status, NULL},
	{"services", 0, 0, NULL, reply_services, NULL},
	{"timeline", 0, 0, NULL, reply_timeline, NULL},
	{"start", 1, 1, act_service, NULL, NULL},
	{"stop", 1, 1, act_service, NULL, NULL},
	{"restart", 1, 1, act_service, NULL, NULL},
	{"verbose", 1, 1, act_verbose, NULL, NULL},
	{"reboot", 0, 1, act_end, NULL, after_end},
	{"poweroff", 0, 1, act_end, NULL, after_end},
	{"halt", 0, 1, act_end, NULL, after_end},
};

const struct control_request *control_find(const char *name)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
		if (!strcmp(requests[i].name, name))
			return &requests[i];
	return NULL;
}
