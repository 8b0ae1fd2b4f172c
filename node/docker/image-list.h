/* The list of preloaded images that the builder wrote for dockerd (builder/images-docker.c), a flat file (base/flat.h):
 *	mkdl-docker-images 1
 *	image NAME ID                an image, and what dockerd will call it: "sha256:" and the hash of its configuration
 *	member PATH SIZE HEX         a file of the image's archive, as `docker load` wants it, and the blob that is its content */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

struct docker_member {
	const char *path; /* in the archive */
	uint64_t size;
	const char *blob; /* name of the file */
};

struct docker_image {
	const char *name, *id;
	struct docker_member *members;
	size_t count, cap;
};

struct docker_images {
	struct docker_image *items;
	size_t count, cap;
};

/* Parse the text of a list (n bytes); name is for messages. Everything is checked. */
int docker_images_parse(struct arena *a, const char *name, const char *text, size_t n, struct docker_images *out,
			struct error *err);
