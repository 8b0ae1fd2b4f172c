/* Files that packages ship compressed: kernel modules (.ko.xz, .ko.zst, .ko.gz) and firmware. */
#pragma once

#include "builder/store.h"
#include "builder/tree.h"

/* The length of path without a compression suffix (".xz", ".zst", ".gz"); the whole length when it has none. */
size_t path_uncompressed_length(const char *path);

/* When the node's path has such a suffix: decompress its content through libarchive (remembered in the store as result
 * "plain") and change path, size and content accordingly. Other nodes stay as they are. */
int node_decompress(struct store *s, struct arena *a, struct node *n, struct error *err);
