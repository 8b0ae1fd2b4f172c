/* The effective configuration: the merged values as flat records "KEY VALUE SOURCE secret|plain", where SOURCE is the
 * name of the document and its line. nodectl config prints them. */
#include <stdlib.h>
#include <string.h>

#include "base/flat.h"
#include "node/agent/merge.h"

struct walk {
	struct arena *arena;
	struct strbuf *out;
};

/* Keys whose values are secret, wherever they stand. */
static bool is_secret_key(const char *key)
{
	static const char *const words[] = {"token", "password", "passwd", "secret", "private"};
	size_t n = strlen(key);

	if (!strcmp(key, "lock_passwd"))
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t len = strlen(words[i]);

		if (n >= len && !strcmp(key + n - len, words[i]))
			return true;
	}
	return false;
}

/* What a file holds is as secret as the file: it is when not everybody may read it. */
static bool is_secret_file(const struct value *file)
{
	const struct value *mode = value_get(file, "permissions", NULL);
	size_t n = mode && mode->type == VALUE_SCALAR ? strlen(mode->text) : 0;

	return n && !((mode->text[n - 1] - '0') & 4);
}

static const char *source_of(struct walk *w, struct place at)
{
	return at.line ? arena_printf(w->arena, "%s:%u", at.file, at.line) : at.file;
}

static void record(struct walk *w, const char *key, const char *value, struct place at, bool secret)
{
	flat_add(w->out, key, value, source_of(w, at), secret ? "secret" : "plain", NULL);
}

/* The name of a list's item: what it is called (name, path) or its number. */
static const char *item_name(struct walk *w, const struct value *list, size_t i)
{
	static const char *const names[] = {"name", "path"};

	for (size_t n = 0; n < 2; n++) {
		const struct value *name = value_get(list->items[i], names[n], NULL);
		bool alone = name && name->type == VALUE_SCALAR;

		for (size_t j = 0; alone && j < list->count; j++) {
			const struct value *other = j == i ? NULL : value_get(list->items[j], names[n], NULL);

			alone = !other || other->type != VALUE_SCALAR || strcmp(other->text, name->text) != 0;
		}
		if (alone)
			return name->text;
	}
	return arena_printf(w->arena, "%zu", i + 1);
}

static void flatten(struct walk *w, const char *key, const struct value *v, bool secret);

/* The table that a map is read by; NULL when it is read by config/'s, which know no keys that are ignored in silence.
 */
static const struct cloud_map *table_of(const char *key)
{
	if (!strncmp(key, "users.", 6))
		return &cloud_user;
	if (!strncmp(key, "write_files.", 12))
		return strcmp(key + strlen(key) - 7, ".source") ? &cloud_file : &cloud_file_source;
	for (size_t i = 0; cloud_maps[i]; i++)
		if (!strcmp(cloud_maps[i]->name, key))
			return cloud_maps[i];
	return NULL;
}

static void flatten_map(struct walk *w, const char *key, const struct value *v, bool secret)
{
	const struct cloud_map *table = table_of(key);
	bool file = table == &cloud_file;

	for (size_t i = 0; i < v->count; i++) {
		const char *name = v->keys[i]->text;
		const struct cloud_key *row = table ? cloud_find(table, name) : NULL;

		/* What has no effect is not effective. */
		if ((table && (!row || row->status != CLOUD_APPLIED)) || v->items[i]->type == VALUE_NULL)
			continue;
		flatten(w, arena_printf(w->arena, "%s.%s", key, name), v->items[i],
			secret || is_secret_key(name) || (file && !strcmp(name, "content") && is_secret_file(v)));
	}
}

static void flatten(struct walk *w, const char *key, const struct value *v, bool secret)
{
	switch (v->type) {
	case VALUE_NULL:
		return;
	case VALUE_SCALAR:
		record(w, key, v->text, v->at, secret);
		return;
	case VALUE_LIST:
		if (!v->count)
			record(w, key, "[]", v->at, false);
		for (size_t i = 0; i < v->count; i++)
			flatten(w, arena_printf(w->arena, "%s.%s", key, item_name(w, v, i)), v->items[i], secret);
		return;
	case VALUE_MAP:
		if (!v->count)
			record(w, key, "{}", v->at, false);
		flatten_map(w, key, v, secret);
		return;
	}
}

static int compare(const void *a, const void *b)
{
	return strcmp((*(const struct value *const *)a)->text, (*(const struct value *const *)b)->text);
}

int config_effective(const struct config *c, struct strbuf *out, struct error *err)
{
	struct walk w = {c->arena, out};
	const struct value *map = c->merged;
	const struct value **keys = arena_calloc(c->arena, map->count + 1, sizeof(*keys));

	(void)err;
	for (size_t i = 0; i < map->count; i++)
		keys[i] = map->keys[i];
	qsort(keys, map->count, sizeof(*keys), compare);
	for (size_t i = 0; i < map->count; i++) {
		const char *name = keys[i]->text;
		const struct value *v = value_get(map, name, NULL);

		if (!strcmp(name, " scripts"))
			for (size_t j = 0; j < v->count; j++)
				record(&w, arena_printf(c->arena, "scripts.%zu", j + 1),
				       value_get(v->items[j], "name", NULL)->text, v->items[j]->at, false);
		else
			flatten(&w, name[0] == ' ' ? arena_printf(c->arena, "meta-data.%s", name + 1) : name, v,
				!strcmp(name, "random_seed"));
	}
	return 0;
}
