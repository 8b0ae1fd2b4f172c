/* Settings with a grammar of their own: failure, compression. */
#include "builder/profile-private.h"

#include <stdio.h>
#include <string.h>

#include "config/syntax.h"

/* The field is the profile itself. */
static void read_failure(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			 void *field)
{
	struct profile *p = field;
	unsigned delay = p->failure_delay;

	(void)k;
	if (!is_text(r, name, v))
		return;
	if (!strcmp(v->text, "shell")) {
		p->failure = FAILURE_SHELL;
		p->failure_delay = 0;
	} else if (!strcmp(v->text, "reboot") ||
		   (!strncmp(v->text, "reboot ", 7) && parse_seconds(v->text + 7, &delay))) {
		p->failure = FAILURE_REBOOT;
		p->failure_delay = delay;
	} else {
		complain(r, v, "\"%s\": expected \"shell\", or \"reboot 30s\" with any time", name->text);
	}
}

static void write_failure(struct json *j, const struct key *k, const void *field)
{
	const struct profile *p = field;
	char text[32] = "shell";

	if (p->failure == FAILURE_REBOOT)
		snprintf(text, sizeof(text), "reboot %us", p->failure_delay);
	json_string(j, k->name, text);
}

const struct key_type type_failure = {"\"shell\" or \"reboot TIME\"", read_failure, write_failure, NULL};

static const struct compression compressions[] = {
	{.level = 3, .name = "fast"},
	{.level = 12, .lz4 = true, .name = "lz4"},
	{.level = 19, .name = "balanced"},
	{.level = 22, .window_log = 25, .name = "smallest"},
};

static void read_bounded(struct reader *r, const struct value *v, const char *key, unsigned long min, unsigned long max,
			 int *out)
{
	const struct value *name, *number = value_get(v, key, &name);
	unsigned long n;

	if (!number || !is_text(r, name, number))
		return;
	if (parse_number(number->text, min, max, &n))
		*out = (int)n;
	else
		complain(r, number, "\"%s\": expected a number from %lu to %lu", key, min, max);
}

static void read_compression(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			     void *field)
{
	static const char *const words[] = {"fast", "lz4", "balanced", "smallest"};
	struct compression own = {.level = 19, .name = "own"};
	const struct key_target target = {&map_compression, &own};
	int i;

	(void)k;
	if (v->type == VALUE_MAP) {
		read_map(r, &target, 1, v);
		/* The kernel refuses windows over 128 MiB (lib/decompress_unzstd.c). */
		read_bounded(r, v, "level", 1, 22, &own.level);
		read_bounded(r, v, "window_log", 10, 27, &own.window_log);
		*(struct compression *)field = own;
		return;
	}
	if (!is_text(r, name, v))
		return;
	i = choose(r, v, name->text, words, 4);
	if (i >= 0)
		*(struct compression *)field = compressions[i];
}

static void write_compression(struct json *j, const struct key *k, const void *field)
{
	const struct compression *c = field;

	if (strcmp(c->name, "own") != 0) {
		json_string(j, k->name, c->name);
		return;
	}
	json_open_object(j, k->name);
	json_number(j, "level", (uint64_t)c->level);
	if (c->window_log)
		json_number(j, "window_log", (uint64_t)c->window_log);
	json_close_object(j);
}

const struct key_type type_compression = {"fast, lz4, balanced, smallest or a map", read_compression,
					  write_compression, NULL};
