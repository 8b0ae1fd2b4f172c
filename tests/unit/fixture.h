/* What most tests need: memory that the last teardown frees, and an error that every teardown forgets. */
#pragma once

#include "base/arena.h"
#include "base/error.h"

static struct arena arena;
static struct error err;

static inline int fixture_teardown(void **state)
{
	(void)state;
	error_clear(&err);
	arena_free(&arena);
	return 0;
}
