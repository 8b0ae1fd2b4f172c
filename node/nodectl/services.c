#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "node/nodectl/format.h"

/* Words of a "service" record (init/control.h). */
enum { NAME = 1, STATE, KIND, PID, STARTS, SINCE, READY, EXIT, WORDS };
enum { WAIT_MS = 60000, LOOK_MS = 100 };

static bool is_service(const struct flat_line *line)
{
	return line->count == WORDS && !strcmp(line->words[0], "service");
}

static int64_t memory_of(struct context *c, const char *name)
{
	const char *text = node_text(c, arena_printf(&c->arena, "/sys/fs/cgroup/system/%s/memory.current", name));

	return text ? strtoll(text, NULL, 10) : -1;
}

static int64_t restarts(const struct flat_line *line)
{
	int64_t starts = record_word_number(line, STARTS);

	return starts > 1 ? starts - 1 : 0;
}

static enum colour colour_of(const char *state)
{
	if (!strcmp(state, "ready") || !strcmp(state, "done"))
		return COLOUR_GOOD;
	return !strcmp(state, "failed") || !strcmp(state, "backoff") ? COLOUR_BAD : COLOUR_WARN;
}

/* How long it is up, or down. */
static int64_t age(const struct flat *reply, const struct flat_line *line)
{
	int64_t now = reply_number(reply, "now"), since = record_word_number(line, SINCE);

	return since < 0 || now < since ? -1 : now - since;
}

static void print_table(struct context *c, const struct flat *reply)
{
	static const struct column columns[] = {
		{"SERVICE", false}, {"STATE", false}, {"PID", true}, {"FOR", true}, {"READY AFTER", true}, {"RESTARTS", true},
		{"MEMORY", true}, {"LAST RUN", false},
	};
	struct table t = {.context = c, .columns = columns, .column_count = sizeof(columns) / sizeof(*columns)};

	for (size_t i = 0; i < reply->count; i++) {
		const struct flat_line *line = &reply->lines[i];

		if (!is_service(line))
			continue;
		table_cell(&t, line->words[NAME], COLOUR_NONE);
		table_cell(&t, line->words[STATE], colour_of(line->words[STATE]));
		table_cell(&t, strcmp(line->words[PID], "0") ? line->words[PID] : "-", COLOUR_NONE);
		table_cell(&t, format_duration(&c->arena, age(reply, line)), COLOUR_NONE);
		table_cell(&t, format_duration(&c->arena, record_word_number(line, READY)), COLOUR_NONE);
		table_cell(&t, arena_printf(&c->arena, "%" PRId64, restarts(line)), COLOUR_NONE);
		table_cell(&t, format_bytes(&c->arena, memory_of(c, line->words[NAME])), COLOUR_NONE);
		table_cell(&t, line->words[EXIT], COLOUR_NONE);
	}
	table_print(&t);
}

static int print_services_json(struct context *c, const struct flat *reply)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct json j = json_begin(&text);

	json_open_array(&j, NULL);
	for (size_t i = 0; i < reply->count; i++) {
		const struct flat_line *line = &reply->lines[i];
		int64_t pid = record_word_number(line, PID);

		if (!is_service(line))
			continue;
		json_open_object(&j, NULL);
		json_string(&j, "name", line->words[NAME]);
		json_string(&j, "state", line->words[STATE]);
		json_string(&j, "kind", line->words[KIND]);
		json_optional(&j, "pid", pid > 0 ? pid : -1);
		json_optional(&j, "restarts", restarts(line));
		json_optional(&j, "since_ms", record_word_number(line, SINCE));
		json_optional(&j, "for_ms", age(reply, line));
		json_optional(&j, "ready_after_ms", record_word_number(line, READY));
		json_optional(&j, "memory_bytes", memory_of(c, line->words[NAME]));
		json_string(&j, "last_run", *line->words[EXIT] ? line->words[EXIT] : NULL);
		json_close_object(&j);
	}
	json_close_array(&j);
	json_end(&j);
	return print_json(&text);
}

int run_services(struct context *c, int argc, char **argv, struct error *err)
{
	struct flat reply;

	if (argc > 1)
		return usage_error(argv[0], "it takes no words");
	if (ask(c, (const char *const[]){"services", NULL}, &reply, err) < 0)
		return -1;
	if (c->json)
		return print_services_json(c, &reply);
	print_table(c, &reply);
	return 0;
}

static const struct flat_line *find(const struct flat *reply, const char *name)
{
	for (size_t i = 0; i < reply->count; i++)
		if (is_service(&reply->lines[i]) && !strcmp(reply->lines[i].words[NAME], name))
			return &reply->lines[i];
	return NULL;
}

/* The service as it was before it was asked. */
struct before {
	const char *starts;
};

static bool has_come(const char *verb, const struct flat_line *service, const struct before *before)
{
	const char *state = service->words[STATE];

	if (!strcmp(verb, "stop"))
		return !strcmp(state, "stopped");
	if (strcmp(state, "ready") != 0 && strcmp(state, "done") != 0)
		return false;
	return strcmp(verb, "restart") != 0 || strcmp(service->words[STARTS], before->starts) != 0 || !strcmp(service->words[KIND], "oneshot");
}

/* Until the service is where it was asked to be. */
static int wait_for(struct context *c, const char *verb, const char *name, const struct before *before, struct error *err)
{
	int64_t end = clock_ms() + WAIT_MS;
	const char *state = "";

	while (clock_ms() < end) {
		const struct flat_line *service;
		struct flat reply;

		if (ask(c, (const char *const[]){"services", NULL}, &reply, err) < 0)
			return -1;
		service = find(&reply, name);
		if (!service)
			return error_set(err, "service %s is gone", name);
		if (has_come(verb, service, before)) {
			if (!c->json)
				printf("service %s is %s\n", name, service->words[STATE]);
			return 0;
		}
		state = service->words[STATE];
		/* One that is restarted pauses too: only what came of a new start counts. */
		if ((!strcmp(state, "backoff") || !strcmp(state, "failed")) && strcmp(service->words[STARTS], before->starts) != 0)
			return error_set(err, "service %s %s; see nodectl logs %s", name, service->words[EXIT], name);
		usleep(LOOK_MS * 1000);
	}
	return error_set(err, "service %s is still %s after %d s; see nodectl logs %s", name, state, WAIT_MS / 1000, name);
}

int run_service_verb(struct context *c, int argc, char **argv, struct error *err)
{
	static const struct option options[] = {{"no-wait", no_argument, NULL, 'w'}, {NULL, 0, NULL, 0}};
	const struct flat_line *service;
	struct before before = {""};
	const char *name;
	struct flat reply;
	bool wait = true;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'w')
			return EXIT_USAGE;
		wait = false;
	}
	if (optind + 1 != argc)
		return usage_error(argv[0], "it takes the name of one service");
	name = argv[optind];
	if (ask(c, (const char *const[]){"services", NULL}, &reply, err) < 0)
		return -1;
	service = find(&reply, name);
	if (service)
		before = (struct before){service->words[STARTS]};
	if (ask(c, (const char *const[]){argv[0], name, NULL}, &reply, err) < 0)
		return -1;
	return wait ? wait_for(c, argv[0], name, &before, err) : 0;
}

int service_do_and_wait(struct context *c, const char *verb, const char *name, struct error *err)
{
	struct before before = {""};
	const struct flat_line *service;
	struct flat reply;

	if (ask(c, (const char *const[]){"services", NULL}, &reply, err) < 0)
		return -1;
	service = find(&reply, name);
	if (!service || (!strcmp(verb, "stop") && !strcmp(service->words[STATE], "stopped")))
		return 0;
	before.starts = service->words[STARTS];
	if (ask(c, (const char *const[]){verb, name, NULL}, &reply, err) < 0)
		return -1;
	return wait_for(c, verb, name, &before, err);
}
