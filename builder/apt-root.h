/* A private root for apt: apt/KEY below the store, with its own lists, caches and (empty) status. For apt.c. */
#pragma once

#include "builder/apt.h"
#include "builder/run-program.h"

struct apt_root {
	const char *path;   /* absolute */
	const char *config; /* for -c */
	const char *words;  /* "the host's repositories", "repository \"x\"" */
	const char *const *env;
	int lock;           /* held as long as it is used */
	struct strbuf complaint; /* what the last update complained of; empty when it was content */
};

/* Make or reuse the root for a repository (NULL: the host's); with_sources: deb-src as well. Lists are updated when they are
 * older than an hour or refresh is set. A failed update of the host's repositories is kept in complaint, as others of them
 * may serve; of a named repository it is an error. */
int apt_root_open(struct build *b, const struct repository *repository, bool with_sources, bool refresh,
		  struct apt_root *out, struct error *err);
void apt_root_close(struct apt_root *root);

/* Run `program -c CONFIG argv…` (NULL-terminated). out and errors may be NULL. *status as in run_program. */
int apt_root_run(const struct apt_root *root, struct arena *a, const char *program, const char *const *argv,
		 struct strbuf *out, struct strbuf *errors, int *status, struct error *err);
