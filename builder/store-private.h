/* What the files of the store share among themselves: store.c, store-result.c, store-prune.c, and download.c, which keeps
 * partial downloads in it. */
#pragma once

#include <sys/stat.h>

#include "builder/store.h"

/* The error for a write to the store that failed with errno; says what to do about a full disk. */
int store_failed(const struct store *s, struct error *err);

/* write(2) until all is written; store_failed on failure. */
int store_write(const struct store *s, int fd, const void *data, size_t n, struct error *err);

/* A name below tmp/ that nothing else has. */
void store_temporary(const struct store *s, char name[static 64]);

/* Make b read-only and rename it to path ("KIND/NAME" below the store). Releases b, whatever happens. */
int store_publish(struct store *s, struct store_blob *b, const char *path, bool sync, struct error *err);

/* Note that path was used, at most once a day. */
void store_used(const struct store *s, const char *path, const struct stat *st);

/* Rename a whole, read-only file "from" (relative to the store) to the blob's name. */
int store_name_blob(struct store *s, const char *from, const struct hash *h, struct error *err);
