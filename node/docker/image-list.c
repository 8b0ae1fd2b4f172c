#include "node/docker/image-list.h"

#include <stdbool.h>
#include <string.h>

#include "base/flat.h"
#include "node/docker/tar.h"

enum { DIGEST_HEX = 64 };

static bool is_hex(const char *text)
{
	return strlen(text) == DIGEST_HEX && strspn(text, "0123456789abcdef") == DIGEST_HEX;
}

static bool read_size(const char *text, uint64_t *out)
{
	uint64_t n = 0;

	if (!*text || strlen(text) > 11 || text[strspn(text, "0123456789")])
		return false;
	for (; *text; text++)
		n = n * 10 + (uint64_t)(*text - '0');
	*out = n;
	return n <= TAR_SIZE_LIMIT;
}

static int read_image(struct arena *a, const struct flat_line *line, struct docker_images *list, struct error *err)
{
	const struct docker_image image = {.name = line->words[1], .id = line->words[2]};

	if (strncmp(image.id, "sha256:", 7) != 0 || !is_hex(image.id + 7))
		return error_set(err, "\"%s\" is no digest", image.id);
	list->items = arena_grow(a, list->items, list->count, &list->cap, sizeof(*list->items));
	list->items[list->count++] = image;
	return 0;
}

static int read_member(struct arena *a, const struct flat_line *line, struct docker_images *list, struct error *err)
{
	struct docker_image *image = list->count ? &list->items[list->count - 1] : NULL;
	struct docker_member m = {.path = line->words[1], .blob = line->words[3]};

	if (!image)
		return error_set(err, "a member of no image");
	if (strlen(m.path) > TAR_NAME_LIMIT || !*m.path)
		return error_set(err, "\"%s\" is no name for a member", m.path);
	if (!read_size(line->words[2], &m.size))
		return error_set(err, "\"%s\" is no size", line->words[2]);
	if (!is_hex(m.blob))
		return error_set(err, "\"%s\" is no blob", m.blob);
	image->members = arena_grow(a, image->members, image->count, &image->cap, sizeof(*image->members));
	image->members[image->count++] = m;
	return 0;
}

static int read_record(struct arena *a, const struct flat_line *line, struct docker_images *list, struct error *err)
{
	if (!strcmp(line->words[0], "image") && line->count == 3)
		return read_image(a, line, list, err);
	if (!strcmp(line->words[0], "member") && line->count == 4)
		return read_member(a, line, list, err);
	return error_set(err, "\"%s\" is no record of an image list, or lacks words", line->words[0]);
}

int docker_images_parse(struct arena *a, const char *name, const char *text, size_t n, struct docker_images *out,
			struct error *err)
{
	struct docker_images list = {0};
	struct flat flat;

	if (flat_parse(a, name, text, n, &flat, err) < 0)
		return -1;
	if (!flat.count || flat.lines[0].count != 2 || strcmp(flat.lines[0].words[0], "mkdl-docker-images") != 0 ||
	    strcmp(flat.lines[0].words[1], "1") != 0)
		return error_set(err, "%s: does not start with \"mkdl-docker-images 1\"", name);
	for (size_t i = 1; i < flat.count; i++)
		if (read_record(a, &flat.lines[i], &list, err) < 0)
			return error_wrap(err, "%s:%u", name, flat.lines[i].number);
	*out = list;
	return 0;
}
