#include "base/pairs.h"

#include <string.h>

void pairs_add(struct arena *a, struct pairs *list, const char *key, const char *value, struct place at)
{
	list->items = arena_grow(a, list->items, list->count, &list->cap, sizeof(*list->items));
	list->items[list->count++] = (struct pair){key, value, at};
}

const char *pairs_get(const struct pairs *list, const char *key)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->items[i].key, key))
			return list->items[i].value;
	return NULL;
}
