/* The plain types of values: how each is read, and written back as JSON. A field that was not written keeps its
 * default. */
#include "config/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/path.h"
#include "config/syntax.h"

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

bool is_text(struct reader *r, const struct value *name, const struct value *v)
{
	if (v->type == VALUE_SCALAR && !v->binary)
		return true;
	if (v->type == VALUE_SCALAR)
		complain(r, v, "\"%s\": expected a text, not !!binary", name->text);
	else if (v->type == VALUE_NULL)
		complain(r, v, "\"%s\": expected a text here, not an empty value", name->text);
	else
		complain(r, v, "\"%s\": expected a text, this is %s", name->text, kind_of(v));
	return false;
}

bool is_accepted(struct reader *r, const struct key *k, const struct value *name, const struct value *v)
{
	if (!is_text(r, name, v))
		return false;
	/* Variables may be empty, and arguments of a command too. */
	if (!*v->text && k->check != check_env && !(k->check == check_template && k->type == &type_list)) {
		complain(r, v, "\"%s\" is empty", name->text);
		return false;
	}
	return !k->check || k->check(r, name, v);
}

/* The text to keep of an accepted scalar: paths in their clean form, which is what the plan of PID 1 takes. */
static const char *kept(struct reader *r, const struct key *k, const struct value *v)
{
	_cleanup_error_ struct error ignored = {0};
	const char *clean = v->text;

	if (k->check == check_absolute)
		path_clean(r->arena, v->text, &clean, &ignored);
	return clean;
}

static void read_text(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		      void *field)
{
	if (is_accepted(r, k, name, v))
		*(const char **)field = kept(r, k, v);
}

void write_text(struct json *j, const struct key *k, const void *field)
{
	const char *text = *(const char *const *)field;

	if (text)
		json_string(j, k->name, text);
}

const struct key_type type_text = {"text", read_text, write_text, NULL};

bool is_list(struct reader *r, const struct value *name, const struct value *v)
{
	if (v->type == VALUE_LIST)
		return true;
	if (v->type == VALUE_SCALAR)
		complain(r, v, "\"%s\": expected a list; put it in brackets: [%s]", name->text, v->text);
	else
		complain(r, v, "\"%s\": expected a list, this is %s", name->text, kind_of(v));
	return false;
}

static void read_strings(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			 void *field, bool once)
{
	struct strings list = {0};
	struct place *places;

	if (!is_list(r, name, v))
		return;
	list.items = arena_calloc(r->arena, v->count + 1, sizeof(*list.items));
	list.places = places = arena_calloc(r->arena, v->count + 1, sizeof(*places));
	for (size_t i = 0; i < v->count; i++) {
		const char *text = is_accepted(r, k, name, v->items[i]) ? kept(r, k, v->items[i]) : NULL;

		if (!text || (once && strings_has(&list, text)))
			continue;
		places[list.count] = v->items[i]->at;
		list.items[list.count++] = text;
	}
	*(struct strings *)field = list;
}

static void read_list(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		      void *field)
{
	read_strings(r, k, name, v, field, false);
}

static void read_set(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		     void *field)
{
	read_strings(r, k, name, v, field, true);
}

void write_list(struct json *j, const struct key *k, const void *field)
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

static void read_one_or_more(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			     void *field)
{
	struct value list = {.type = VALUE_LIST, .at = v->at, .items = (struct value *[]){(struct value *)v}, .count = 1};

	read_set(r, k, name, v->type == VALUE_SCALAR ? &list : v, field);
}

const struct key_type type_one_or_more = {"text or list", read_one_or_more, write_list, NULL};

static void read_pairs(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		       void *field)
{
	struct pairs pairs = {0};

	if (v->type != VALUE_MAP) {
		complain(r, v, "\"%s\": expected a map, this is %s", name->text, kind_of(v));
		return;
	}
	pairs.items = arena_calloc(r->arena, v->count + 1, sizeof(*pairs.items));
	for (size_t i = 0; i < v->count; i++)
		if (is_accepted(r, k, v->keys[i], v->items[i]))
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

static void read_bool(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		      void *field)
{
	static const char *const words[] = {"true", "false", "yes", "no", "on", "off"};
	int i;

	(void)k;
	if (!is_text(r, name, v))
		return;
	/* Configuration that others write too may use all of YAML 1.1's words. */
	for (i = 0; r->lenient && i < 6; i++) {
		if (strcasecmp(words[i], v->text) != 0)
			continue;
		*(bool *)field = i % 2 == 0;
		return;
	}
	i = choose(r, v, name->text, words, 4);
	if (i >= 0)
		*(bool *)field = i % 2 == 0;
}

static void write_bool(struct json *j, const struct key *k, const void *field)
{
	if (*(const bool *)field)
		json_bool(j, k->name, true);
}

const struct key_type type_bool = {"true or false", read_bool, write_bool, NULL};

static void read_seconds(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			 void *field)
{
	(void)k;
	if (is_text(r, name, v) && !parse_seconds(v->text, field))
		complain(r, v, "\"%s\": expected a time of at most a day, as in 60s, 5m or 2h", name->text);
}

static void write_seconds(struct json *j, const struct key *k, const void *field)
{
	char text[32];

	snprintf(text, sizeof(text), "%us", *(const unsigned *)field);
	json_string(j, k->name, text);
}

const struct key_type type_seconds = {"time", read_seconds, write_seconds, NULL};

static void read_count(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		       void *field)
{
	unsigned long n;

	(void)k;
	if (!is_text(r, name, v))
		return;
	if (parse_number(v->text, 1, 10000, &n))
		*(unsigned *)field = (unsigned)n;
	else
		complain(r, v, "\"%s\": expected a number from 1 to 10000", name->text);
}

static void write_count(struct json *j, const struct key *k, const void *field)
{
	json_number(j, k->name, *(const unsigned *)field);
}

const struct key_type type_count = {"number", read_count, write_count, NULL};

/* uid_t and gid_t fields; UINT32_MAX is "not written". */
static void read_number(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			void *field)
{
	unsigned long n;

	(void)k;
	if (!is_text(r, name, v))
		return;
	if (parse_number(v->text, 0, 65534, &n))
		*(uint32_t *)field = (uint32_t)n;
	else
		complain(r, v, "\"%s\": expected a number from 0 to 65534", name->text);
}

static void write_number(struct json *j, const struct key *k, const void *field)
{
	json_number(j, k->name, *(const uint32_t *)field);
}

const struct key_type type_number = {"number", read_number, write_number, NULL};

/* 0755, "0755", 755 and 0o755 are all the same mode. */
static void read_mode(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		      void *field)
{
	const char *digits;
	size_t n;

	(void)k;
	if (!is_text(r, name, v))
		return;
	digits = !strncmp(v->text, "0o", 2) ? v->text + 2 : v->text;
	n = strlen(digits);
	if (n < 3 || n > 5 || strspn(digits, "01234567") != n || strtol(digits, NULL, 8) > 07777)
		complain(r, v, "\"%s\": expected an octal mode, as in 0755", name->text);
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
static void read_owner(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		       void *field)
{
	const char *colon;
	unsigned long uid, gid;
	int64_t *ids = field;

	(void)k;
	if (!is_text(r, name, v))
		return;
	colon = strchr(v->text, ':');
	if (!colon || !parse_number(arena_strndup(r->arena, v->text, (size_t)(colon - v->text)), 0, 65534, &uid) ||
	    !parse_number(colon + 1, 0, 65534, &gid)) {
		complain(r, v, "\"%s\": expected two numbers, as in \"0:0\"", name->text);
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
