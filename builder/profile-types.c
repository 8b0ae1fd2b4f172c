/* The plain types of values: how each is read, and written back as JSON. A field that was not written keeps its
 * default. */
#include "builder/profile-private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"

static const char *kind_of(const struct value *v)
{
	switch (v->type) {
	case VALUE_LIST:
		return "a list";
	case VALUE_MAP:
		return "a map";
	default:
		return "a single value";
	}
}

bool is_text(struct loader *l, const struct value *name, const struct value *v)
{
	if (v->type == VALUE_SCALAR)
		return true;
	if (v->type == VALUE_NULL)
		complain(l, v, "\"%s\": expected a text here, not an empty value", name->text);
	else
		complain(l, v, "\"%s\": expected a text, this is %s", name->text, kind_of(v));
	return false;
}

/* A scalar that its key's check accepts. */
static bool accepts(struct loader *l, const struct key *k, const struct value *name, const struct value *v)
{
	if (!is_text(l, name, v))
		return false;
	if (!*v->text && k->check != check_env) {
		complain(l, v, "\"%s\" is empty", name->text);
		return false;
	}
	return !k->check || k->check(l, name, v);
}

/* The text to keep of an accepted scalar: paths in their clean form, which is what the plan of PID 1 takes. */
static const char *kept(struct loader *l, const struct key *k, const struct value *v)
{
	_cleanup_error_ struct error ignored = {0};
	const char *clean = v->text;

	if (k->check == check_absolute)
		path_clean(l->arena, v->text, &clean, &ignored);
	return clean;
}

static void read_text(struct loader *l, const struct key *k, const struct value *name, const struct value *v,
		      void *field)
{
	if (accepts(l, k, name, v))
		*(const char **)field = kept(l, k, v);
}

static void write_text(struct json *j, const struct key *k, const void *field)
{
	const char *text = *(const char *const *)field;

	if (text)
		json_string(j, k->name, text);
}

const struct key_type type_text = {"text", read_text, write_text, NULL};

/* A file on the host: kept as an absolute path. */
static void read_file(struct loader *l, const struct key *k, const struct value *name, const struct value *v,
		      void *field)
{
	const char *path;

	if (!accepts(l, k, name, v))
		return;
	path = loader_find(l, v->at, "", v->text);
	if (path)
		*(const char **)field = path;
	else
		complain(l, v, "\"%s\": there is no file \"%s\" in the project's folder or in mkdl's own", name->text,
			 v->text);
}

const struct key_type type_file = {"file on this machine", read_file, write_text, NULL};

static bool is_list(struct loader *l, const struct value *name, const struct value *v)
{
	if (v->type == VALUE_LIST)
		return true;
	if (v->type == VALUE_SCALAR)
		complain(l, v, "\"%s\": expected a list; put it in brackets: [%s]", name->text, v->text);
	else
		complain(l, v, "\"%s\": expected a list, this is %s", name->text, kind_of(v));
	return false;
}

static void read_strings(struct loader *l, const struct key *k, const struct value *name, const struct value *v,
			 void *field, bool once)
{
	struct strings list = {0};
	struct place *places;

	if (!is_list(l, name, v))
		return;
	list.items = arena_calloc(l->arena, v->count + 1, sizeof(*list.items));
	list.places = places = arena_calloc(l->arena, v->count + 1, sizeof(*places));
	for (size_t i = 0; i < v->count; i++) {
		const char *text = accepts(l, k, name, v->items[i]) ? kept(l, k, v->items[i]) : NULL;

		if (!text || (once && strings_has(&list, text)))
			continue;
		places[list.count] = v->items[i]->at;
		list.items[list.count++] = text;
	}
	*(struct strings *)field = list;
}

static void read_list(struct loader *l, const struct key *k, const struct value *name, const struct value *v,
		      void *field)
{
	read_strings(l, k, name, v, field, false);
}

static void read_set(struct loader *l, const struct key *k, const struct value *name, const struct value *v,
		     void *field)
{
	read_strings(l, k, name, v, field, true);
}

static void write_list(struct json *j, const struct key *k, const void *field)
{
	const struct strings *list = field;

	if (!list->count)
		return;
	json_open_array(j, k->name);
	for (size_t i = 0; i < list->count; i++)
		json_string(j, NULL, list->items[i]);
	json_close_array(j);
}

const struct key_type type_list = {"list", read_list, write_list, NULL};
/* What a base already names does not come twice. */
const struct key_type type_set = {"list", read_set, write_list, NULL};

static void read_files(struct loader *l, const struct key *k, const struct value *name, const struct value *v,
		       void *field)
{
	struct strings list = {0};

	if (!is_list(l, name, v))
		return;
	list.items = arena_calloc(l->arena, v->count + 1, sizeof(*list.items));
	for (size_t i = 0; i < v->count; i++) {
		const char *path = NULL;

		read_file(l, k, name, v->items[i], &path);
		if (path && !strings_has(&list, path))
			list.items[list.count++] = path;
	}
	*(struct strings *)field = list;
}

const struct key_type type_files = {"list of files on this machine", read_files, write_list, NULL};

static void read_pairs(struct loader *l, const struct key *k, const struct value *name, const struct value *v,
		       void *field)
{
	struct pairs pairs = {0};

	if (v->type != VALUE_MAP) {
		complain(l, v, "\"%s\": expected a map, this is %s", name->text, kind_of(v));
		return;
	}
	pairs.items = arena_calloc(l->arena, v->count + 1, sizeof(*pairs.items));
	for (size_t i = 0; i < v->count; i++)
		if (accepts(l, k, v->keys[i], v->items[i]))
			pairs.items[pairs.count++] = (struct pair){v->keys[i]->text, v->items[i]->text, v->keys[i]->at};
	*(struct pairs *)field = pairs;
}

static void write_pairs(struct json *j, const struct key *k, const void *field)
{
	const struct pairs *pairs = field;

	if (!pairs->count)
		return;
	json_open_object(j, k->name);
	for (size_t i = 0; i < pairs->count; i++)
		json_string(j, pairs->items[i].key, pairs->items[i].value);
	json_close_object(j);
}

const struct key_type type_pairs = {"map of texts", read_pairs, write_pairs, NULL};

static void read_bool(struct loader *l, const struct key *k, const struct value *name, const struct value *v,
		      void *field)
{
	static const char *const words[] = {"true", "false", "yes", "no"};
	int i;

	(void)k;
	if (!is_text(l, name, v))
		return;
	i = choose(l, v, name->text, words, 4);
	if (i >= 0)
		*(bool *)field = i % 2 == 0;
}

static void write_bool(struct json *j, const struct key *k, const void *field)
{
	if (*(const bool *)field)
		json_bool(j, k->name, true);
}

const struct key_type type_bool = {"true or false", read_bool, write_bool, NULL};

static void read_seconds(struct loader *l, const struct key *k, const struct value *name, const struct value *v,
			 void *field)
{
	(void)k;
	if (is_text(l, name, v) && !parse_seconds(v->text, field))
		complain(l, v, "\"%s\": expected a time of at most a day, as in 60s, 5m or 2h", name->text);
}

static void write_seconds(struct json *j, const struct key *k, const void *field)
{
	char text[32];

	snprintf(text, sizeof(text), "%us", *(const unsigned *)field);
	json_string(j, k->name, text);
}

const struct key_type type_seconds = {"time", read_seconds, write_seconds, NULL};

static void read_count(struct loader *l, const struct key *k, const struct value *name, const struct value *v,
		       void *field)
{
	unsigned long n;

	(void)k;
	if (!is_text(l, name, v))
		return;
	if (parse_number(v->text, 1, 10000, &n))
		*(unsigned *)field = (unsigned)n;
	else
		complain(l, v, "\"%s\": expected a number from 1 to 10000", name->text);
}

static void write_count(struct json *j, const struct key *k, const void *field)
{
	json_number(j, k->name, *(const unsigned *)field);
}

const struct key_type type_count = {"number", read_count, write_count, NULL};

/* uid_t and gid_t fields; UINT32_MAX is "not written". */
static void read_number(struct loader *l, const struct key *k, const struct value *name, const struct value *v,
			void *field)
{
	unsigned long n;

	(void)k;
	if (!is_text(l, name, v))
		return;
	if (parse_number(v->text, 0, 65534, &n))
		*(uint32_t *)field = (uint32_t)n;
	else
		complain(l, v, "\"%s\": expected a number from 0 to 65534", name->text);
}

static void write_number(struct json *j, const struct key *k, const void *field)
{
	json_number(j, k->name, *(const uint32_t *)field);
}

const struct key_type type_number = {"number", read_number, write_number, NULL};

/* 0755, "0755", 755 and 0o755 are all the same mode. */
static void read_mode(struct loader *l, const struct key *k, const struct value *name, const struct value *v,
		      void *field)
{
	const char *digits;
	size_t n;

	(void)k;
	if (!is_text(l, name, v))
		return;
	digits = !strncmp(v->text, "0o", 2) ? v->text + 2 : v->text;
	n = strlen(digits);
	if (n < 3 || n > 5 || strspn(digits, "01234567") != n || strtol(digits, NULL, 8) > 07777)
		complain(l, v, "\"%s\": expected an octal mode, as in 0755", name->text);
	else
		*(int *)field = (int)strtol(digits, NULL, 8);
}

static void write_mode(struct json *j, const struct key *k, const void *field)
{
	int mode = *(const int *)field;
	char text[16];

	if (mode < 0)
		return;
	snprintf(text, sizeof(text), "%04o", (unsigned)mode);
	json_string(j, k->name, text);
}

const struct key_type type_mode = {"octal mode", read_mode, write_mode, NULL};

/* The field is int64_t uid, then gid (struct component). */
static void read_owner(struct loader *l, const struct key *k, const struct value *name, const struct value *v,
		       void *field)
{
	const char *colon;
	unsigned long uid, gid;
	int64_t *ids = field;

	(void)k;
	if (!is_text(l, name, v))
		return;
	colon = strchr(v->text, ':');
	if (!colon || !parse_number(arena_strndup(l->arena, v->text, (size_t)(colon - v->text)), 0, 65534, &uid) ||
	    !parse_number(colon + 1, 0, 65534, &gid)) {
		complain(l, v, "\"%s\": expected two numbers, as in \"0:0\"", name->text);
		return;
	}
	ids[0] = (int64_t)uid;
	ids[1] = (int64_t)gid;
}

static void write_owner(struct json *j, const struct key *k, const void *field)
{
	const int64_t *ids = field;
	char text[64];

	if (ids[0] < 0)
		return;
	snprintf(text, sizeof(text), "%lld:%lld", (long long)ids[0], (long long)ids[1]);
	json_string(j, k->name, text);
}

const struct key_type type_owner = {"uid:gid", read_owner, write_owner, NULL};

static void read_layer(struct loader *l, const struct key *k, const struct value *name, const struct value *v,
		       void *field)
{
	const char *words[LAYER_MANIFEST - LAYER_USERLAND];
	int i;

	(void)k;
	if (!is_text(l, name, v))
		return;
	for (i = LAYER_USERLAND; i < LAYER_MANIFEST; i++)
		words[i - LAYER_USERLAND] = layer_name((enum layer)i);
	i = choose(l, v, "layer", words, LAYER_MANIFEST - LAYER_USERLAND);
	if (i >= 0)
		*(enum layer *)field = LAYER_USERLAND + (enum layer)i;
}

static void write_layer(struct json *j, const struct key *k, const void *field)
{
	json_string(j, k->name, layer_name(*(const enum layer *)field));
}

const struct key_type type_layer = {"layer", read_layer, write_layer, NULL};

static const char *const restart_words[] = {"always", "on-failure", "never"};

static void read_restart(struct loader *l, const struct key *k, const struct value *name, const struct value *v,
			 void *field)
{
	int i;

	(void)k;
	if (!is_text(l, name, v))
		return;
	i = choose(l, v, "restart", restart_words, 3);
	if (i >= 0)
		*(enum restart_policy *)field = (enum restart_policy)i;
}

static void write_restart(struct json *j, const struct key *k, const void *field)
{
	json_string(j, k->name, restart_words[*(const enum restart_policy *)field]);
}

const struct key_type type_restart = {"always, on-failure or never", read_restart, write_restart, NULL};

static void read_skip(struct loader *l, const struct key *k, const struct value *name, const struct value *v,
		      void *field)
{
	(void)l, (void)k, (void)name, (void)v, (void)field;
}

static void write_skip(struct json *j, const struct key *k, const void *field)
{
	(void)j, (void)k, (void)field;
}

/* extends: read with the files, gone when they are merged. */
const struct key_type type_skip = {"profile, or list of profiles", read_skip, write_skip, NULL};

/* A number that its map reads (compression). */
const struct key_type type_number_skip = {"number", read_skip, write_skip, NULL};
