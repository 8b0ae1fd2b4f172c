#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

ssize_t fd_read(int fd, void *to, size_t n)
{
	ssize_t got;

	do
		got = read(fd, to, n);
	while (got < 0 && errno == EINTR);
	return got;
}

int fd_flock(int fd, int operation)
{
	while (flock(fd, operation) < 0)
		if (errno != EINTR)
			return -1;
	return 0;
}

int fd_write(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -1;
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

static int read_all(int fd, const char *path, size_t limit, struct strbuf *out, struct error *err)
{
	size_t start = out->len;
	char chunk[16384];
	ssize_t n;

	while ((n = fd_read(fd, chunk, sizeof(chunk))) > 0) {
		if (out->len - start + (size_t)n > limit)
			return error_set(err, "%s: larger than the limit of %zu bytes", path, limit);
		strbuf_add(out, chunk, (size_t)n);
	}
	return n < 0 ? error_errno(err, "%s", path) : 0;
}

int file_read_at(int dirfd, const char *path, size_t limit, struct strbuf *out, struct error *err)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	size_t start = out->len;

	if (fd < 0)
		return error_errno(err, "%s", path);
	strbuf_add(out, "", 0);
	if (read_all(fd, path, limit, out, err) == 0)
		return 0;
	out->len = start;
	out->data[start] = '\0';
	return -1;
}

int fd_write_all(int fd, const void *data, size_t n, const char *name, struct error *err)
{
	return fd_write(fd, data, n) < 0 ? error_errno(err, "%s", name) : 0;
}

int fd_copy(int from, int to, const char *name, uint64_t *copied, struct error *err)
{
	char chunk[65536];
	ssize_t n;

	while ((n = fd_read(from, chunk, sizeof(chunk))) > 0) {
		if (fd_write_all(to, chunk, (size_t)n, name, err) < 0)
			return -1;
		if (copied)
			*copied += (uint64_t)n;
	}
	return n < 0 ? error_errno(err, "%s", name) : 0;
}

/* Fill the temporary file and put it in place. The caller removes it when this fails. */
static int write_and_rename(int dirfd, const char *temporary, const char *path, const void *data, size_t n, mode_t mode,
			    struct error *err)
{
	_cleanup_close_ int fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd < 0)
		return error_errno(err, "%s", temporary);
	if (fd_write_all(fd, data, n, temporary, err) < 0)
		return -1;
	if (fchmod(fd, mode) < 0 || fsync(fd) < 0 || renameat(dirfd, temporary, dirfd, path) < 0)
		return error_errno(err, "%s", path);
	return 0;
}

int file_write_atomic_at(int dirfd, const char *path, const void *data, size_t n, mode_t mode, struct error *err)
{
	char temporary[4096];

	if (snprintf(temporary, sizeof(temporary), "%s.tmp.%ld", path, (long)getpid()) >= (int)sizeof(temporary))
		return error_set(err, "%s: name too long", path);
	if (write_and_rename(dirfd, temporary, path, data, n, mode, err) == 0)
		return 0;
	unlinkat(dirfd, temporary, 0);
	return -1;
}

int dir_make_at(int dirfd, const char *path, mode_t mode, struct error *err)
{
	char partial[4096];
	size_t len = strlen(path);

	if (len >= sizeof(partial))
		return error_set(err, "%s: name too long", path);
	memcpy(partial, path, len + 1);
	for (size_t i = 1; i <= len; i++) {
		if (partial[i] != '/' && partial[i] != '\0')
			continue;
		char keep = partial[i];

		partial[i] = '\0';
		if (mkdirat(dirfd, partial, mode) < 0 && errno != EEXIST)
			return error_errno(err, "%s", partial);
		partial[i] = keep;
	}
	return 0;
}

static int remove_contents(int dirfd, const char *path, struct error *err)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *e;

	if (fd < 0)
		return error_errno(err, "%s", path);
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return error_errno(err, "%s", path);
	}
	while ((e = readdir(dir))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (dir_remove_at(fd, e->d_name, err) < 0)
			return error_wrap(err, "%s", path);
	}
	return 0;
}

int dir_remove_at(int dirfd, const char *path, struct error *err)
{
	if (unlinkat(dirfd, path, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return error_errno(err, "%s", path);
	/* A folder unpacked from a package may lack the write bit that its own removal needs. */
	fchmodat(dirfd, path, 0700, 0);
	if (remove_contents(dirfd, path, err) < 0)
		return -1;
	if (unlinkat(dirfd, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_errno(err, "%s", path);
	return 0;
}
