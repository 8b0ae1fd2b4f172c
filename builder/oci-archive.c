#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "builder/oci-private.h"
#include "builder/store-private.h"

/* More than any image that one would keep in RAM, and little enough that a compressed bomb ends. */
static const uint64_t archive_limit = 16ull << 30;
enum { ENTRY_LIMIT = 100000, READ_SIZE = 65536 };

static void free_archive(struct archive **a)
{
	if (*a)
		archive_read_free(*a);
}

static int archive_fail(struct error *err, struct archive *a, const char *what)
{
	const char *text = archive_error_string(a);

	return error_set(err, "%s: %s", what, text ? text : "damaged archive");
}

/* Small members are kept as text. */
static int read_text(struct archive *a, const char *path, struct strbuf *out, struct error *err)
{
	char chunk[READ_SIZE / 8];
	la_ssize_t n;

	if (out->data)
		return error_set(err, "%s: is in the archive twice", path + 1);
	strbuf_add(out, "", 0);
	while ((n = archive_read_data(a, chunk, sizeof(chunk))) > 0) {
		if (out->len + (size_t)n > OCI_JSON_LIMIT)
			return error_set(err, "%s: larger than %d bytes", path + 1, OCI_JSON_LIMIT);
		strbuf_add(out, chunk, (size_t)n);
	}
	return n < 0 ? archive_fail(err, a, path + 1) : 0;
}

static int copy_blob(struct store *s, struct archive *a, const char *path, int fd, struct hash *hash, uint64_t *size, uint64_t *left,
		     struct error *err)
{
	_cleanup_free_ char *chunk = malloc(READ_SIZE);
	struct hasher h;
	la_ssize_t n = -1;
	int result = 0;

	if (!chunk)
		return error_set(err, "out of memory");
	*size = 0;
	hash_begin(&h);
	while (result == 0 && (n = archive_read_data(a, chunk, READ_SIZE)) > 0) {
		if ((uint64_t)n > *left) {
			result = error_set(err, "%s: the archive unpacks to more than %llu GB", path + 1,
					   (unsigned long long)(archive_limit >> 30));
		} else {
			*left -= (uint64_t)n;
			*size += (uint64_t)n;
			hash_add(&h, chunk, (size_t)n);
			result = store_write(s, fd, chunk, (size_t)n, err);
		}
	}
	*hash = hash_end(&h);
	return result < 0 ? -1 : n < 0 ? archive_fail(err, a, path + 1) : 0;
}

static int store_blob(struct oci_archive *r, struct archive *a, const char *path, const struct hash *named, uint64_t *left,
		      struct error *err)
{
	struct oci_file file = {.digest = *named};
	struct store_blob blob;
	struct hash found;

	if (store_blob_begin(r->store, &blob, err) < 0)
		return -1;
	if (copy_blob(r->store, a, path, blob.fd, &found, &file.size, left, err) < 0) {
		store_blob_drop(r->store, &blob);
		return -1;
	}
	if (!hash_equal(&found, named)) {
		char hex[HASH_HEX_SIZE];

		store_blob_drop(r->store, &blob);
		return error_set(err, "%s: its content has the SHA-256 %s: the archive is damaged", path + 1, hash_hex(&found, hex));
	}
	if (store_blob_end(r->store, &blob, &found, err) < 0)
		return -1;
	r->files = arena_grow(r->arena, r->files, r->count, &r->cap, sizeof(*r->files));
	r->files[r->count++] = file;
	return 0;
}

static int read_entry(struct oci_archive *r, struct archive *a, struct archive_entry *e, uint64_t *left, struct error *err)
{
	static const char blobs[] = "/blobs/sha256/";
	const char *name = archive_entry_pathname(e), *path;
	struct hash named;

	if (!name)
		return error_set(err, "a member without a name");
	if (path_clean(r->arena, name, &path, err) < 0)
		return -1;
	if (archive_entry_filetype(e) == AE_IFDIR)
		return 0;
	if (!strcmp(path, "/manifest.json") || !strcmp(path, "/repositories"))
		r->docker = true;
	if (strcmp(path, "/index.json") != 0 && strcmp(path, "/oci-layout") != 0 && strncmp(path, blobs, sizeof(blobs) - 1) != 0)
		return 0;
	if (archive_entry_filetype(e) != AE_IFREG || archive_entry_hardlink(e))
		return error_set(err, "%s: is no regular file", path + 1);
	if (!strcmp(path, "/index.json"))
		return read_text(a, path, &r->index, err);
	if (!strcmp(path, "/oci-layout"))
		return read_text(a, path, &r->layout, err);
	if (!hash_parse(path + sizeof(blobs) - 1, &named))
		return error_set(err, "%s: is not named by a SHA-256", path + 1);
	return store_blob(r, a, path, &named, left, err);
}

static int by_digest(const void *a, const void *b)
{
	return memcmp(((const struct oci_file *)a)->digest.bytes, ((const struct oci_file *)b)->digest.bytes, HASH_SIZE);
}

int oci_archive_read(struct oci_archive *r, int fd, struct error *err)
{
	_cleanup_(free_archive) struct archive *a = archive_read_new();
	uint64_t left = archive_limit;
	struct archive_entry *e;
	int n = 0, status;

	if (!a)
		return error_set(err, "out of memory");
	archive_read_support_format_tar(a);
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_filter_xz(a);
	if (archive_read_open_fd(a, fd, READ_SIZE) != ARCHIVE_OK)
		return archive_fail(err, a, "is no tar archive");
	while ((status = archive_read_next_header(a, &e)) == ARCHIVE_OK || status == ARCHIVE_WARN) {
		if (++n > ENTRY_LIMIT)
			return error_set(err, "more than %d members", ENTRY_LIMIT);
		if (read_entry(r, a, e, &left, err) < 0)
			return -1;
	}
	if (status != ARCHIVE_EOF)
		return archive_fail(err, a, n ? "is cut off or damaged" : "is no tar archive");
	if (r->count)
		qsort(r->files, r->count, sizeof(*r->files), by_digest);
	return 0;
}

void oci_archive_free(struct oci_archive *r)
{
	strbuf_free(&r->index);
	strbuf_free(&r->layout);
}

const struct oci_file *oci_archive_find(const struct oci_archive *r, const struct hash *digest)
{
	struct oci_file key = {.digest = *digest};

	return r->count ? bsearch(&key, r->files, r->count, sizeof(*r->files), by_digest) : NULL;
}
