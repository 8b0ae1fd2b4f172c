/* Lists of texts with names, in the order written. Memory belongs to an arena. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/place.h"

struct pair {
	const char *key, *value;
	struct place at;
};

struct pairs {
	struct pair *items;
	size_t count, cap;
};

/* Append a pair; the texts are not copied. */
void pairs_add(struct arena *a, struct pairs *list, const char *key, const char *value, struct place at);

/* The value of a key, or NULL. */
const char *pairs_get(const struct pairs *list, const char *key);
