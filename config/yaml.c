#include "config/yaml.h"

#include <fcntl.h>
#include <string.h>

#include <yaml.h>

#include "base/file.h"
#include "base/strbuf.h"
#include "base/utf8.h"

struct anchor {
	const char *name;
	struct value *value; /* NULL while the value that it names is still being read */
};

struct reading {
	struct arena *arena;
	const char *file;
	struct diagnostics *diag;
	yaml_parser_t *parser;
	struct anchor *anchors;
	size_t anchor_count, anchor_cap;
	size_t nodes;
};

/* One event of libyaml that releases itself. */
#define _cleanup_event_ __attribute__((cleanup(yaml_event_delete)))

struct value *value_new(struct arena *a, enum value_type type, struct place at)
{
	struct value *v = arena_new(a, struct value);

	v->type = type;
	v->at = at;
	v->width = 1;
	v->nodes = 1;
	v->depth = type == VALUE_LIST || type == VALUE_MAP;
	return v;
}

void value_add(struct arena *a, struct value *to, struct value *key, struct value *item)
{
	size_t cap = to->cap;

	if (key)
		to->keys = arena_grow(a, to->keys, to->count, &cap, sizeof(*to->keys));
	to->items = arena_grow(a, to->items, to->count, &to->cap, sizeof(struct value *));
	if (key)
		to->keys[to->count] = key;
	to->items[to->count++] = item;
	to->nodes += item->nodes + (key != NULL);
	if (item->depth + 1 > to->depth)
		to->depth = item->depth + 1;
}

struct value *value_get(const struct value *map, const char *name, const struct value **key)
{
	if (!map || map->type != VALUE_MAP)
		return NULL;
	for (size_t i = 0; i < map->count; i++) {
		if (strcmp(map->keys[i]->text, name) != 0)
			continue;
		if (key)
			*key = map->keys[i];
		return map->items[i];
	}
	return NULL;
}

static struct place place_of(const struct reading *r, const yaml_mark_t *mark)
{
	return (struct place){r->file, (unsigned)mark->line + 1, (unsigned)mark->column + 1};
}

#define fail(r, mark, width, ...) ((void)diagnose((r)->diag, SEVERITY_ERROR, place_of(r, mark), width, __VA_ARGS__))

/* libyaml's own words for what is wrong, and where what it was reading began. */
static void report_parser(struct reading *r)
{
	const yaml_parser_t *p = r->parser;
	const char *problem = p->problem ? p->problem : "it cannot be read";

	if (p->error == YAML_MEMORY_ERROR) {
		diagnose(r->diag, SEVERITY_ERROR, (struct place){r->file, 0, 0}, 1, "out of memory");
		return;
	}
	if (strstr(problem, "cannot start any token")) {
		fail(r, &p->problem_mark, 1,
		     "not YAML: this character cannot stand here (tabs cannot indent; put text that "
		     "begins with %%, @ or ` in quotes)");
		return;
	}
	if (p->context)
		fail(r, &p->problem_mark, 1, "not YAML: %s, %s that begins in line %zu", problem, p->context,
		     p->context_mark.line + 1);
	else
		fail(r, &p->problem_mark, 1, "not YAML: %s", problem);
}

static int next_event(struct reading *r, yaml_event_t *event)
{
	if (yaml_parser_parse(r->parser, event))
		return 0;
	report_parser(r);
	return -1;
}

/* How many characters of an event's text stand on its first line; the printer cuts what is past the line's end. */
static unsigned width_of(const yaml_event_t *e)
{
	size_t n = e->end_mark.index - e->start_mark.index;

	return n > 0 && n < 1000 ? (unsigned)n : 1;
}

static bool is_null(const char *text)
{
	return !*text || !strcmp(text, "~") || !strcmp(text, "null") || !strcmp(text, "Null") || !strcmp(text, "NULL");
}

/* Only !replace means anything here; "!" alone and !!str say "text". */
static int read_tag(struct reading *r, const yaml_event_t *e, const yaml_char_t *tag, struct value *v)
{
	const char *name = (const char *)tag;

	if (!name || !strcmp(name, "!") || (v->type == VALUE_SCALAR && !strcmp(name, YAML_STR_TAG)))
		return 0;
	if (v->type == VALUE_SCALAR && !strcmp(name, "tag:yaml.org,2002:binary")) {
		v->binary = true;
		return 0;
	}
	if (!strcmp(name, "!replace")) {
		if (v->type == VALUE_LIST || v->type == VALUE_MAP) {
			v->replace = true;
			return 0;
		}
		fail(r, &e->start_mark, width_of(e),
		     "!replace belongs before a list or a map; other values override anyway");
		return -1;
	}
	fail(r, &e->start_mark, width_of(e), "unknown tag \"%s\", only !replace means something here", name);
	return -1;
}

static struct value *read_scalar(struct reading *r, const yaml_event_t *e)
{
	const char *text = (const char *)e->data.scalar.value;
	bool plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !e->data.scalar.tag;
	struct value *v =
		value_new(r->arena, plain && is_null(text) ? VALUE_NULL : VALUE_SCALAR, place_of(r, &e->start_mark));

	if (strlen(text) != e->data.scalar.length) {
		fail(r, &e->start_mark, width_of(e), "text with a NUL character in it");
		return NULL;
	}
	v->width = width_of(e);
	v->text = arena_strdup(r->arena, text);
	return read_tag(r, e, e->data.scalar.tag, v) < 0 ? NULL : v;
}

static struct value *read_alias(struct reading *r, const yaml_event_t *e)
{
	const char *name = (const char *)e->data.alias.anchor;

	/* The last anchor of that name counts. */
	for (size_t i = r->anchor_count; i-- > 0;) {
		if (strcmp(r->anchors[i].name, name) != 0)
			continue;
		if (r->anchors[i].value)
			return r->anchors[i].value;
		fail(r, &e->start_mark, width_of(e), "*%s stands inside of what it names", name);
		return NULL;
	}
	fail(r, &e->start_mark, width_of(e), "*%s: no &%s comes before it in this file", name, name);
	return NULL;
}

static int note_anchor(struct reading *r, const yaml_event_t *e, const yaml_char_t *name, size_t *slot)
{
	if (!name)
		return 0;
	/* Anchors are looked up one by one, so a hostile number of them would cost its square. */
	if (r->anchor_count >= 1000) {
		fail(r, &e->start_mark, 1, "more than 1000 anchors");
		return -1;
	}
	r->anchors = arena_grow(r->arena, r->anchors, r->anchor_count, &r->anchor_cap, sizeof(*r->anchors));
	r->anchors[r->anchor_count] = (struct anchor){arena_strdup(r->arena, (const char *)name), NULL};
	*slot = r->anchor_count++;
	return 0;
}

static struct value *read_value(struct reading *r, const yaml_event_t *e, unsigned depth);

static struct value *read_list(struct reading *r, const yaml_event_t *start, unsigned depth)
{
	struct value *list = value_new(r->arena, VALUE_LIST, place_of(r, &start->start_mark));

	if (read_tag(r, start, start->data.sequence_start.tag, list) < 0)
		return NULL;
	for (;;) {
		_cleanup_event_ yaml_event_t e = {0};
		struct value *item;

		if (next_event(r, &e) < 0)
			return NULL;
		if (e.type == YAML_SEQUENCE_END_EVENT)
			return list;
		item = read_value(r, &e, depth + 1);
		if (!item)
			return NULL;
		value_add(r->arena, list, NULL, item);
	}
}

/* A key that is no scalar stops the reading; one that was there before is noted, and its second value is dropped. */
static int check_key(struct reading *r, const struct value *map, const struct value *key, bool *twice)
{
	const struct value *first;

	if (key->type == VALUE_LIST || key->type == VALUE_MAP) {
		diagnose(r->diag, SEVERITY_ERROR, key->at, key->width, "a list or a map cannot be a key");
		return -1;
	}
	*twice = value_get(map, key->text, &first) != NULL;
	if (*twice)
		diagnose(r->diag, SEVERITY_ERROR, key->at, key->width, "\"%s\" is written twice, first at %s:%u:%u",
			 key->text, first->at.file, first->at.line, first->at.column);
	return 0;
}

static struct value *read_map(struct reading *r, const yaml_event_t *start, unsigned depth)
{
	struct value *map = value_new(r->arena, VALUE_MAP, place_of(r, &start->start_mark));

	if (read_tag(r, start, start->data.mapping_start.tag, map) < 0)
		return NULL;
	for (;;) {
		_cleanup_event_ yaml_event_t e = {0}, f = {0};
		struct value *key, *item;
		bool twice;

		if (next_event(r, &e) < 0)
			return NULL;
		if (e.type == YAML_MAPPING_END_EVENT)
			return map;
		key = read_value(r, &e, depth + 1);
		if (!key || check_key(r, map, key, &twice) < 0)
			return NULL;
		if (next_event(r, &f) < 0)
			return NULL;
		item = read_value(r, &f, depth + 1);
		if (!item)
			return NULL;
		if (!twice)
			value_add(r->arena, map, key, item);
	}
}

static struct value *read_collection(struct reading *r, const yaml_event_t *e, unsigned depth)
{
	if (depth >= YAML_DEPTH_LIMIT) {
		fail(r, &e->start_mark, 1, "more than %d lists and maps in each other", YAML_DEPTH_LIMIT);
		return NULL;
	}
	return e->type == YAML_SEQUENCE_START_EVENT ? read_list(r, e, depth) : read_map(r, e, depth);
}

/* The value that an event begins; NULL after an error, and then reading ends. Recursion is at most YAML_DEPTH_LIMIT
 * deep. */
static struct value *read_value(struct reading *r, const yaml_event_t *e, unsigned depth)
{
	const yaml_char_t *name = e->type == YAML_SCALAR_EVENT		 ? e->data.scalar.anchor
				  : e->type == YAML_SEQUENCE_START_EVENT ? e->data.sequence_start.anchor
				  : e->type == YAML_MAPPING_START_EVENT	 ? e->data.mapping_start.anchor
									 : NULL;
	size_t slot = 0;
	struct value *v;

	if (note_anchor(r, e, name, &slot) < 0)
		return NULL;
	v = e->type == YAML_ALIAS_EVENT	   ? read_alias(r, e)
	    : e->type == YAML_SCALAR_EVENT ? read_scalar(r, e)
					   : read_collection(r, e, depth);
	if (!v)
		return NULL;
	/* A collection's members were counted one by one as they were read; an alias stands for all that it names. */
	r->nodes += e->type == YAML_ALIAS_EVENT ? v->nodes : 1;
	if (r->nodes > YAML_NODE_LIMIT || depth + v->depth > YAML_DEPTH_LIMIT) {
		fail(r, &e->start_mark, width_of(e),
		     "too large: more than %d values, or more than %d lists and maps in each other%s", YAML_NODE_LIMIT,
		     YAML_DEPTH_LIMIT, e->type == YAML_ALIAS_EVENT ? ", with this alias expanded" : "");
		return NULL;
	}
	if (name)
		r->anchors[slot].value = v;
	return v;
}

/* stream start, document start, the value, document end, stream end. */
static struct value *read_stream(struct reading *r)
{
	struct value *root = NULL;

	for (;;) {
		_cleanup_event_ yaml_event_t e = {0};

		if (next_event(r, &e) < 0)
			return NULL;
		switch (e.type) {
		case YAML_STREAM_END_EVENT:
			if (!root)
				diagnose(r->diag, SEVERITY_ERROR, (struct place){r->file, 0, 0}, 1,
					 "the file is empty");
			return root;
		case YAML_DOCUMENT_START_EVENT:
			if (root) {
				fail(r, &e.start_mark, 3, "a second YAML document begins here; a file holds one");
				return NULL;
			}
			break;
		case YAML_ALIAS_EVENT:
		case YAML_SCALAR_EVENT:
		case YAML_SEQUENCE_START_EVENT:
		case YAML_MAPPING_START_EVENT:
			root = read_value(r, &e, 0);
			if (!root)
				return NULL;
			break;
		default:
			break;
		}
	}
}

/* libyaml guesses encodings, and has no line and column for what it cannot decode: so the text is checked first. */
static int check_text(const char *file, const char *text, size_t n, struct diagnostics *diag)
{
	struct place at = {file, 1, 1};

	for (size_t i = 0; i < n;) {
		const unsigned char *p = (const unsigned char *)text + i;
		size_t step = utf8_length(p, n - i);

		if (!step)
			return diagnose(diag, SEVERITY_ERROR, at, 1, "byte 0x%02x is not UTF-8 text", *p);
		if ((*p < 0x20 && *p != '\t' && *p != '\n' && *p != '\r') || *p == 0x7f)
			return diagnose(diag, SEVERITY_ERROR, at, 1, "control character 0x%02x", *p);
		if (*p == '\n')
			at = (struct place){file, at.line + 1, 1};
		else
			at.column++;
		i += step;
	}
	return 0;
}

struct value *yaml_parse(struct arena *a, const char *file, const char *text, size_t n, struct diagnostics *diag)
{
	struct reading r = {.arena = a, .file = file, .diag = diag};
	yaml_parser_t parser;
	struct value *root;

	if (n > YAML_FILE_LIMIT) {
		diagnose(diag, SEVERITY_ERROR, (struct place){file, 0, 0}, 1, "larger than %d bytes, no profile is",
			 YAML_FILE_LIMIT);
		return NULL;
	}
	/* Some editors begin UTF-8 with a byte order mark. */
	if (n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		text += 3;
		n -= 3;
	}
	if (check_text(file, text, n, diag) < 0)
		return NULL;
	if (!yaml_parser_initialize(&parser)) {
		diagnose(diag, SEVERITY_ERROR, (struct place){file, 0, 0}, 1, "out of memory");
		return NULL;
	}
	r.parser = &parser;
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, n);
	root = read_stream(&r);
	yaml_parser_delete(&parser);
	return root;
}

struct value *yaml_read(struct arena *a, const char *file, const char *path, struct diagnostics *diag)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error err = {0};

	if (file_read_at(AT_FDCWD, path, YAML_FILE_LIMIT, &text, &err) < 0) {
		const char *said = error_text(&err);
		size_t n = strlen(path);

		/* The message begins with the path; the diagnostic does so already. */
		if (!strncmp(said, path, n) && !strncmp(said + n, ": ", 2))
			said += n + 2;
		diagnose(diag, SEVERITY_ERROR, (struct place){file, 0, 0}, 1, "%s", said);
		return NULL;
	}
	return yaml_parse(a, file, text.data, text.len, diag);
}
