/* Reads an OCI image layout in a tar archive (github.com/opencontainers/image-spec, image-layout.md), as `skopeo copy
 * … oci-archive:FILE`, buildah and the recipes write it. Archives are not trusted: every blob must have the SHA-256 that it is
 * named by and the size that refers to it. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "builder/store.h"

struct oci_blob {
	const char *media_type;
	struct hash digest;
	uint64_t size;
};

struct oci_image {
	const char *reference; /* the name that the archive gives it, as written there, or NULL */
	struct oci_blob manifest, config;
	struct oci_blob *layers;
	size_t layer_count;
};

/* Read the archive at fd (from where it stands); name is for messages. The blobs go into the store. Of an index for several
 * machines the image for linux/amd64 is taken. Strings live in the arena. */
int oci_read(struct store *store, struct arena *a, int fd, const char *name, struct oci_image *out, struct error *err);

/* The same of an archive that is a blob of the store; what it came to is kept there and found again while its blobs are. */
int oci_read_kept(struct store *store, struct arena *a, const struct hash *archive, const char *name, struct oci_image *out,
		  struct error *err);
