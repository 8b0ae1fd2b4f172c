/* Maps of names to structs. */
#include "config/reader.h"

#include <string.h>

/* An array and its length, as they lie in the struct around them. */
struct array {
	char *items;
	size_t count;
};

bool is_map(struct reader *r, const struct value *name, const struct value *v, const char *what)
{
	if (v->type == VALUE_MAP)
		return true;
	complain(r, v, "\"%s\": expected a map%s", name->text, what);
	return false;
}

static void read_part(struct reader *r, const struct part *part, const struct value *name, const struct value *v,
		      char *item)
{
	const struct key_target targets[] = {{part->map, item}, {part->more, item + part->more_offset}};

	read_map(r, targets, part->more ? 2 : 1, v);
	if (part->end)
		part->end(r, name, v, item);
}

/* The member of a name, or a new one with its defaults at the end, where there is room. */
static char *want_part(struct reader *r, const struct part *part, struct array *array, const struct value *name)
{
	char *item;

	for (size_t i = 0; i < array->count; i++) {
		item = array->items + part->size * i;
		if (!strcmp(part->name(item), name->text))
			return item;
	}
	item = array->items + part->size * array->count++;
	part->begin(r, name, item);
	return item;
}

void read_parts(struct reader *r, const struct key *k, const struct value *name, const struct value *v, void *field)
{
	const struct part *part = k->type->part;
	struct array *array = field;
	char *items;

	if (!is_map(r, name, v, " of names, as in {NAME: {…}}"))
		return;
	items = arena_calloc(r->arena, array->count + v->count + 1, part->size);
	if (array->count)
		memcpy(items, array->items, array->count * part->size);
	array->items = items;
	for (size_t i = 0; i < v->count; i++)
		if (part->check_name(r, v->keys[i], v->keys[i]) && is_map(r, v->keys[i], v->items[i], ""))
			read_part(r, part, v->keys[i], v->items[i], want_part(r, part, array, v->keys[i]));
}

void write_parts(struct json *j, const struct key *k, const void *field)
{
	const struct part *part = k->type->part;
	const struct array *array = field;

	if (!array->count)
		return;
	json_open_object(j, k->name);
	for (size_t i = 0; i < array->count; i++) {
		const char *item = array->items + part->size * i;

		json_open_object(j, part->name(item));
		if (part->more)
			write_map(j, part->more, item + part->more_offset);
		write_map(j, part->map, item);
		json_close_object(j);
	}
	json_close_object(j);
}
