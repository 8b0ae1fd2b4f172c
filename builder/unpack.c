#include "builder/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "builder/store-private.h"

enum {
	MAX_MEMBERS = 1000000,
	CHUNK = 128 * 1024,
	IN_MEMORY = 1024 * 1024, /* members up to this size are hashed before a file is made for them */
};
#define UNRESOLVED UINT64_MAX

static const uint64_t max_member = UINT64_C(4) << 30, max_total = UINT64_C(16) << 30;

/* A hard link, resolved when all members are known: cpio gives the content with the last of its links. Until then its
 * node has the size UNRESOLVED. */
struct link {
	size_t node;
	const char *target;
	bool has_content;
};

struct unpacking {
	struct store *store;
	struct arena *arena;
	const char *name; /* of the archive */
	struct tree tree;
	struct link *links;
	size_t link_count, link_cap;
	uint64_t members, total;
	char *buffer; /* IN_MEMORY bytes */
};

static void drop_archive(struct archive **a)
{
	if (*a)
		archive_read_free(*a);
}

#define _cleanup_archive_ _cleanup_(drop_archive)

bool unpack_name_is_archive(const char *name)
{
	static const char *const endings[] = {
		".deb", ".tar", ".tgz", ".txz", ".tbz2", ".tzst", ".tar.gz", ".tar.xz", ".tar.zst", ".tar.bz2", ".cpio",
		".cpio.gz", ".cpio.xz", ".cpio.zst", ".zip",
	};
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		size_t n = strlen(endings[i]);

		if (len > n && !strcasecmp(name + len - n, endings[i]))
			return true;
	}
	return false;
}

static int archive_failed(const struct unpacking *u, struct archive *a, struct error *err)
{
	const char *text = archive_error_string(a);

	return error_set(err, "%s: %s", u->name, text ? text : "damaged archive");
}

/* Only what libarchive does itself: with archive_read_support_filter_all it would start programs for the rest. */
static struct archive *new_reader(bool outer)
{
	struct archive *a = archive_read_new();

	if (!a)
		abort();
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_bzip2(a);
	archive_read_support_filter_xz(a);
	archive_read_support_filter_lzma(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_format_tar(a);
	if (outer) {
		archive_read_support_format_ar(a);
		archive_read_support_format_cpio(a);
		archive_read_support_format_zip(a);
	}
	return a;
}

/* Counts n more bytes of a member that has `size` already. */
static int count_bytes(struct unpacking *u, const char *path, uint64_t size, uint64_t n, struct error *err)
{
	u->total += n;
	if (size + n > max_member)
		return error_set(err, "%s: %s is larger than the limit of 4 GiB", u->name, path);
	if (u->total > max_total)
		return error_set(err, "%s: unpacks to more than the limit of 16 GiB", u->name);
	return 0;
}

/* The next piece of the current member's data, 0 at its end. */
static int read_piece(struct unpacking *u, struct archive *a, const char *path, void *to, size_t room, uint64_t size,
		      size_t *got, struct error *err)
{
	la_ssize_t n = archive_read_data(a, to, room);

	if (n < 0) {
		archive_failed(u, a, err);
		return error_wrap(err, "%s", path);
	}
	*got = (size_t)n;
	return count_bytes(u, path, size, (uint64_t)n, err);
}

/* The rest of a large member, whose first bytes are in the buffer. */
static int stream_to(struct unpacking *u, struct archive *a, int fd, size_t n, struct node *node, struct error *err)
{
	struct hasher h;
	uint64_t size = 0;
	int result = 0;

	hash_begin(&h);
	while (n && result == 0) {
		hash_add(&h, u->buffer, n);
		result = store_write(u->store, fd, u->buffer, n, err);
		size += n;
		if (result == 0)
			result = read_piece(u, a, node->path, u->buffer, CHUNK, size, &n, err);
	}
	if (result < 0) {
		hash_drop(&h);
		return -1;
	}
	node->content = hash_end(&h);
	node->size = size;
	return 0;
}

static int store_large(struct unpacking *u, struct archive *a, size_t n, struct node *node, struct error *err)
{
	struct store_blob b;

	if (store_blob_begin(u->store, &b, err) < 0)
		return -1;
	if (stream_to(u, a, b.fd, n, node, err) < 0) {
		store_blob_drop(u->store, &b);
		return -1;
	}
	return store_blob_end(u->store, &b, &node->content, err);
}

static int store_content(struct unpacking *u, struct archive *a, struct node *node, struct error *err)
{
	size_t have = 0, n = 0;

	for (;;) {
		if (have == IN_MEMORY)
			return store_large(u, a, have, node, err);
		if (read_piece(u, a, node->path, u->buffer + have, IN_MEMORY - have, have, &n, err) < 0)
			return -1;
		if (n == 0)
			break;
		have += n;
	}
	node->size = have;
	return store_put(u->store, u->buffer, have, &node->content, err);
}

/* The name as bytes; pax headers hold UTF-8, which libarchive cannot turn into the C locale's character set. */
static const char *entry_name(struct archive_entry *e)
{
	const char *name = archive_entry_pathname(e);

	return name ? name : archive_entry_pathname_utf8(e);
}

static const char *entry_target(struct archive_entry *e)
{
	const char *target = archive_entry_symlink(e);

	return target ? target : archive_entry_symlink_utf8(e);
}

static const char *entry_hard_link(struct archive_entry *e)
{
	const char *target = archive_entry_hardlink(e);

	return target ? target : archive_entry_hardlink_utf8(e);
}

static int take_owner(struct unpacking *u, struct archive_entry *e, struct node *n, struct error *err)
{
	la_int64_t uid = archive_entry_uid(e), gid = archive_entry_gid(e);

	if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX)
		return error_set(err, "%s: %s: owner out of range", u->name, n->path);
	n->uid = (uint32_t)uid;
	n->gid = (uint32_t)gid;
	n->mode = archive_entry_perm(e) & 07777;
	return 0;
}

static int add_hard_link(struct unpacking *u, struct archive *a, struct archive_entry *e, struct node *n, struct error *err)
{
	struct link link = {.node = u->tree.count, .has_content = archive_entry_size(e) > 0};

	if (path_clean(u->arena, entry_hard_link(e), &link.target, err) < 0)
		return error_wrap(err, "%s: %s: target of the hard link", u->name, n->path);
	n->type = NODE_FILE;
	n->size = UNRESOLVED;
	if (link.has_content && store_content(u, a, n, err) < 0)
		return -1;
	tree_add(&u->tree, n);
	u->links = arena_grow(u->arena, u->links, u->link_count, &u->link_cap, sizeof(*u->links));
	u->links[u->link_count++] = link;
	return 0;
}

static int add_member(struct unpacking *u, struct archive *a, struct archive_entry *e, struct error *err)
{
	struct node n = {0};
	const char *name = entry_name(e), *target;

	if (!name)
		return error_set(err, "%s: a member without a readable name", u->name);
	if (++u->members > MAX_MEMBERS)
		return error_set(err, "%s: more than %d members", u->name, MAX_MEMBERS);
	if (path_clean(u->arena, name, &n.path, err) < 0)
		return error_wrap(err, "%s", u->name);
	if (!strcmp(n.path, "/"))
		return 0;
	if (archive_entry_mtime(e) > 0 && (uint64_t)archive_entry_mtime(e) > u->tree.newest)
		u->tree.newest = (uint64_t)archive_entry_mtime(e);
	if (archive_entry_size_is_set(e) && archive_entry_size(e) > 0 && (uint64_t)archive_entry_size(e) > max_member)
		return error_set(err, "%s: %s is larger than the limit of 4 GiB", u->name, n.path);
	if (take_owner(u, e, &n, err) < 0)
		return -1;
	if (entry_hard_link(e))
		return add_hard_link(u, a, e, &n, err);
	switch (archive_entry_filetype(e)) {
	case AE_IFREG:
		n.type = NODE_FILE;
		if (store_content(u, a, &n, err) < 0)
			return -1;
		break;
	case AE_IFDIR:
		n.type = NODE_DIR;
		break;
	case AE_IFLNK:
		n.type = NODE_SYMLINK;
		n.mode = 0777;
		n.uid = n.gid = 0;
		target = entry_target(e);
		if (!target || !*target || strlen(target) > PATH_LIMIT)
			return error_set(err, "%s: %s: symbolic link without a usable target", u->name, n.path);
		n.target = arena_strdup(u->arena, target);
		break;
	default:
		return error_set(err, "%s: %s is a device, FIFO or socket; only files, folders and links are taken", u->name,
				 n.path);
	}
	tree_add(&u->tree, &n);
	return 0;
}

static int read_members(struct unpacking *u, struct archive *a, struct error *err)
{
	struct archive_entry *e;

	for (;;) {
		int r = archive_read_next_header(a, &e);

		if (r == ARCHIVE_EOF)
			return 0;
		/* A warning is about a name that does not fit the locale; entry_name deals with that. */
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return archive_failed(u, a, err);
		if (add_member(u, a, e, err) < 0)
			return -1;
	}
}

static struct node *find_file(struct tree *t, const char *path)
{
	struct node *n = tree_find(t, path);

	return n && n->type == NODE_FILE ? n : NULL;
}

/* Gives every hard link its content: first from links that carry it to what they link to, then the other way round. */
static int resolve_links(struct unpacking *u, struct error *err)
{
	const char **paths;

	if (!u->link_count)
		return 0;
	paths = arena_calloc(u->arena, u->link_count, sizeof(*paths));
	for (size_t i = 0; i < u->link_count; i++)
		paths[i] = u->tree.nodes[u->links[i].node].path; /* before sorting moves the nodes */
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < u->link_count; i++) {
			const struct link *l = &u->links[i];
			struct node *n = find_file(&u->tree, paths[i]), *target = find_file(&u->tree, l->target);
			bool carries = l->has_content;

			if (!n)
				continue; /* replaced by a later member */
			if (!target)
				return error_set(err, "%s: %s is a hard link to %s, which is not a file of the archive",
						 u->name, n->path, l->target);
			struct node *from = pass == 0 ? n : target, *to = pass == 0 ? target : n;

			if (pass == 0 && !carries)
				continue;
			if (from->size == UNRESOLVED)
				return error_set(err, "%s: %s is a hard link to %s, which is one itself and leads to "
						      "no file", u->name, n->path, l->target);
			to->content = from->content;
			to->size = from->size;
		}
	}
	return 0;
}

/* The reader of data.tar inside a .deb takes its bytes from the member of the outer archive. */
struct member_source {
	struct archive *outer;
	char chunk[CHUNK];
};

static la_ssize_t read_member(struct archive *inner, void *data, const void **out)
{
	struct member_source *m = data;
	la_ssize_t n = archive_read_data(m->outer, m->chunk, sizeof(m->chunk));

	if (n < 0) {
		const char *text = archive_error_string(m->outer);

		archive_set_error(inner, archive_errno(m->outer), "%s", text ? text : "damaged archive");
		return -1;
	}
	*out = m->chunk;
	return n;
}

static int unpack_data_tar(struct unpacking *u, struct archive *outer, struct error *err)
{
	_cleanup_archive_ struct archive *inner = new_reader(false);
	_cleanup_free_ struct member_source *m = malloc(sizeof(*m));

	if (!m)
		abort();
	m->outer = outer;
	if (archive_read_open(inner, m, NULL, read_member, NULL) != ARCHIVE_OK)
		return archive_failed(u, inner, err);
	return read_members(u, inner, err);
}

/* An ar archive: a Debian package, or nothing that we know. The first header was read already. */
static int unpack_deb(struct unpacking *u, struct archive *outer, struct archive_entry *e, struct error *err)
{
	const char *name = entry_name(e);

	if (!name || strcmp(name, "debian-binary"))
		return error_set(err, "%s: an ar archive, but not a Debian package: no debian-binary at its start", u->name);
	for (;;) {
		int r = archive_read_next_header(outer, &e);

		if (r == ARCHIVE_EOF)
			return error_set(err, "%s: no data.tar in this Debian package", u->name);
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return archive_failed(u, outer, err);
		name = entry_name(e);
		if (name && !strncmp(name, "data.tar", 8))
			return unpack_data_tar(u, outer, err);
	}
}

static int unpack_all(struct unpacking *u, int fd, struct error *err)
{
	_cleanup_archive_ struct archive *a = new_reader(true);
	struct archive_entry *e;
	int r;

	if (archive_read_open_fd(a, fd, CHUNK) != ARCHIVE_OK)
		return archive_failed(u, a, err);
	r = archive_read_next_header(a, &e);
	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
		return archive_failed(u, a, err);
	if ((archive_format(a) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_AR)
		return unpack_deb(u, a, e, err);
	if (add_member(u, a, e, err) < 0)
		return -1;
	return read_members(u, a, err);
}

int unpack_archive(struct store *s, int fd, const char *name, struct tree *out, struct error *err)
{
	_cleanup_free_ char *buffer = malloc(IN_MEMORY);
	struct unpacking u = {.store = s, .arena = out->arena, .name = name, .buffer = buffer};

	if (!buffer)
		abort();
	u.tree.arena = out->arena;
	if (unpack_all(&u, fd, err) < 0 || resolve_links(&u, err) < 0)
		return -1;
	if (tree_finish(&u.tree, err) < 0)
		return error_wrap(err, "%s", name);
	for (size_t i = 0; i < u.tree.count; i++)
		tree_add(out, &u.tree.nodes[i]);
	if (u.tree.newest > out->newest)
		out->newest = u.tree.newest;
	return 0;
}
