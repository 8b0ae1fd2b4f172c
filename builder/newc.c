#include "builder/newc.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

enum {
	HEADER_SIZE = 110,  /* "070701" and 13 fields of 8 hex digits */
	TRAILER_SIZE = 124, /* a header and "TRAILER!!!" with its NUL, padded to 4 */
	BLOCK_SIZE = 1 << 20,
};

/* libarchive ends every archive with a trailer. The last TRAILER_SIZE bytes are therefore held back until it has
 * closed. */
struct writer {
	struct archive *archive;
	newc_sink *sink;
	void *context;
	struct error *err;
	char *chunk; /* BLOCK_SIZE bytes, for contents */
	char held[TRAILER_SIZE];
	size_t held_count;
};

static void writer_free(struct writer *w)
{
	if (w->archive)
		archive_write_free(w->archive);
	free(w->chunk);
}

static void cleanup_entry(struct archive_entry **e)
{
	if (*e)
		archive_entry_free(*e);
}

/* Passes on all but the last TRAILER_SIZE bytes of what was held and what is new. */
static la_ssize_t on_write(struct archive *archive, void *context, const void *data, size_t n)
{
	struct writer *w = context;
	const char *bytes = data;
	size_t total = w->held_count + n, out = total > TRAILER_SIZE ? total - TRAILER_SIZE : 0;
	size_t old = out < w->held_count ? out : w->held_count, fresh = out - old;

	if ((old && w->sink(w->context, w->held, old, w->err) < 0) ||
	    (fresh && w->sink(w->context, bytes, fresh, w->err) < 0)) {
		archive_set_error(archive, EIO, "%s", error_text(w->err));
		return -1;
	}
	memmove(w->held, w->held + old, w->held_count - old);
	w->held_count -= old;
	memcpy(w->held + w->held_count, bytes + fresh, n - fresh);
	w->held_count += n - fresh;
	return (la_ssize_t)n;
}

/* The sink's own error says more than libarchive's. */
static int fail(struct writer *w, const char *what)
{
	if (w->err->text)
		return -1;
	return error_set(w->err, "%s: %s", what, archive_error_string(w->archive));
}

static int open_writer(struct writer *w)
{
	w->archive = archive_write_new();
	w->chunk = malloc(BLOCK_SIZE);
	if (!w->archive || !w->chunk)
		return error_set(w->err, "out of memory");
	if (archive_write_set_format_cpio_newc(w->archive) != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(w->archive, BLOCK_SIZE) != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(w->archive, 1) != ARCHIVE_OK ||
	    archive_write_open(w->archive, w, NULL, on_write, NULL) != ARCHIVE_OK)
		return fail(w, "newc");
	return 0;
}

static int write_content(struct writer *w, struct store *s, const struct node *n)
{
	_cleanup_close_ int fd = -1;
	struct hasher hasher;
	struct hash hash;
	uint64_t total = 0;
	ssize_t got;

	if (store_open_blob(s, &n->content, &fd, w->err) < 0)
		return error_wrap(w->err, "%s", n->path);
	hash_begin(&hasher);
	while ((got = fd_read(fd, w->chunk, BLOCK_SIZE)) != 0) {
		if (got < 0 || archive_write_data(w->archive, w->chunk, (size_t)got) != got) {
			hash_drop(&hasher);
			return got < 0 ? error_errno(w->err, "%s", n->path) : fail(w, n->path);
		}
		hash_add(&hasher, w->chunk, (size_t)got);
		total += (uint64_t)got;
	}
	hash = hash_end(&hasher);
	if (total != n->size || !hash_equal(&hash, &n->content)) {
		char hex[HASH_HEX_SIZE];

		return error_set(w->err, "%s: the cache holds damaged contents for it: remove blob/%.2s/%s from %s",
				 n->path, hash_hex(&n->content, hex), hex + 2, s->path);
	}
	return 0;
}

static int write_node(struct writer *w, struct store *s, const struct node *n, uint32_t inode)
{
	static const mode_t types[] = {
		[NODE_FILE] = AE_IFREG, [NODE_DIR] = AE_IFDIR,   [NODE_SYMLINK] = AE_IFLNK,
		[NODE_CHAR] = AE_IFCHR, [NODE_BLOCK] = AE_IFBLK, [NODE_FIFO] = AE_IFIFO,
	};
	_cleanup_(cleanup_entry) struct archive_entry *e = archive_entry_new();

	if (!e)
		return error_set(w->err, "out of memory");
	if (n->type == NODE_FILE && n->size > UINT32_MAX)
		return error_set(w->err, "%s: %" PRIu64 " bytes, but an initramfs holds files of less than 4 GiB only",
				 n->path, n->size);
	archive_entry_copy_pathname(e, n->path + 1);
	archive_entry_set_mode(e, types[n->type] | (n->type == NODE_SYMLINK ? 0777 : n->mode));
	archive_entry_set_ino64(e, inode);
	archive_entry_set_nlink(e, n->type == NODE_DIR ? 2 : 1);
	archive_entry_set_uid(e, n->uid);
	archive_entry_set_gid(e, n->gid);
	archive_entry_set_mtime(e, 0, 0);
	archive_entry_set_size(e, n->type == NODE_FILE ? (la_int64_t)n->size : 0);
	if (n->type == NODE_SYMLINK)
		archive_entry_copy_symlink(e, n->target);
	if (n->type == NODE_CHAR || n->type == NODE_BLOCK) {
		archive_entry_set_rdevmajor(e, n->major);
		archive_entry_set_rdevminor(e, n->minor);
	}
	if (archive_write_header(w->archive, e) != ARCHIVE_OK)
		return fail(w, n->path);
	return n->type == NODE_FILE && n->size ? write_content(w, s, n) : 0;
}

static int end_writer(struct writer *w, bool trailer)
{
	if (archive_write_close(w->archive) != ARCHIVE_OK)
		return fail(w, "newc");
	if (w->held_count != TRAILER_SIZE || strcmp(w->held + HEADER_SIZE, "TRAILER!!!") != 0)
		return error_set(w->err, "newc: this libarchive (%s) ends archives in an unexpected way",
				 archive_version_string());
	return trailer ? w->sink(w->context, w->held, w->held_count, w->err) : 0;
}

int newc_write(struct store *s, const struct node *const *nodes, size_t count, bool trailer, newc_sink *sink,
	       void *context, struct error *err)
{
	_cleanup_(writer_free) struct writer w = {.sink = sink, .context = context, .err = err};

	if (open_writer(&w) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (nodes[i]->path[1] && write_node(&w, s, nodes[i], (uint32_t)i + 1) < 0)
			return -1;
	return end_writer(&w, trailer);
}

uint64_t newc_size(const struct node *const *nodes, size_t count, bool trailer)
{
	uint64_t total = trailer ? TRAILER_SIZE : 0;

	for (size_t i = 0; i < count; i++) {
		const struct node *n = nodes[i];
		uint64_t body = n->type == NODE_FILE ? n->size : n->type == NODE_SYMLINK ? strlen(n->target) : 0;

		if (!n->path[1])
			continue;
		/* The name loses its slash and gains a NUL. */
		total += ((HEADER_SIZE + strlen(n->path) + 3) & ~(uint64_t)3) + ((body + 3) & ~(uint64_t)3);
	}
	return total;
}
