/* From sources to documents: read each, check its signature, open it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strings.h"
#include "init/names.h"
#include "node/agent/document.h"
#include "node/agent/fetch.h"
#include "node/agent/signature.h"
#include "node/agent/sources.h"
#include "node/agent/unpack.h"

enum { COLLECT_INCLUDES = 32, COLLECT_DEPTH = 3 };

struct collect {
	struct arena *arena;
	struct fetch fetch;
	struct unpack unpack;
	const struct names_variable *variables; /* for URLs */
	bool offline;                           /* URLs of the network are an error */
	bool signed_only;
	uint8_t key[SIGNATURE_KEY_SIZE];        /* with signed_only */
	struct documents documents;
	struct strings read; /* URLs and paths, filled in: each is read once */
	unsigned includes, depth;
	bool remote; /* what is being opened came over the network */
};

/* rootfd: where files are. */
void collect_init(struct collect *c, struct arena *a, int rootfd, const struct names_variable *variables);

/* Documents that are fetched have to be signed by this key, 64 hex digits. */
int collect_trust(struct collect *c, const char *hex, struct error *err);

/* Servers with https are known by the certificates in this file (below rootfd) alone. */
int collect_ca(struct collect *c, const char *path, struct error *err);

/* Add the documents of one source to c->documents. On failure none of them is there. */
int collect_source(struct collect *c, const struct source *s, struct error *err);
