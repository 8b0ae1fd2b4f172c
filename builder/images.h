/* Preloaded container images: the OCI archives of the profile's images:, as files of the node.
 *
 * DIR/list, a flat file (base/flat.h) that node/images/image-import.c reads:
 *	mkdl-images 1
 *	blob DIGEST SIZE MEDIATYPE [LABEL=VALUE…]   contents, in the order to load: what a blob refers to comes before it
 *	image NAME MEDIATYPE DIGEST SIZE [LABEL=VALUE…]
 * DIR/blobs/sha256/HEX, each blob once however many images share it. DIGEST is "sha256:HEX". */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "builder/oci.h"
#include "builder/profile.h"
#include "builder/version.h"

struct build;

struct image {
	const char *key;  /* in the profile */
	const char *name; /* full reference (oci-reference.h) */
	const char *origin; /* where the archive came from, for people */
	struct oci_image oci;
	struct place at;
};

struct images {
	struct image *items;
	size_t count;
};

/* Open and read the archives of all images of the profile. Errors name the place in the profile and the archive. */
int images_read(struct build *b, struct images *out, struct error *err);

/* By the profile's key, by full reference; NULL when there is none. */
const struct image *images_find_key(const struct images *images, const char *key);
const struct image *images_find_name(const struct images *images, const char *name);

/* The list's text. The image called pinned (may be NULL) is marked as one that the kubelet must not collect. */
void images_list(struct arena *a, const struct images *images, const char *pinned, struct strbuf *out);

/* Put list and blobs below dir into the tree's images layer. */
int images_add(struct build *b, const struct images *images, const char *dir, const char *pinned, struct error *err);

/* The same for this version of dockerd, with another list (node/docker/image-list.h). An image that it cannot load is an error. */
int images_add_docker(struct build *b, const struct images *images, const char *dir, struct version docker, struct error *err);

/* One blob of the image below dir. */
void images_add_blob(struct build *b, const struct image *image, const struct oci_blob *blob, const char *dir);
