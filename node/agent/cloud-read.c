/* The driver of the tables, and the plain types of values as cloud-init's YAML writes them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "node/agent/cloud.h"

const struct cloud_key *cloud_find(const struct cloud_map *map, const char *name)
{
	for (size_t i = 0; i < map->count; i++)
		if (!strcmp(map->keys[i].name, name))
			return &map->keys[i];
	return NULL;
}

static void warn_unknown(struct cloud *c, const struct cloud_map *map, const struct value *name)
{
	const char **names = arena_calloc(c->r.arena, map->count + 1, sizeof(*names)), *near;

	for (size_t i = 0; i < map->count; i++)
		names[i] = map->keys[i].name;
	near = did_you_mean(name->text, names, map->count);
	diagnose(c->r.diag, SEVERITY_WARNING, name->at, name->width, "unknown key \"%s\"%s%s%s, ignored", name->text,
		 near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static void read_key(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
		     void *base)
{
	switch (k->status) {
	case CLOUD_IGNORED:
		diagnose(c->r.diag, SEVERITY_WARNING, name->at, name->width, "\"%s\" is ignored: %s", name->text,
			 k->help);
		break;
	case CLOUD_REFUSED:
		diagnose(c->r.diag, SEVERITY_ERROR, name->at, name->width, "\"%s\" is refused: %s", name->text,
			 k->help);
		break;
	case CLOUD_APPLIED:
		if (v->type != VALUE_NULL)
			k->read(c, k, name, v, (char *)base + k->offset);
		break;
	}
}

bool cloud_read_map(struct cloud *c, const struct cloud_map *map, const struct value *name, const struct value *v,
		    void *base)
{
	if (v->type != VALUE_MAP) {
		complain(&c->r, v, "\"%s\": expected a map of keys and values", name->text);
		return false;
	}
	for (size_t i = 0; i < v->count; i++) {
		const struct cloud_key *k = cloud_find(map, v->keys[i]->text);

		if (k)
			read_key(c, k, v->keys[i], v->items[i], base);
		else
			warn_unknown(c, map, v->keys[i]);
	}
	return true;
}

/* The text of a scalar that its key's check takes, or NULL. */
static const char *accepted(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v)
{
	if (!is_text(&c->r, name, v))
		return NULL;
	if (!*v->text) {
		complain(&c->r, v, "\"%s\" is empty", name->text);
		return NULL;
	}
	return !k->check || k->check(&c->r, name, v) ? v->text : NULL;
}

void cloud_read_text(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
		     void *field)
{
	if (is_text(&c->r, name, v) && (!*v->text || accepted(c, k, name, v)))
		*(const char **)field = v->text;
}

void cloud_read_line(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
		     void *field)
{
	const char *text = accepted(c, k, name, v);

	if (text && check_plain(&c->r, name, v))
		*(const char **)field = text;
}

int cloud_truth(const char *text)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1", "n", "y"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcasecmp(text, words[i]))
			return (int)(i & 1);
	return -1;
}

void cloud_read_bool(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
		     void *field)
{
	int truth;

	(void)k;
	if (!is_text(&c->r, name, v))
		return;
	truth = cloud_truth(v->text);
	if (truth < 0)
		complain(&c->r, v, "\"%s\": \"%s\" is neither true nor false", name->text, v->text);
	else
		*(bool *)field = truth;
}

static void add_item(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
		     struct strings *list, struct place *places)
{
	const char *text = accepted(c, k, name, v);

	if (!text)
		return;
	places[list->count] = v->at;
	strings_add(c->r.arena, list, text);
	list->places = places;
}

void cloud_read_list(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
		     void *field)
{
	struct place *places = arena_calloc(c->r.arena, v->count + 1, sizeof(*places));
	struct strings list = {0};

	if (v->type == VALUE_LIST)
		for (size_t i = 0; i < v->count; i++)
			add_item(c, k, name, v->items[i], &list, places);
	else
		add_item(c, k, name, v, &list, places);
	*(struct strings *)field = list;
}

void cloud_read_names(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
		      void *field)
{
	struct strings list = {0};
	struct place *places;

	if (v->type == VALUE_LIST) {
		cloud_read_list(c, k, name, v, field);
		return;
	}
	if (!is_text(&c->r, name, v))
		return;
	places = arena_calloc(c->r.arena, strlen(v->text) / 2 + 1, sizeof(*places));
	for (const char *p = v->text; *p;) {
		size_t n = strcspn(p, ", ");
		struct value word = *v;

		word.text = arena_strndup(c->r.arena, p, n);
		if (n)
			add_item(c, k, name, &word, &list, places);
		p += n;
		p += strspn(p, ", ");
	}
	*(struct strings *)field = list;
}

/* cloud-init takes a number without a leading 0 for decimal, so that 644 becomes 01204, which nobody means. */
void cloud_read_mode(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
		     void *field)
{
	const char *digits;
	size_t n;

	(void)k;
	if (!is_text(&c->r, name, v))
		return;
	digits = v->text + (!strncmp(v->text, "0o", 2) ? 2 : 0);
	n = strspn(digits, "01234567");
	if (n < 1 || n > 5 || digits[n] || strtol(digits, NULL, 8) > 07777)
		complain(&c->r, v, "\"%s\": \"%s\" is no mode in octal digits, as in \"0644\"", name->text, v->text);
	else
		*(int *)field = (int)strtol(digits, NULL, 8);
}

bool cloud_integer(const char *text, int64_t *out)
{
	char digits[32], *end;
	size_t n = 0;
	int base = 10;
	const char *p = text + (*text == '-' || *text == '+');

	if (!strncmp(p, "0x", 2) || !strncmp(p, "0X", 2)) {
		base = 16;
		p += 2;
	} else if (!strncmp(p, "0o", 2)) {
		base = 8;
		p += 2;
	} else if (*p == '0' && p[1]) {
		base = 8;
		p++;
	}
	for (; *p; p++) {
		if (*p == '_' && n)
			continue;
		if (n + 1 >= sizeof(digits) || !strchr("0123456789abcdefABCDEF", *p))
			return false;
		digits[n++] = *p;
	}
	digits[n] = '\0';
	errno = 0;
	*out = strtoll(digits, &end, base);
	if (*text == '-')
		*out = -*out;
	return n && !*end && !errno;
}

void cloud_read_id(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
		   void *field)
{
	int64_t id;

	(void)k;
	if (!is_text(&c->r, name, v))
		return;
	/* 4294967295 is -1, which chown(2) takes for "leave it". */
	if (!cloud_integer(v->text, &id) || id < 0 || id > 4294967294)
		complain(&c->r, v, "\"%s\": \"%s\" is no number from 0 to 4294967294", name->text, v->text);
	else
		*(int64_t *)field = id;
}

void cloud_read_path(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
		     void *field)
{
	_cleanup_error_ struct error ignored = {0};

	if (is_text(&c->r, name, v) && (k->check ? k->check : check_absolute)(&c->r, name, v))
		path_clean(c->r.arena, v->text, field, &ignored);
}

void cloud_read_nothing(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
			void *field)
{
	(void)c, (void)k, (void)name, (void)v, (void)field;
}

struct value *cloud_text_value(struct cloud *c, struct place at, const char *text)
{
	struct value *v = value_new(c->r.arena, VALUE_SCALAR, at);

	v->text = text;
	return v;
}

bool cloud_remove(struct value *map, const char *name)
{
	for (size_t i = 0; i < map->count; i++) {
		if (strcmp(map->keys[i]->text, name) != 0)
			continue;
		map->count--;
		memmove(map->keys + i, map->keys + i + 1, (map->count - i) * sizeof(*map->keys));
		memmove(map->items + i, map->items + i + 1, (map->count - i) * sizeof(struct value *));
		return true;
	}
	return false;
}

static struct value *named(struct cloud *c, const struct value *key, const char *name)
{
	struct value *copy = value_new(c->r.arena, VALUE_SCALAR, key->at);

	copy->width = key->width;
	copy->text = name;
	return copy;
}

void cloud_set(struct cloud *c, struct value *map, const struct value *key, const char *name, struct value *v)
{
	for (size_t i = 0; i < map->count; i++) {
		if (strcmp(map->keys[i]->text, name) != 0)
			continue;
		map->keys[i] = named(c, key, name);
		map->items[i] = v;
		return;
	}
	value_add(c->r.arena, map, named(c, key, name), v);
}

struct value *cloud_dig(struct cloud *c, struct value *map, const struct value *key, const char *name)
{
	struct value *inner = value_get(map, name, NULL);

	if (!inner || inner->type != VALUE_MAP) {
		inner = value_new(c->r.arena, VALUE_MAP, key->at);
		cloud_set(c, map, key, name, inner);
	}
	return inner;
}
