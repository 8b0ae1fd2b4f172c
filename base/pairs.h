/* Lists of texts with names, in the order written. Memory belongs to an arena. */
#pragma once

#include <stddef.h>

#include "base/place.h"

struct pair {
	const char *key, *value;
	struct place at;
};

struct pairs {
	struct pair *items;
	size_t count;
};
