/* path: a file, folder or archive of this machine, relative to the profile's project or to mkdl's own files. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "builder/generated.h"
#include "builder/overlay.h"
#include "builder/source-file.h"
#include "builder/store.h"

enum { REMEMBERED = 64 * 1024, SETTLED_SECONDS = 2 };

/* The first root that has it, or the path itself when it is absolute. */
static const char *locate(struct build *b, const struct source *s, struct stat *st, struct error *err)
{
	_cleanup_strbuf_ struct strbuf tried = {0};

	if (s->spec[0] == '/') {
		if (stat(s->spec, st) == 0)
			return s->spec;
		place_errno(err, s->at, "%s", s->spec);
		return NULL;
	}
	for (size_t i = 0; i < s->roots.count; i++) {
		const char *path = path_join(b->arena, s->roots.items[i], s->spec);

		if (stat(path, st) == 0)
			return path;
		strbuf_printf(&tried, "%s%s", i ? ", " : "", s->roots.items[i]);
	}
	place_error(err, s->at, "%s: no such file or folder below %s", s->spec,
		    tried.data ? tried.data : "the profile's folder");
	return NULL;
}

/* A large file is not read again as long as its inode looks the same. A file that changed within the last seconds could
 * change once more without a newer time, so it is not remembered. */
static struct hash inode_key(const struct stat *st)
{
	const int64_t parts[] = {
		(int64_t)st->st_dev, (int64_t)st->st_ino, st->st_size, st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
		st->st_ctim.tv_sec, st->st_ctim.tv_nsec,
	};

	return hash_bytes(parts, sizeof(parts));
}

static bool recall(struct build *b, const struct stat *st, struct hash *out)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error ignored = {0};
	struct hash key = inode_key(st), h;

	if (st->st_size < REMEMBERED || store_get_result(&b->store, "inode", &key, &text, &ignored) != 1)
		return false;
	if (!hash_parse(text.data, &h) || !store_has_blob_of(&b->store, &h, (uint64_t)st->st_size))
		return false;
	*out = h;
	return true;
}

static void remember(struct build *b, const struct stat *st, const struct hash *content)
{
	_cleanup_error_ struct error ignored = {0};
	struct hash key = inode_key(st);
	char hex[HASH_HEX_SIZE];

	if (st->st_size >= REMEMBERED && st->st_ctim.tv_sec + SETTLED_SECONDS < time(NULL))
		store_put_result(&b->store, "inode", &key, hash_hex(content, hex), HASH_HEX_SIZE - 1, &ignored);
}

static int read_content(struct build *b, const char *path, struct hash *out, bool *executable, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	uint64_t size;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, "%s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, "%s is neither a file nor a folder", path);
	*executable = st.st_mode & 0111;
	if (recall(b, &st, out))
		return 0;
	if (file_keep(b, fd, path, out, &size, err) < 0)
		return -1;
	remember(b, &st, out);
	return 0;
}

static int path_open(struct build *b, const struct source *s, struct tree *out, struct error *err)
{
	const char *path, *origin = arena_printf(b->arena, "path %s", s->spec);
	struct tree t = {.arena = b->arena};
	struct hash content;
	struct stat st;
	bool executable = false;

	path = locate(b, s, &st, err);
	if (!path)
		return -1;
	if (S_ISDIR(st.st_mode)) {
		if (folder_read(b, path, origin, &t, err) < 0)
			return -1;
	} else {
		if (read_content(b, path, &content, &executable, err) < 0)
			return -1;
		if (source_file_open(b, &content, path_base(path), executable, origin, &t, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < t.count; i++) {
		t.nodes[i].reason = NULL;
		tree_add(out, &t.nodes[i]);
	}
	return 0;
}

static struct hash listing_hash(struct tree *t)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	tree_write(t, &text);
	return hash_bytes(text.data ? text.data : "", text.len);
}

/* A local file has no version: its listing is put into the lock, and is what the lock promises with --locked. */
static int path_resolve(struct build *b, const struct source *s, struct error *err)
{
	const struct locked_hash *locked = lock_hash(&b->lock, "path", s->spec, NULL);
	struct locked_hash now = {.kind = "path", .name = s->spec};
	struct tree *tree;

	if (source_open(b, s, &tree, err) < 0)
		return -1;
	now.hash = listing_hash(tree);
	if (locked && b->options.locked && !hash_equal(&locked->hash, &now.hash))
		return place_error(err, s->at,
				   "%s is not what it was when the lock was written; build without --locked to take it "
				   "as it is now", s->spec);
	lock_put_hash(&b->lock, &now);
	return 0;
}

const struct source_handler source_path = {
	.name = "path",
	.resolve = path_resolve,
	.open = path_open,
};
