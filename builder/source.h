/* Sources: where files come from. One handler per kind, in source-KIND.c; the table is in source.c. */
#pragma once

#include "builder/build.h"

struct source_handler {
	const char *name; /* the profile's key */

	/* Put into the lock what this source needs (versions, hashes). Called for every source of the profile before any
	 * fetch; apt collects and resolves all its packages at once in source_resolve_all. */
	int (*resolve)(struct build *b, const struct source *s, struct error *err);

	/* The source's files as a tree (nodes with path, type, mode, owner, content, origin and package set; layer and reason
	 * are the caller's). Downloads or builds what is missing, from the cache when it can. */
	int (*open)(struct build *b, const struct source *s, struct tree *out, struct error *err);

	/* Version of what it delivers ("1.20.2", "1.6.20~ds1-1+deb12u3"), from the lock; NULL when it has none. */
	const char *(*version)(struct build *b, const struct source *s);
};

extern const struct source_handler source_apt, source_url, source_path, source_build;

const struct source_handler *source_handler(enum source_kind kind);

/* Calls visit for every source of the profile, in its order: kernel, firmware, microcode, boot loaders, components, images.
 * Stops at the first -1. */
int source_each(struct build *b, int (*visit)(struct build *b, const struct source *s, void *data, struct error *err),
		void *data, struct error *err);

/* Make b->lock answer the profile: reuse the lock beside the outputs (OUT/NAME/lock) when its request still matches, otherwise
 * resolve anew (an error with options.locked). Writes nothing: the lock is an output like the others. */
int source_resolve_all(struct build *b, struct error *err);

/* Where the lock lies: OUT/NAME/lock. */
const char *source_lock_path(struct build *b);

/* Download what the profile names, what recipes need that are not built yet, and what the lock says is used, as far as the
 * store lacks it, in parallel, and unpack packages, before they are opened one by one. With options.offline: one error that
 * names every missing item. */
int source_fetch_all(struct build *b, struct error *err);

/* As handler->open, remembered: the same source is opened once a build. The tree stays the memo's: do not change it. */
int source_open(struct build *b, const struct source *s, struct tree **out, struct error *err);

/* Look for a file by absolute path or, when name has no slash, by soname in the library folders, in the package that node
 * came from and then breadth-first in its dependencies. 1 found (*out filled), 0 not there, -1 error. */
int source_find_library(struct build *b, const struct node *wanted_by, const char *name, struct node *out, struct error *err);

/* Every file that a build could read from sources: the listing of one package of the lock (downloads and unpacks). */
int source_open_package(struct build *b, struct package *p, struct tree **out, struct error *err);

/* What a build: source needs of apt, so that one resolution covers packages and recipes. Those of recipes that it builds on
 * are among them. Strings live in b->arena. */
struct recipe_inputs {
	const char *repository;  /* as in struct source: NULL for the host's own */
	struct strings packages; /* binary packages: unpacked for the recipe, alone, without what they depend on */
	struct strings sources;  /* source packages: all their files */
};
int recipe_inputs(struct build *b, const struct source *s, struct recipe_inputs *out, struct error *err);

/* Does the store hold what this build: source delivers? Then its inputs need no download. The lock must be resolved. */
int recipe_is_built(struct build *b, const struct source *s, bool *out, struct error *err);

/* Make sure that the store holds these files, download what it lacks; for inputs that turn out to be needed late. */
int source_fetch(struct build *b, const struct download *files, size_t count, struct error *err);
