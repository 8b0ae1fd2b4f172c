#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "node/agent/apply.h"

static int open_in(const struct root *r, const char *path, int flags)
{
	struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC),
			       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	long fd;

	/* EAGAIN: a rename elsewhere, while ".." was resolved (openat2(2)). */
	do
		fd = syscall(SYS_openat2, r->fd, path[1] ? path + 1 : ".", &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	return (int)fd;
}

int root_open(const struct root *r, const char *path, int flags)
{
	return open_in(r, path, flags);
}

bool root_stat(const struct root *r, const char *path, struct stat *st)
{
	_cleanup_close_ int fd = open_in(r, path, O_PATH | O_NOFOLLOW);

	return fd >= 0 && fstat(fd, st) == 0;
}

bool root_exists(const struct root *r, const char *path)
{
	_cleanup_close_ int fd = open_in(r, path, O_PATH);

	return fd >= 0;
}

int root_read(const struct root *r, const char *path, size_t limit, const char **out, size_t *size, bool *found,
	      struct error *err)
{
	/* O_NONBLOCK: a FIFO does not hold the boot up. */
	_cleanup_close_ int fd = open_in(r, path, O_RDONLY | O_NONBLOCK);
	_cleanup_strbuf_ struct strbuf text = {0};
	struct stat st;
	char chunk[16384];
	ssize_t n;

	if (fd < 0 && errno != ENOENT)
		return error_errno(err, "%s", path);
	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)))
		return error_set(err, "%s: not a file", path);
	strbuf_puts(&text, "");
	while (fd >= 0 && (n = fd_read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0)
			return error_errno(err, "%s", path);
		strbuf_add(&text, chunk, (size_t)n);
		if (text.len > limit)
			return error_set(err, "%s: larger than %zu bytes", path, limit);
	}
	char *copy = arena_alloc(r->arena, text.len + 1);

	memcpy(copy, text.data, text.len);
	*out = copy;
	if (size)
		*size = text.len;
	if (found)
		*found = fd >= 0;
	return 0;
}

int root_make_folders(const struct root *r, const char *path, struct error *err)
{
	for (const char *p = path; *p && path[1];) {
		size_t n = strcspn(p + 1, "/") + 1;
		const char *parent = p == path ? "/" : arena_strndup(r->arena, path, (size_t)(p - path));
		const char *here = arena_strndup(r->arena, path, (size_t)(p - path) + n);
		_cleanup_close_ int fd = open_in(r, here, O_PATH | O_DIRECTORY);

		if (fd < 0 && errno == ENOENT) {
			_cleanup_close_ int dir = open_in(r, parent, O_PATH | O_DIRECTORY);
			const char *name = path_base(here);

			if (dir < 0 || mkdirat(dir, name, 0755) < 0 || fchmodat(dir, name, 0755, 0) < 0)
				return errno == EEXIST ? error_set(err, "%s: a symbolic link that leads nowhere", here)
						       : error_errno(err, "%s", here);
		} else if (fd < 0) {
			return error_errno(err, "%s", here);
		}
		p += n;
	}
	return 0;
}

int root_check_folders(const struct root *r, const char *path, struct error *err)
{
	for (const char *p = path; *p && path[1];) {
		const char *here = arena_strndup(r->arena, path, (size_t)(p - path) + strcspn(p + 1, "/") + 1);
		_cleanup_close_ int fd = open_in(r, here, O_PATH | O_DIRECTORY);
		struct stat st;

		if (fd < 0 && errno == ENOENT)
			return root_stat(r, here, &st) ? error_set(err, "%s: a symbolic link that leads nowhere", here)
						       : 0;
		if (fd < 0)
			return error_errno(err, "%s", here);
		p = path + strlen(here);
	}
	return 0;
}

/* The folder that holds path, made if it is missing; -1 with err. */
static int open_parent(const struct root *r, const char *path, struct error *err)
{
	const char *parent = path_parent(r->arena, path);
	int fd;

	if (root_make_folders(r, parent, err) < 0)
		return -1;
	fd = open_in(r, parent, O_PATH | O_DIRECTORY);
	return fd < 0 ? error_errno(err, "%s", parent) : fd;
}

/* Not the name itself: with a long one there would be no room. */
static const char *temporary_name(const struct root *r)
{
	static unsigned count;

	return arena_printf(r->arena, ".mkdl.%ld.%u", (long)getpid(), count++);
}

static int fill(const struct root *r, int dir, const char *temporary, const char *path, const void *data, size_t n,
		mode_t mode, uid_t uid, gid_t gid, struct error *err)
{
	_cleanup_close_ int fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_errno(err, "%s", path);
	if (fd_write_all(fd, data, n, path, err) < 0)
		return -1;
	/* chown(2) takes setuid bits away: the mode comes last. */
	if ((r->owners && fchown(fd, uid, gid) < 0) || fchmod(fd, mode) < 0 ||
	    renameat(dir, temporary, dir, path_base(path)) < 0)
		return error_errno(err, "%s", path);
	return 0;
}

int root_write(const struct root *r, const char *path, const void *data, size_t n, mode_t mode, uid_t uid, gid_t gid,
	       struct error *err)
{
	_cleanup_close_ int dir = open_parent(r, path, err);
	const char *temporary = temporary_name(r);

	if (dir < 0)
		return -1;
	if (fill(r, dir, temporary, path, data, n, mode, uid, gid, err) == 0)
		return 0;
	unlinkat(dir, temporary, 0);
	return -1;
}

int root_remove(const struct root *r, const char *folder, const char *prefix, struct error *err)
{
	int fd = open_in(r, folder, O_RDONLY | O_DIRECTORY);
	_cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (fd < 0)
		return errno == ENOENT ? 0 : error_errno(err, "%s", folder);
	if (!dir) {
		close(fd);
		return error_errno(err, "%s", folder);
	}
	while ((entry = readdir(dir)))
		if (!strncmp(entry->d_name, prefix, strlen(prefix)) && unlinkat(fd, entry->d_name, 0) < 0 && errno != ENOENT)
			return error_errno(err, "%s/%s", folder, entry->d_name);
	return 0;
}

int root_folder(const struct root *r, const char *path, mode_t mode, uid_t uid, gid_t gid, struct error *err)
{
	_cleanup_close_ int fd = -1;

	if (root_make_folders(r, path, err) < 0)
		return -1;
	fd = open_in(r, path, O_RDONLY | O_DIRECTORY);
	if (fd < 0 || (r->owners && fchown(fd, uid, gid) < 0) || fchmod(fd, mode) < 0)
		return error_errno(err, "%s", path);
	return 0;
}

static int make_link(const struct root *r, int dir, const char *temporary, const char *path, const char *target,
		     bool hard, struct error *err)
{
	_cleanup_close_ int from = -1;

	if (!hard)
		return symlinkat(target, dir, temporary) < 0 ? error_errno(err, "%s", path) : 0;
	from = open_in(r, path_parent(r->arena, target), O_PATH | O_DIRECTORY);
	if (from < 0 || linkat(from, path_base(target), dir, temporary, 0) < 0)
		return error_errno(err, "%s: a hard link to %s", path, target);
	return 0;
}

int root_link(const struct root *r, const char *path, const char *target, bool hard, uid_t uid, gid_t gid,
	      struct error *err)
{
	_cleanup_close_ int dir = open_parent(r, path, err);
	const char *temporary = temporary_name(r);

	if (dir < 0 || make_link(r, dir, temporary, path, target, hard, err) < 0)
		return -1;
	if ((hard || !r->owners || fchownat(dir, temporary, uid, gid, AT_SYMLINK_NOFOLLOW) == 0) &&
	    renameat(dir, temporary, dir, path_base(path)) == 0) {
		/* rename(2) of two names of one file does nothing. */
		unlinkat(dir, temporary, 0);
		return 0;
	}
	error_errno(err, "%s", path);
	unlinkat(dir, temporary, 0);
	return -1;
}
