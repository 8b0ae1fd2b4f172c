/* The store's derived results, adopted folders and locks. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "builder/store-private.h"

enum { RESULT_NAME_SIZE = 32 + 1 + HASH_HEX_SIZE, RESULT_LIMIT = 256 * 1024 * 1024, PAGE = 4096 };

static void result_name(const char *kind, const struct hash *key, char name[static RESULT_NAME_SIZE])
{
	char hex[HASH_HEX_SIZE];

	snprintf(name, RESULT_NAME_SIZE, "%.31s/%s", kind, hash_hex(key, hex));
}

int store_open_result(struct store *s, const char *kind, const struct hash *key)
{
	char name[RESULT_NAME_SIZE];
	_cleanup_close_ int fd = -1;
	struct stat st;

	result_name(kind, key, name);
	fd = openat(s->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (st.st_size == 0) {
		errno = ENOENT;
		return -1;
	}
	store_used(s, name, &st);
	return take_fd(&fd);
}

int store_get_result(struct store *s, const char *kind, const struct hash *key, struct strbuf *out, struct error *err)
{
	char name[RESULT_NAME_SIZE];
	_cleanup_close_ int fd = store_open_result(s, kind, key);

	result_name(kind, key, name);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return error_errno(err, "%s/%s", s->path, name);
	if (file_read_at(s->fd, name, RESULT_LIMIT, out, err) < 0)
		return error_wrap(err, "the cache %s", s->path);
	return 1;
}

int store_put_result(struct store *s, const char *kind, const struct hash *key, const void *data, size_t n, struct error *err)
{
	char name[RESULT_NAME_SIZE];
	struct store_blob b;

	if (store_blob_begin(s, &b, err) < 0)
		return -1;
	if (store_write(s, b.fd, data, n, err) < 0) {
		store_blob_drop(s, &b);
		return -1;
	}
	result_name(kind, key, name);
	/* A file of one page is there whole or empty after a power cut; a longer one may be cut. */
	return store_publish(s, &b, name, n > PAGE, err);
}

int store_adopt_result(struct store *s, const char *kind, const struct hash *key, struct store_blob *b, struct error *err)
{
	char name[RESULT_NAME_SIZE];

	result_name(kind, key, name);
	return store_publish(s, b, name, true, err);
}

void store_drop_result(struct store *s, const char *kind, const struct hash *key)
{
	char name[RESULT_NAME_SIZE];

	result_name(kind, key, name);
	unlinkat(s->fd, name, 0);
}

int store_make_dir(struct store *s, struct arena *a, const char **path, struct error *err)
{
	char name[64], relative[80];

	store_temporary(s, name);
	snprintf(relative, sizeof(relative), "tmp/%s", name);
	if (mkdirat(s->fd, relative, 0755) < 0)
		return store_failed(s, err);
	*path = arena_printf(a, "%s/%s", s->path, relative);
	return 0;
}

int store_adopt_dir(struct store *s, const char *path, const char *relative, struct error *err)
{
	const char *slash = strrchr(relative, '/');
	char folder[256];

	if (slash) {
		if (snprintf(folder, sizeof(folder), "%.*s", (int)(slash - relative), relative) >= (int)sizeof(folder))
			return error_set(err, "%s: name too long", relative);
		if (dir_make_at(s->fd, folder, 0755, err) < 0)
			return error_wrap(err, "the cache %s", s->path);
	}
	if (renameat(AT_FDCWD, path, s->fd, relative) == 0)
		return 0;
	if (errno != EEXIST && errno != ENOTEMPTY)
		return error_errno(err, "%s: cannot rename it to %s", path, relative);
	/* Somebody else made it meanwhile: equal names hold equal things. */
	return dir_remove_at(AT_FDCWD, path, err);
}

bool store_use_dir(struct store *s, const char *relative)
{
	struct stat st;

	if (fstatat(s->fd, relative, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		return false;
	store_used(s, relative, &st);
	return true;
}

int store_lock(struct store *s, const char *name, struct error *err)
{
	_cleanup_close_ int fd = -1;
	char path[256];

	if (strchr(name, '/') || snprintf(path, sizeof(path), "lock/%s", name) >= (int)sizeof(path))
		return error_set(err, "%s: not a name for a lock", name);
	fd = openat(s->fd, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return store_failed(s, err);
	if (fd_flock(fd, LOCK_EX) < 0)
		return error_errno(err, "%s/%s: cannot lock it", s->path, path);
	return take_fd(&fd);
}
