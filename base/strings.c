#include "base/strings.h"

#include <string.h>

void strings_add(struct arena *a, struct strings *list, const char *item)
{
	/* One more than there are: the list ends in NULL, as argv does. */
	if (list->count + 1 >= list->cap) {
		size_t cap = list->count < 4 ? 8 : list->count * 2;
		const char **bigger = arena_calloc(a, cap, sizeof(*bigger));

		if (list->count)
			memcpy(bigger, list->items, list->count * sizeof(*bigger));
		list->items = bigger;
		list->places = NULL;
		list->cap = cap;
	}
	list->items[list->count++] = item;
}

bool strings_has(const struct strings *list, const char *item)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->items[i], item))
			return true;
	return false;
}

bool string_equal(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}
