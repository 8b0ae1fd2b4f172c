/* The calls to containerd (github.com/containerd/containerd, api/services) that loading an image takes. The services are the
 * same in 1.6, 1.7 and 2.x. */
#pragma once

#include "base/error.h"
#include "node/grpc/grpc.h"
#include "node/images/image-list.h"

#define CONTAINERD_LEASE "mkdl-image-import"

/* Keep what is loaded from being collected before an image refers to it. A lease left by an earlier try is fine; one that is
 * never given back ends by itself after an hour. */
int containerd_lease(struct grpc *g, struct error *err);
int containerd_release(struct grpc *g, struct error *err);

/* Load a blob, read from dirfd/HEX. A blob that containerd has already is not read, its file may be gone. *loaded (may be NULL)
 * gets the bytes that were sent. */
int containerd_load_blob(struct grpc *g, int dirfd, const struct image_record *blob, uint64_t *loaded, struct error *err);

/* Create the image, or point the one of that name to this content. */
int containerd_put_image(struct grpc *g, const struct image_record *image, struct error *err);
