#include "cluster/pki-folder.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

enum { FILE_LIMIT = 1 << 20, DEPTH_LIMIT = 4 };

void pki_folder_close(struct pki_folder *folder)
{
	if (folder->arena)
		close(folder->fd);
	folder->arena = NULL;
}

const char *pki_folder_path(const struct pki_folder *folder, const char *path)
{
	size_t n = strlen(folder->name);

	return arena_printf(folder->arena, "%s%s%s", folder->name, n && folder->name[n - 1] == '/' ? "" : "/", path);
}

void pki_folder_say(const struct pki_folder *folder, const char *fmt, ...)
{
	va_list ap;

	if (!folder->said)
		return;
	va_start(ap, fmt);
	strings_add(folder->arena, folder->said, arena_vprintf(folder->arena, fmt, ap));
	va_end(ap);
}

/* openat2(2) that stays below DIR and follows no link; another process's rename is no reason to fail. */
static int open_below(int dirfd, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	do
		fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	return (int)fd;
}

static int open_error(const struct pki_folder *folder, const char *path, struct error *err)
{
	const char *full = pki_folder_path(folder, path);

	if (errno == ELOOP)
		return error_set(err, "%s: it is a symbolic link, or behind one; secrets are not kept behind links: put the file itself there",
				 full);
	return error_errno(err, "%s", full);
}

int pki_folder_open(struct arena *a, const char *dir, struct pki_folder *out, struct error *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? error_set(err, "%s: there is no such folder: \"mkdl cluster init\" makes it", dir)
				       : error_errno(err, "%s", dir);
	*out = (struct pki_folder){.name = arena_strdup(a, dir), .fd = fd, .arena = a};
	return 0;
}

/* "NAME.tmp.PID", as file_write_atomic_at names what it has not finished. */
static bool is_leftover(const char *name)
{
	const char *at = strstr(name, ".tmp.");

	return at && at[5] && strspn(at + 5, "0123456789") == strlen(at + 5);
}

static void remove_leftovers(int dirfd, const char *path, unsigned depth)
{
	int fd = open_below(dirfd, path, O_RDONLY | O_DIRECTORY);
	_cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	for (struct dirent *e; dir && (e = readdir(dir));) {
		if (e->d_type == DT_DIR && e->d_name[0] != '.' && depth < DEPTH_LIMIT)
			remove_leftovers(fd, e->d_name, depth + 1);
		else if (is_leftover(e->d_name))
			unlinkat(fd, e->d_name, 0);
	}
}

int pki_folder_lock(struct arena *a, const char *dir, struct strings *said, struct pki_folder *out, struct error *err)
{
	_cleanup_folder_ struct pki_folder made = {0};
	struct stat is;

	if (dir_make_at(AT_FDCWD, dir, 0700, err) < 0 || pki_folder_open(a, dir, &made, err) < 0)
		return -1;
	made.said = said;
	if (mkdirat(made.fd, "pki", 0700) < 0 && errno != EEXIST)
		return error_errno(err, "%s/pki", dir);
	if (fstatat(made.fd, "pki", &is, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "%s/pki", dir);
	if (S_ISLNK(is.st_mode)) {
		errno = ELOOP;
		return open_error(&made, "pki", err);
	}
	if (!S_ISDIR(is.st_mode))
		return error_set(err, "%s/pki: it is not a folder", dir);
	if (is.st_mode & 077) {
		if (fchmodat(made.fd, "pki", 0700, 0) < 0)
			return error_errno(err, "%s/pki: others may read it, and it cannot be shut", dir);
		pki_folder_say(&made, "shut pki: others could read it; it is 0700 now");
	}
	if (fd_flock(made.fd, LOCK_EX) < 0)
		return error_errno(err, "%s: cannot be locked", dir);
	remove_leftovers(made.fd, "pki", 0);
	*out = made;
	made.arena = NULL;
	return 0;
}

static int shut(const struct pki_folder *folder, int fd, const char *path, struct error *err)
{
	struct stat is;

	if (fstat(fd, &is) < 0)
		return open_error(folder, path, err);
	if (!S_ISREG(is.st_mode))
		return error_set(err, "%s: it is not a file", pki_folder_path(folder, path));
	if (!(is.st_mode & 077))
		return 0;
	if (fchmod(fd, 0600) < 0)
		return error_errno(err, "%s: others may read it, and it cannot be shut", pki_folder_path(folder, path));
	pki_folder_say(folder, "shut %s: others could read it; it is 0600 now", path);
	return 0;
}

int pki_folder_read(const struct pki_folder *folder, const char *path, struct strbuf *out, bool *found, struct error *err)
{
	/* A fifo would not let us go. */
	_cleanup_close_ int fd = open_below(folder->fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	_cleanup_strbuf_ struct strbuf text = {0};
	char chunk[4096];
	ssize_t n;

	if (fd < 0 && errno == ENOENT && found) {
		*found = false;
		return 0;
	}
	if (fd < 0)
		return open_error(folder, path, err);
	if (shut(folder, fd, path, err) < 0)
		return -1;
	while ((n = fd_read(fd, chunk, sizeof(chunk))) > 0) {
		strbuf_add(&text, chunk, (size_t)n);
		if (text.len > FILE_LIMIT)
			return error_set(err, "%s: it is larger than %d bytes", pki_folder_path(folder, path), FILE_LIMIT);
	}
	if (n < 0)
		return open_error(folder, path, err);
	strbuf_add(out, text.data ? text.data : "", text.len);
	if (found)
		*found = true;
	return 0;
}

bool pki_folder_has(const struct pki_folder *folder, const char *path)
{
	_cleanup_close_ int fd = open_below(folder->fd, path, O_PATH);

	return fd >= 0 || errno == ELOOP;
}

/* The folder of path, made if need be, and path's last name. */
static int open_parent(const struct pki_folder *folder, const char *path, const char **base, struct error *err)
{
	_cleanup_close_ int at = open_below(folder->fd, ".", O_RDONLY | O_DIRECTORY);

	if (at < 0)
		return open_error(folder, path, err);
	for (const char *slash; (slash = strchr(path, '/')); path = slash + 1) {
		const char *name = arena_strndup(folder->arena, path, (size_t)(slash - path));
		int next;

		if (mkdirat(at, name, 0700) < 0 && errno != EEXIST)
			return open_error(folder, path, err);
		next = open_below(at, name, O_RDONLY | O_DIRECTORY);
		if (next < 0)
			return open_error(folder, path, err);
		close(at);
		at = next;
	}
	*base = path;
	return take_fd(&at);
}

int pki_folder_write(const struct pki_folder *folder, const char *path, const struct strbuf *text, struct error *err)
{
	const char *base = path;
	_cleanup_close_ int parent = open_parent(folder, path, &base, err);

	if (parent < 0)
		return -1;
	if (file_write_atomic_at(parent, base, text->data, text->len, 0600, err) < 0)
		return error_wrap(err, "%s", folder->name);
	return 0;
}
