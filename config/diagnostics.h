/* Problems of a profile, collected so that one run reports all of them:
 *
 *   profiles/worker.yml:12:3: error: unknown key "servces", did you mean "services"?
 *      12 |   servces:
 *         |   ^~~~~~~
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/place.h"

enum severity { SEVERITY_ERROR, SEVERITY_WARNING };

struct diagnostic {
	enum severity severity;
	struct place at;
	unsigned width; /* of the marked text; at least 1 */
	const char *text;
};

struct diagnostics {
	struct arena *arena;
	struct diagnostic *items;
	size_t count, cap, errors;
};

/* Note one problem; returns -1 for an error, 0 for a warning. More than 100 errors are counted, not kept. */
int diagnose(struct diagnostics *d, enum severity severity, struct place at, unsigned width, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* Print to stderr in order of file and line, with the source line and a caret; color as the terminal allows. */
void diagnostics_print(const struct diagnostics *d, bool color);

/* The candidate nearest to word (Damerau-Levenshtein, at most a third of its length away), or NULL. */
const char *did_you_mean(const char *word, const char *const *candidates, size_t count);
