#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/flat.h"
#include "builder/oci.h"

/* Bump when oci.c comes to judge archives differently. */
#define KEPT_HEAD "mkdl-oci 1\n"

enum { KEPT_LIMIT = 4 << 20 };

static void write_blob(struct arena *a, struct strbuf *out, const char *record, const struct oci_blob *blob)
{
	char hex[HASH_HEX_SIZE];

	flat_add(out, record, hash_hex(&blob->digest, hex), arena_printf(a, "%llu", (unsigned long long)blob->size), blob->media_type,
		 NULL);
}

static void write_image(struct arena *a, const struct oci_image *image, struct strbuf *out)
{
	strbuf_puts(out, KEPT_HEAD);
	if (image->reference)
		flat_add(out, "reference", image->reference, NULL);
	write_blob(a, out, "manifest", &image->manifest);
	write_blob(a, out, "config", &image->config);
	for (size_t i = 0; i < image->layer_count; i++)
		write_blob(a, out, "layer", &image->layers[i]);
}

/* False when the record is not what write_blob wrote, or the store has lost the blob. */
static bool read_blob(struct store *store, const struct flat_line *line, struct oci_blob *out)
{
	char *end;

	if (line->count != 4 || !hash_parse(line->words[1], &out->digest) || !store_has_blob(store, &out->digest))
		return false;
	out->size = strtoull(line->words[2], &end, 10);
	out->media_type = line->words[3];
	return !*end;
}

/* False: read the archive again. */
static bool read_kept(struct store *store, struct arena *a, const struct strbuf *text, struct oci_image *out)
{
	_cleanup_error_ struct error ignored = {0};
	bool manifest = false, config = false;
	struct oci_image image = {0};
	struct flat flat;

	if (strncmp(text->data, KEPT_HEAD, sizeof(KEPT_HEAD) - 1) != 0 ||
	    flat_parse(a, "oci", text->data, text->len, &flat, &ignored) < 0)
		return false;
	image.layers = arena_calloc(a, flat.count, sizeof(*image.layers));
	for (size_t i = 1; i < flat.count; i++) {
		const struct flat_line *line = &flat.lines[i];
		bool ok = false;

		if (!strcmp(line->words[0], "reference") && line->count == 2) {
			image.reference = line->words[1];
			ok = true;
		} else if (!strcmp(line->words[0], "manifest")) {
			ok = manifest = read_blob(store, line, &image.manifest);
		} else if (!strcmp(line->words[0], "config")) {
			ok = config = read_blob(store, line, &image.config);
		} else if (!strcmp(line->words[0], "layer")) {
			ok = read_blob(store, line, &image.layers[image.layer_count++]);
		}
		if (!ok)
			return false;
	}
	if (!manifest || !config)
		return false;
	*out = image;
	return true;
}

int oci_read_kept(struct store *store, struct arena *a, const struct hash *archive, const char *name, struct oci_image *out,
		  struct error *err)
{
	_cleanup_strbuf_ struct strbuf kept = {0}, text = {0};
	_cleanup_close_ int fd = -1;
	int found = store_get_result(store, "oci", archive, &kept, err);

	if (found < 0)
		return -1;
	if (found && kept.len && kept.len <= KEPT_LIMIT && read_kept(store, a, &kept, out))
		return 0;
	if (store_open_blob(store, archive, &fd, err) < 0 || oci_read(store, a, fd, name, out, err) < 0)
		return -1;
	write_image(a, out, &text);
	return store_put_result(store, "oci", archive, text.data, text.len, err);
}
