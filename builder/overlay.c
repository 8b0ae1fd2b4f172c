#include "builder/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "builder/generated.h"
#include "builder/usr-merge.h"

struct reading {
	struct build *b;
	const char *origin;
	struct tree *out;
};

static int read_folder(struct reading *r, int parent, const char *name, const char *path, struct error *err);

static int read_file(struct reading *r, int parent, const char *name, struct node *n, struct error *err)
{
	_cleanup_close_ int fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return error_errno(err, "%s: %s", r->origin, n->path);
	return file_keep(r->b, fd, n->path, &n->content, &n->size, err);
}

static int read_link(struct reading *r, int parent, const char *name, struct node *n, struct error *err)
{
	char target[PATH_LIMIT + 1];
	ssize_t len = readlinkat(parent, name, target, sizeof(target));

	if (len < 0)
		return error_errno(err, "%s: %s", r->origin, n->path);
	if ((size_t)len == sizeof(target))
		return error_set(err, "%s: %s: link target too long", r->origin, n->path);
	n->target = arena_strndup(r->b->arena, target, (size_t)len);
	return 0;
}

static int read_entry(struct reading *r, int parent, const char *name, const char *dir, struct error *err)
{
	struct node n = {.origin = r->origin, .reason = r->origin, .layer = LAYER_SITE, .mode = 0644};
	struct stat st;

	if (path_clean(r->b->arena, path_join(r->b->arena, dir, name), &n.path, err) < 0)
		return error_wrap(err, "%s", r->origin);
	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "%s: %s", r->origin, n.path);
	if (S_ISREG(st.st_mode)) {
		n.type = NODE_FILE;
		n.mode = st.st_mode & 0111 ? 0755 : 0644;
		if (read_file(r, parent, name, &n, err) < 0)
			return -1;
	} else if (S_ISLNK(st.st_mode)) {
		n.type = NODE_SYMLINK;
		n.mode = 0777;
		if (read_link(r, parent, name, &n, err) < 0)
			return -1;
	} else if (S_ISDIR(st.st_mode)) {
		n.type = NODE_DIR;
		n.mode = 0755;
	} else {
		return error_set(err, "%s: %s is neither file, folder nor link", r->origin, n.path);
	}
	tree_add(r->out, &n);
	return n.type == NODE_DIR ? read_folder(r, parent, name, n.path, err) : 0;
}

static int read_folder(struct reading *r, int parent, const char *name, const char *path, struct error *err)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!dir) {
		error_errno(err, "%s: %s", r->origin, path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while ((errno = 0, e = readdir(dir))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || !strcmp(e->d_name, ".gitkeep"))
			continue;
		if (read_entry(r, fd, e->d_name, path, err) < 0)
			return -1;
	}
	return errno ? error_errno(err, "%s: %s", r->origin, path) : 0;
}

int folder_read(struct build *b, const char *dir, const char *origin, struct tree *out, struct error *err)
{
	struct reading r = {.b = b, .origin = origin, .out = out};
	_cleanup_free_ char *real = realpath(dir, NULL);

	if (!real)
		return error_errno(err, "%s: %s", origin, dir);
	return read_folder(&r, AT_FDCWD, real, "/", err);
}

void overlay_nodes(struct build *b, struct tree *nodes)
{
	/* In the order of paths, not of readdir. */
	tree_sort(nodes);
	for (size_t i = 0; i < nodes->count; i++) {
		struct node n = nodes->nodes[i];
		const struct node *old;

		if (!usr_merge_node(b->arena, &n))
			continue;
		/* A folder with something in it follows from that: it is not the overlay's, and changes no other layer. */
		if (n.type == NODE_DIR && i + 1 < nodes->count && path_is_below(nodes->nodes[i + 1].path, nodes->nodes[i].path))
			continue;
		old = tree_find(&b->tree, n.path);
		if (old && old->type == NODE_DIR && n.type == NODE_DIR)
			continue;
		if (old)
			n.reason = arena_printf(b->arena, "%s, in place of the one from %s", n.reason, old->origin);
		tree_add(&b->tree, &n);
	}
}

int overlays_add(struct build *b, struct error *err)
{
	for (size_t i = 0; i < b->profile.overlay_dirs.count; i++) {
		const char *name = b->profile.overlays.items[i], *dir = b->profile.overlay_dirs.items[i];
		struct tree nodes = {.arena = b->arena};

		if (folder_read(b, dir, arena_printf(b->arena, "overlay %s", name), &nodes, err) < 0)
			return -1;
		overlay_nodes(b, &nodes);
	}
	return 0;
}
