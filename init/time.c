/* The time, before anything asks whether a certificate is valid: never before the image, or its kernel, was made, then
 * as time servers have it. busybox's ntpd runs as long as the node does; what it calls (node/network/event.c) writes /run/mkdl/net/time. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/flat.h"
#include "init/console.h"
#include "init/degraded.h"
#include "init/early.h"
#include "init/floor.h"
#include "init/network.h"
#include "init/phases.h"
#include "init/plan-words.h"

#define TIME NETWORK_FOLDER "/time"

enum { LOOK_MS = 500, TIME_LIMIT = 4096, NOTABLE_S = 1 };

struct said {
	bool step;
	double offset; /* seconds that the clock was behind */
};

static bool read_said(struct said *out)
{
	_cleanup_error_ struct error ignored = {0};
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_arena_ struct arena a = {0};
	struct said said = {0};
	struct flat flat;

	if (file_read_at(AT_FDCWD, TIME, TIME_LIMIT, &text, &ignored) < 0 ||
	    flat_parse(&a, TIME, text.data ? text.data : "", text.len, &flat, &ignored) < 0)
		return false;
	for (size_t i = 0; i < flat.count; i++) {
		const struct flat_line *l = &flat.lines[i];

		if (l->count == 2 && !strcmp(l->words[0], "event"))
			said.step = !strcmp(l->words[1], "step");
		else if (l->count == 2 && !strcmp(l->words[0], "offset"))
			said.offset = strtod(l->words[1], NULL);
	}
	*out = said;
	return flat.count > 0;
}

static const char *write_time(time_t t, char out[static 32])
{
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm))
		strcpy(out, "?");
	return out;
}

void time_raise_to_floor(uint64_t built)
{
	struct timespec floor = {.tv_sec = built < INT64_MAX ? (time_t)built : 0};
	time_t now = time(NULL);
	struct utsname kernel;
	char was[32], is[32];
	int64_t date;

	if (uname(&kernel) == 0 && floor_of_kernel(kernel.version, &date) && date > floor.tv_sec)
		floor.tv_sec = date;
	if (now >= floor.tv_sec)
		return;
	if (clock_settime(CLOCK_REALTIME, &floor) < 0)
		console_say("time: the clock says %s, before the image was made, and cannot be set: %s",
			    write_time(now, was), strerror(errno));
	else
		console_say("time: the clock says %s, before the image was made: set to %s", write_time(now, was),
			    write_time(floor.tv_sec, is));
}

/* The command line's, else the plan's, else those that leases name. Appended to the words of a command, each behind
 * "-p"; returns who named them, NULL when nobody did. */
static const char *add_servers(struct node *node, struct strings *run)
{
	const struct options *o = &node->options;
	const struct strings *plan = &node->plan.ntp;
	const struct network_status *s = &node->network;
	size_t n = o->ntp_count ? o->ntp_count : plan->count ? plan->count : s->ntp_count;

	for (size_t i = 0; i < n; i++) {
		const char *server = o->ntp_count ? o->ntp[i] : plan->count ? plan->items[i] : s->ntp[i];

		strings_add(&node->arena, run, "-p");
		strings_add(&node->arena, run, arena_strdup(&node->arena, server));
	}
	return !n ? NULL : o->ntp_count ? "mkdl.ntp=" : plan->count ? "the configuration" : "DHCP";
}

static struct plan_service *make_plan(struct node *node, const char **from)
{
	struct plan_service *plan = arena_new(&node->arena, struct plan_service);

	*plan = plan_service_new("ntp");
	strings_add(&node->arena, &plan->run, "/bin/busybox");
	strings_add(&node->arena, &plan->run, "ntpd");
	strings_add(&node->arena, &plan->run, "-n");
	strings_add(&node->arena, &plan->run, "-S");
	strings_add(&node->arena, &plan->run, NETWORK_PROGRAM);
	*from = add_servers(node, &plan->run);
	pairs_add(&node->arena, &plan->env, "client", "ntp", (struct place){0});
	plan->stop_timeout = 2;
	return plan;
}

/* Leases may name other servers, or the first ones, at any time. */
static void network_changed(struct node *node)
{
	static const struct names_variable none[] = {{NULL, NULL}};
	struct service *s = supervise_find(&node->supervisor, "ntp");
	_cleanup_error_ struct error err = {0};
	const struct plan_service *plan;
	bool other = !s;
	const char *from;

	if (node->options.ntp_count || node->plan.ntp.count || !node->network.ntp_count)
		return;
	for (size_t i = 0; s && i < node->network.ntp_count; i++)
		other = other || !strings_has(&s->plan->run, node->network.ntp[i]);
	/* Each has a "-p" before it, behind five words. */
	if (!other && s->plan->run.count == 5 + 2 * node->network.ntp_count)
		return;
	plan = make_plan(node, &from);
	console_say("time: time server %s, named by %s", node->network.ntp[0], from);
	if (!s) {
		if (!supervise_add(&node->arena, &node->supervisor, plan, none, true, NULL, &err))
			console_say("time: %s", error_text(&err));
		return;
	}
	s->plan = plan;
	service_refill(&node->arena, s, none);
	service_stop(s, clock_ms(), true);
}

static void time_changed(struct node *node)
{
	struct said said;

	(void)node;
	if (read_said(&said) && said.step && (said.offset >= NOTABLE_S || said.offset <= -NOTABLE_S))
		console_say("time: the clock was wrong by %+.1f s and is set", said.offset);
}

static int ask(struct node *node, const struct plan_service *plan, const char *from, char *detail, struct error *err)
{
	static const struct names_variable none[] = {{NULL, NULL}};
	int64_t end = clock_ms() + (int64_t)node->plan.time_wait * 1000;
	const char *server = plan->run.items[plan->run.count - 1];
	struct said said = {0};
	bool heard = false;
	char now[32];

	unlink(TIME);
	if (!supervise_add(&node->arena, &node->supervisor, plan, none, true, NULL, err))
		return -1;
	node->network_changed = network_changed;
	while (!(heard = read_said(&said)) && clock_ms() < end && node->supervisor.request == REQUEST_NONE)
		supervise_step(&node->supervisor, clock_ms() + LOOK_MS);
	node->time_changed = time_changed;
	write_time(time(NULL), now);
	if (heard)
		snprintf(detail, DETAIL_SIZE, "%s, by NTP, %s%+.3f s", now, said.step ? "set by " : "right within ",
			 said.offset);
	else if (node->plan.time_policy == PLAN_REQUIRE)
		return error_set(err, "no time server (%s, named by %s) answers within %u s, and the profile requires "
				 "the time", server, from, node->plan.time_wait);
	else if (node->plan.time_wait) {
		snprintf(detail, DETAIL_SIZE, "%s, by its own clock: no time server answers (%.60s, named by %s)", now,
			 server, from);
		degraded_add("time: no time server answered (%.60s, named by %s)", server, from);
	} else
		snprintf(detail, DETAIL_SIZE, "%s, by its own clock", now);
	return 0;
}

int phase_time(struct node *node, char *detail, struct error *err)
{
	const struct plan_service *plan;
	const char *from;
	char now[32];

	time_raise_to_floor(node->plan.built);
	plan = make_plan(node, &from);
	if (from)
		return ask(node, plan, from, detail, err);
	if (node->plan.time_policy == PLAN_REQUIRE)
		return error_set(err, "no time server is known, and the profile requires the time: name one in the "
				 "profile's time, by DHCP (option 42) or by mkdl.ntp=");
	node->network_changed = network_changed;
	node->time_changed = time_changed;
	snprintf(detail, DETAIL_SIZE, "%s, by its own clock: no time server is known", write_time(time(NULL), now));
	return 0;
}
