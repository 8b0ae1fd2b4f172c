/* Segments: each layer of the tree as a newc archive in one frame of zstd or LZ4 (the early layer uncompressed), named by the
 * hash of all that went into it and kept in the store as result "segment", with its SHA-256 as result "segment-sum".
 * The image is their concatenation, in the layers' order. Only the early archive, which the kernel reads on its own,
 * and the image's last segment end in a trailer: so the image as a whole is one archive for zstd -dc | cpio -it,
 * lsinitramfs and bsdtar. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "builder/profile.h"
#include "builder/store.h"
#include "builder/tree.h"

struct progress;

struct segment {
	enum layer layer;
	struct hash key;
	const struct node **nodes; /* sorted; with the folders above them, whichever layer those belong to */
	size_t count;
	bool compressed, trailer;
	uint64_t raw;      /* bytes of the archive */
	uint64_t unpacked; /* bytes of RAM for its files, in whole pages */
	uint64_t window;   /* bytes the kernel keeps at hand while unpacking it */
	uint64_t size;     /* bytes in the image; known once made */
	struct hash sum;   /* of those bytes; known once made */
	bool fresh;        /* this build made it; otherwise it was in the store */
};

/* What a layer's segment will be; count is 0 for an empty layer. The tree must be finished (tree_finish) and stay as
 * it is. */
void segment_plan(struct tree *t, enum layer layer, const struct compression *c, struct segment *out);

/* Append a segment that was made to fd. One that is damaged in the store is removed from there and is an error. */
int segment_copy(struct store *s, const struct segment *segment, int fd, const char *name, struct error *err);

/* Make those that the store lacks, up to `jobs` threads at a time, and fill size and fresh. Empty ones are skipped. */
int segments_make(struct store *s, struct segment *segments, size_t count, const struct compression *c, unsigned jobs,
		  struct progress *progress, struct error *err);
