/* Documents over each other. All of a configuration stays in values until it is applied, so every value knows its
 * source.
 *
 *   merge.c            the handler's functions (handler.h): documents in, problems out
 *   merge-values.c     the rules: which keys replace, which append, which meet by name
 *   merge-how.c        merge_how, where a document brings rules of its own
 *   merge-effective.c  what came of it, as flat records */
#pragma once

#include "node/agent/cloud.h"
#include "node/agent/handler.h"

struct config {
	struct arena *arena;
	const struct names_variable *variables;
	const struct plan *plan; /* the image's */
	struct value *merged;	 /* canonical form */
	config_fetch *fetch;
	void *fetch_context;
	bool hashed;
};

/* A plan with arrays of its own. */
struct plan config_copy_plan(struct arena *a, const struct plan *from);

/* base, overridden by over: both maps in canonical form, neither is changed. */
struct value *merge_values(struct cloud *c, const struct value *base, const struct value *over);

/* What merge_how asks for. */
struct merge_how {
	enum { HOW_LIST_DEFAULT, HOW_LIST_APPEND, HOW_LIST_PREPEND, HOW_LIST_KEEP, HOW_LIST_REPLACE } list;
	enum { HOW_MAP_DEFAULT, HOW_MAP_KEEP, HOW_MAP_REPLACE } map;
	bool recurse; /* into maps inside of maps */
};

/* Read a document's merge_how (which may be NULL). True when it changes the rules. */
bool merge_read_how(struct cloud *c, const struct value *v, struct merge_how *out);
/* Merge one key's values by it. */
struct value *merge_by_how(struct cloud *c, const struct merge_how *how, struct value *base, struct value *over);
