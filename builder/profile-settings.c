/* Settings with a grammar of their own: state, failure, compression. */
#include "builder/profile-private.h"

#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "config/syntax.h"

/* The field is an array and its length. */
struct state_list {
	struct state *items;
	size_t count;
};

static bool check_state_path(struct reader *r, const struct state_list *list, const struct value *name,
			     const char **clean)
{
	static const char *const kernels[] = {"/proc", "/sys", "/dev"};
	_cleanup_error_ struct error err = {0};

	if (!check_absolute(r, name, name) || path_clean(r->arena, name->text, clean, &err) < 0)
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (strcmp(*clean, "/") != 0 && !path_is_below(*clean, kernels[i]))
			continue;
		complain(r, name, "state cannot be mounted on %s", *clean);
		return false;
	}
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i].path, *clean) != 0)
			continue;
		complain(r, name, "%s has its state already, from %s:%u", *clean, list->items[i].at.file,
			 list->items[i].at.line);
		return false;
	}
	return true;
}

static void read_state(struct reader *r, struct state_list *list, const struct value *name, const struct value *v)
{
	size_t kind = v->type == VALUE_SCALAR ? strcspn(v->text, " ") : 0;
	const char *clean;

	if (!is_text(r, name, v) || !check_state_path(r, list, name, &clean))
		return;
	if (kind != 5 || strncmp(v->text, "tmpfs", 5) != 0)
		complain(r, v,
			 "unknown kind of state \"%.*s\"; the only kind is tmpfs with a size, as in \"tmpfs 50%%\"",
			 (int)kind, v->text);
	else if (v->text[kind] != ' ' || !is_tmpfs_size(v->text + kind + 1))
		complain(
			r, v,
			"tmpfs needs a size: a share of the RAM (\"tmpfs 50%%\") or bytes (\"tmpfs 512M\"; k, M or G)");
	else
		list->items[list->count++] = (struct state){clean, STATE_TMPFS, v->text + kind + 1, name->at};
}

static void read_states(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			void *field)
{
	struct state_list *list = field;

	(void)k;
	if (v->type != VALUE_MAP) {
		complain(r, v, "\"%s\": expected a map of paths, as in {/var/lib/kubelet: tmpfs 50%%}", name->text);
		return;
	}
	list->items = arena_calloc(r->arena, v->count + 1, sizeof(*list->items));
	for (size_t i = 0; i < v->count; i++)
		read_state(r, list, v->keys[i], v->items[i]);
}

static void write_states(struct json *j, const struct key *k, const void *field)
{
	const struct state_list *list = field;
	char text[64];

	if (!list->count)
		return;
	json_open_object(j, k->name);
	for (size_t i = 0; i < list->count; i++) {
		snprintf(text, sizeof(text), "tmpfs %s", list->items[i].size);
		json_string(j, list->items[i].path, text);
	}
	json_close_object(j);
}

const struct key_type type_states = {"map of paths to \"tmpfs SIZE\"", read_states, write_states, NULL};

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
	static const char *const words[] = {"fast", "balanced", "smallest"};
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
	i = choose(r, v, name->text, words, 3);
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

const struct key_type type_compression = {"fast, balanced, smallest or a map", read_compression, write_compression,
					  NULL};
