/* From what a source holds to documents: gzip and MIME are opened, what is inside is told apart by content. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "node/agent/document.h"
#include "node/agent/sources.h"

enum {
	UNPACK_LIMIT = 4 << 20, /* bytes that one gzip may unpack to */
	UNPACK_TOTAL_LIMIT = 16 << 20,
	UNPACK_DEPTH = 4,       /* of gzip and MIME in one another */
};

struct unpack {
	struct arena *arena;
	struct documents *documents;
	size_t total;               /* bytes that came out so far */
	/* A URL of an "#include": its documents are to be added here and now. */
	int (*include)(void *data, const char *url, struct error *err);
	void *data;
};

/* Add the documents in n bytes from source (its name, for provenance and messages). What is none is an error that names the
 * source, the part and shows its beginning. */
int unpack(struct unpack *u, const char *source, enum source_content content, const char *text, size_t n, struct error *err);
