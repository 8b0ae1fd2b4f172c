/* Between oci.c (what the JSON of an image means) and oci-archive.c (what the tar archive holds). */
#pragma once

#include <stdbool.h>

#include "base/strbuf.h"
#include "builder/oci.h"

enum { OCI_JSON_LIMIT = 4 << 20 };

struct oci_file { /* below blobs/sha256/ */
	struct hash digest;
	uint64_t size;
};

struct oci_archive {
	const char *name;
	struct store *store;
	struct arena *arena;
	struct strbuf index;  /* index.json */
	struct strbuf layout; /* oci-layout */
	struct oci_file *files; /* sorted by digest */
	size_t count, cap;
	bool docker;          /* has the files of `docker save` */
};

/* Read all of it; the blobs go into the store. */
int oci_archive_read(struct oci_archive *r, int fd, struct error *err);
void oci_archive_free(struct oci_archive *r);

/* The blob with this digest, or NULL. */
const struct oci_file *oci_archive_find(const struct oci_archive *r, const struct hash *digest);
