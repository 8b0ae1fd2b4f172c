#include "builder/decompress.h"

#include <archive.h>
#include <archive_entry.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "builder/store-private.h"

enum { CHUNK = 1 << 18, RESULT_LIMIT = 256 };

/* No module or firmware comes near; a small file that unpacks to more is not one. */
static const uint64_t size_limit = (uint64_t)1 << 30;

static void cleanup_archive(struct archive **a)
{
	if (*a)
		archive_read_free(*a);
}

size_t path_uncompressed_length(const char *path)
{
	static const char *const suffixes[] = {".xz", ".zst", ".gz"};
	size_t n = strlen(path);

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		size_t m = strlen(suffixes[i]);

		if (n > m && !strcmp(path + n - m, suffixes[i]))
			return n - m;
	}
	return n;
}

static int open_raw(struct archive *a, int fd)
{
	struct archive_entry *e;

	archive_read_support_filter_xz(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_filter_gzip(a);
	archive_read_support_format_raw(a);
	archive_read_support_format_empty(a);
	return archive_read_open_fd(a, fd, CHUNK) == ARCHIVE_OK && archive_read_next_header(a, &e) == ARCHIVE_OK ? 0
														 : -1;
}

static int copy_out(struct store *s, struct archive *a, int fd, struct hash *hash, uint64_t *size, const char *name,
		    struct error *err)
{
	_cleanup_free_ char *chunk = malloc(CHUNK);
	struct hasher h;
	la_ssize_t n;

	if (!chunk)
		return error_set(err, "out of memory");
	hash_begin(&h);
	*size = 0;
	while ((n = archive_read_data(a, chunk, CHUNK)) > 0) {
		hash_add(&h, chunk, (size_t)n);
		*size += (uint64_t)n;
		if (*size > size_limit || store_write(s, fd, chunk, (size_t)n, err) < 0)
			break;
	}
	*hash = hash_end(&h);
	if (err->text)
		return -1;
	if (n < 0)
		return error_set(err, "%s: %s", name, archive_error_string(a));
	return *size > size_limit
		       ? error_set(err, "%s: more than %" PRIu64 " bytes when decompressed", name, size_limit)
		       : 0;
}

static int decompress(struct store *s, const struct node *n, struct hash *hash, uint64_t *size, struct error *err)
{
	_cleanup_(cleanup_archive) struct archive *a = archive_read_new();
	_cleanup_close_ int fd = -1;
	struct store_blob blob;

	if (!a)
		return error_set(err, "out of memory");
	if (store_open_blob(s, &n->content, &fd, err) < 0)
		return error_wrap(err, "%s", n->path);
	if (open_raw(a, fd) < 0)
		return error_set(err, "%s: cannot be decompressed: %s", n->path, archive_error_string(a));
	if (store_blob_begin(s, &blob, err) < 0)
		return -1;
	if (copy_out(s, a, blob.fd, hash, size, n->path, err) < 0) {
		store_blob_drop(s, &blob);
		return -1;
	}
	return store_blob_end(s, &blob, hash, err);
}

/* "SIZE SHA256\n", as remembered. */
static bool read_result(const char *text, struct hash *hash, uint64_t *size)
{
	char hex[HASH_HEX_SIZE];

	return sscanf(text, "%" SCNu64 " %64[0-9a-f]\n", size, hex) == 2 && hash_parse(hex, hash);
}

int node_decompress(struct store *s, struct arena *a, struct node *n, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	size_t plain = path_uncompressed_length(n->path);
	char hex[HASH_HEX_SIZE];
	struct hash hash;
	uint64_t size;
	int found;

	if (n->type != NODE_FILE || !n->path[plain])
		return 0;
	found = store_get_result(s, "plain", &n->content, &text, err);
	if (found < 0)
		return -1;
	if (!found || !read_result(text.data, &hash, &size) || !store_has_blob_of(s, &hash, size)) {
		char line[RESULT_LIMIT];

		if (decompress(s, n, &hash, &size, err) < 0)
			return -1;
		snprintf(line, sizeof(line), "%" PRIu64 " %s\n", size, hash_hex(&hash, hex));
		if (store_put_result(s, "plain", &n->content, line, strlen(line), err) < 0)
			return -1;
	}
	n->path = arena_strndup(a, n->path, plain);
	n->content = hash;
	n->size = size;
	return 0;
}
