/* The list of preloaded images that the builder wrote (builder/images.h has the format). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

struct image_record {
	bool is_image;
	const char *name;   /* of an image */
	const char *digest; /* "sha256:" and 64 hex digits */
	uint64_t size;
	const char *media_type;
	const char **labels; /* "KEY=VALUE", NULL-terminated */
};

struct image_list {
	struct image_record *records; /* in the order to load */
	size_t count;
};

/* Parse the text of a list (n bytes); name is for messages. Everything is checked. */
int image_list_parse(struct arena *a, const char *name, const char *text, size_t n, struct image_list *out, struct error *err);
