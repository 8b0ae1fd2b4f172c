#include "node/images/image-list.h"

#include <string.h>

#include "base/flat.h"

enum { SIZE_DIGITS = 15, DIGEST_HEX = 64 };

static bool is_digest(const char *text)
{
	return !strncmp(text, "sha256:", 7) && strlen(text + 7) == DIGEST_HEX &&
	       strspn(text + 7, "0123456789abcdef") == DIGEST_HEX;
}

static bool read_size(const char *text, uint64_t *out)
{
	uint64_t n = 0;

	if (!*text || strlen(text) > SIZE_DIGITS)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (uint64_t)(*text - '0');
	}
	*out = n;
	return true;
}

/* blob DIGEST SIZE MEDIATYPE [LABEL…] | image NAME MEDIATYPE DIGEST SIZE [LABEL…] */
static int read_record(const struct flat_line *line, struct image_record *out, struct error *err)
{
	const char **w = line->words, *size;
	size_t fields;

	if (!strcmp(w[0], "blob") && line->count >= 4) {
		*out = (struct image_record){.digest = w[1], .media_type = w[3]};
		size = w[2];
		fields = 4;
	} else if (!strcmp(w[0], "image") && line->count >= 5) {
		*out = (struct image_record){.is_image = true, .name = w[1], .media_type = w[2], .digest = w[3]};
		size = w[4];
		fields = 5;
	} else {
		return error_set(err, "\"%s\" is no record of an image list, or lacks words", w[0]);
	}
	if (!is_digest(out->digest))
		return error_set(err, "\"%s\" is no digest", out->digest);
	if (!read_size(size, &out->size))
		return error_set(err, "\"%s\" is no size", size);
	out->labels = w + fields;
	for (const char **label = out->labels; *label; label++)
		if (!strchr(*label, '=') || **label == '=')
			return error_set(err, "\"%s\" is no label", *label);
	return 0;
}

int image_list_parse(struct arena *a, const char *name, const char *text, size_t n, struct image_list *out, struct error *err)
{
	struct image_list list = {0};
	struct flat flat;

	if (flat_parse(a, name, text, n, &flat, err) < 0)
		return -1;
	if (!flat.count || flat.lines[0].count != 2 || strcmp(flat.lines[0].words[0], "mkdl-images") != 0 ||
	    strcmp(flat.lines[0].words[1], "1") != 0)
		return error_set(err, "%s: does not start with \"mkdl-images 1\"", name);
	list.records = arena_calloc(a, flat.count, sizeof(*list.records));
	for (size_t i = 1; i < flat.count; i++)
		if (read_record(&flat.lines[i], &list.records[list.count++], err) < 0)
			return error_wrap(err, "%s:%u", name, flat.lines[i].number);
	*out = list;
	return 0;
}
