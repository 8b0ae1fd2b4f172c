/* A table of keys at work: a map of values into a struct, and back out as JSON. */
#include "config/reader.h"

#include <string.h>

static const struct key *find_key(const struct key_map *map, const char *name)
{
	for (size_t i = 0; i < map->count; i++)
		if (!strcmp(map->keys[i].name, name))
			return &map->keys[i];
	return NULL;
}

static void complain_unknown(struct reader *r, const struct key_target *targets, size_t count, const struct value *name)
{
	const char *names[128], *near;
	size_t n = 0;

	for (size_t t = 0; t < count; t++)
		for (size_t i = 0; i < targets[t].map->count && n < 128; i++)
			names[n++] = targets[t].map->keys[i].name;
	near = did_you_mean(name->text, names, n);
	diagnose(r->diag, r->lenient ? SEVERITY_WARNING : SEVERITY_ERROR, name->at, name->width, "unknown key \"%s\"%s%s%s",
		 name->text, near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

void read_map(struct reader *r, const struct key_target *targets, size_t count, const struct value *v)
{
	for (size_t i = 0; i < v->count; i++) {
		const struct value *name = v->keys[i];
		const struct key *k = NULL;

		for (size_t t = 0; t < count && !k; t++) {
			k = find_key(targets[t].map, name->text);
			if (k && !(r->lenient && v->items[i]->type == VALUE_NULL))
				k->type->read(r, k, name, v->items[i], (char *)targets[t].base + k->offset);
		}
		if (!k)
			complain_unknown(r, targets, count, name);
	}
}

void write_map(struct json *j, const struct key_map *map, const void *base)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct key *k = &map->keys[i];

		k->type->write(j, k, (const char *)base + k->offset);
	}
}
