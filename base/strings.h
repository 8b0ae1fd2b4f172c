/* Lists of strings. Memory belongs to an arena. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct place;

struct strings {
	const char **items;
	size_t count;
	const struct place *places; /* where each item was written (base/place.h), or NULL; gone with the first strings_add */
	size_t cap; /* of items, as far as strings_add made them; 0: somebody else's array, of which strings_add makes a copy */
};

/* Append item, which is not copied; a NULL follows the last one. Of two copies of a struct only one may go on growing. */
void strings_add(struct arena *a, struct strings *list, const char *item);

bool strings_has(const struct strings *list, const char *item);

/* Are both the same text, or both NULL? */
bool string_equal(const char *a, const char *b);
