#include "builder/materialize.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"

/* Where nodes are written. The parent of the node before is kept open: sorted nodes of one folder come together. */
struct target {
	struct store *store;
	struct arena names; /* scratch: freed at the end */
	int root;
	int parent;
	const char *parent_path;
	bool hardlink_ok;
};

static void target_close(struct target *t)
{
	if (t->parent >= 0)
		close(t->parent);
	if (t->root >= 0)
		close(t->root);
	arena_free(&t->names);
}

static int open_beneath(int root, const char *path)
{
	const struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	do
		fd = syscall(SYS_openat2, root, path[1] ? path + 1 : ".", &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	return (int)fd;
}

/* Open the folder at path (clean), making it and the folders above it where they are missing. */
static int open_folder(struct target *t, const char *path, int *out, struct error *err)
{
	int fd = open_beneath(t->root, path);

	if (fd < 0 && errno == ENOENT) {
		_cleanup_close_ int above = -1;

		if (open_folder(t, path_parent(&t->names, path), &above, err) < 0)
			return -1;
		if (mkdirat(above, path_base(path), 0755) < 0 && errno != EEXIST)
			return error_errno(err, "%s", path);
		fd = open_beneath(t->root, path);
	}
	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		return error_set(err, "%s: not a folder, but something lies below it", path);
	if (fd < 0)
		return error_errno(err, "%s", path);
	*out = fd;
	return 0;
}

static int enter_parent(struct target *t, const struct node *node, struct error *err)
{
	const char *parent = path_parent(&t->names, node->path);
	int fd;

	if (t->parent >= 0 && !strcmp(parent, t->parent_path))
		return 0;
	if (open_folder(t, parent, &fd, err) < 0)
		return -1;
	if (t->parent >= 0)
		close(t->parent);
	t->parent = fd;
	t->parent_path = parent;
	return 0;
}

static int copy_content(int from, int to, const char *name, struct error *err)
{
	/* A reflink costs nothing where the file system has it; copying works everywhere. */
	if (ioctl(to, FICLONE, from) == 0)
		return 0;
	return fd_copy(from, to, name, NULL, err);
}

static int write_file(struct target *t, const struct node *node, struct error *err)
{
	static const struct timespec epoch[2];
	const char *base = path_base(node->path);
	_cleanup_close_ int from = -1, to = -1;

	if (t->hardlink_ok && !(node->mode & 0111) &&
	    linkat(AT_FDCWD, store_blob_path(t->store, &t->names, &node->content), t->parent, base, 0) == 0)
		return 0;
	if (store_open_blob(t->store, &node->content, &from, err) < 0)
		return -1;
	to = openat(t->parent, base, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return error_errno(err, "%s", node->path);
	if (copy_content(from, to, node->path, err) < 0)
		return -1;
	if (fchmod(to, node->mode & 0111 ? 0755 : 0644) < 0 || futimens(to, epoch) < 0)
		return error_errno(err, "%s", node->path);
	return 0;
}

static int write_node(struct target *t, const struct node *node, struct error *err)
{
	int fd;

	if (node->type == NODE_DIR) {
		if (open_folder(t, node->path, &fd, err) < 0)
			return -1;
		close(fd);
		return 0;
	}
	if (enter_parent(t, node, err) < 0)
		return -1;
	if (node->type == NODE_FILE)
		return write_file(t, node, err);
	if (symlinkat(node->target, t->parent, path_base(node->path)) < 0)
		return error_errno(err, "%s", node->path);
	return 0;
}

int materialize(struct store *s, struct tree *tree, const char *dir, bool hardlink_ok, struct error *err)
{
	_cleanup_(target_close) struct target t = {.store = s, .root = -1, .parent = -1, .hardlink_ok = hardlink_ok};

	t.root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (t.root < 0)
		return error_errno(err, "%s", dir);
	tree_sort(tree);
	for (int links = 0; links < 2; links++) {
		for (size_t i = 0; i < tree->count; i++) {
			const struct node *node = &tree->nodes[i];

			if (node->type == NODE_CHAR || node->type == NODE_BLOCK || node->type == NODE_FIFO)
				return error_set(err, "%s: a device or FIFO, which only an image can hold", node->path);
			if ((node->type == NODE_SYMLINK) != (links == 1))
				continue;
			if (write_node(&t, node, err) < 0)
				return error_wrap(err, "unpack into %s", dir);
		}
	}
	return 0;
}
