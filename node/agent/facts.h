/* What PID 1 found out about the machine: /run/mkdl/facts, flat records "KEY VALUE". */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "init/names.h"

enum { FACTS_LIMIT = 65536, FACTS_URL_VARIABLES = 5 };

/* The variables that URLs may hold (plan_url_variables), with what the text says of them; values that it does not have are NULL. */
int facts_parse(struct arena *a, const char *name, const char *text, size_t n,
		struct names_variable out[static FACTS_URL_VARIABLES + 1], struct error *err);
