/* Downloads into the store, through libcurl: http, https and file URIs.
 *
 * Several at once; each is kept as partial/SHA256 while it is under way, so that the next build goes on where a killed one
 * stopped. Nothing is named as a blob before its size and sha256 are right. A server that sends more than was promised is cut
 * off; temporary failures are tried again a few times, with pauses. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "builder/lock.h"
#include "builder/store.h"

struct progress;

/* Make sure that the store holds all of them. With offline nothing is fetched: an error names every one that is missing.
 * On failure what was complete stays in the store. */
int download_all(struct store *s, struct progress *p, const struct download *const *files, size_t count, bool offline,
		 struct error *err);

/* Is the file in the store, as far as its size can tell? */
bool download_is_there(struct store *s, const struct download *file);

/* Does its server answer that it does not have the file? Asks over http and https only; no answer is no. */
bool download_is_missing(struct arena *a, const struct download *file);
