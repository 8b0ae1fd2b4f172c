#include "builder/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "builder/store-private.h"
#include "builder/tree.h"

enum { DAY = 24 * 60 * 60, BLOB_NAME_SIZE = 5 + 2 + 1 + 62 + 1 };

/* Where the store is. Relative paths in XDG_CACHE_HOME are invalid and ignored (XDG Base Directory Specification). */
static int choose_path(struct arena *a, const char **out, struct error *err)
{
	const char *own = getenv("MKDL_CACHE"), *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (own && *own)
		*out = own;
	else if (xdg && *xdg == '/')
		*out = arena_printf(a, "%s/mkdl", xdg);
	else if (home && *home)
		*out = arena_printf(a, "%s/.cache/mkdl", home);
	else
		return error_set(err, "no place for the cache: set MKDL_CACHE, XDG_CACHE_HOME or HOME");
	return 0;
}

int store_failed(const struct store *s, struct error *err)
{
	int saved = errno;

	error_errno(err, "cannot write to the cache %s", s->path);
	if (saved == ENOSPC || saved == EDQUOT)
		error_set(err, "%s; free some space (\"mkdl cache prune\") or set MKDL_CACHE to a folder with more of it",
			  error_text(err));
	return -1;
}

/* Removes the folders of processes that are gone: nobody holds their lock. */
static void sweep(int tmp)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int again = openat(tmp, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *e;

	if (again < 0)
		return;
	dir = fdopendir(again);
	if (!dir) {
		close(again);
		return;
	}
	while ((e = readdir(dir))) {
		_cleanup_error_ struct error ignored = {0};
		_cleanup_close_ int fd = -1;

		if (e->d_name[0] == '.')
			continue;
		fd = openat(tmp, e->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			dir_remove_at(tmp, e->d_name, &ignored);
	}
}

/* Our own folder below tmp/. The lock is what tells others that we live; between mkdir and flock another process may
 * sweep it, so look whether it is still there and try again if not. */
static int open_session(struct store *s, int tmp, struct error *err)
{
	for (int tries = 0; tries < 100; tries++) {
		_cleanup_close_ int fd = -1;
		struct stat st;
		uint32_t random;

		if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
			random = (uint32_t)tries;
		snprintf(s->session_name, sizeof(s->session_name), "%ld-%08x", (long)getpid(), random);
		if (mkdirat(tmp, s->session_name, 0700) < 0) {
			if (errno == EEXIST)
				continue;
			return store_failed(s, err);
		}
		fd = openat(tmp, s->session_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 || fd_flock(fd, LOCK_SH) < 0 || fstat(fd, &st) < 0 || st.st_nlink == 0)
			continue;
		if (fstatat(tmp, s->session_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		s->session = take_fd(&fd);
		return 0;
	}
	return error_set(err, "cannot make a folder in %s/tmp", s->path);
}

int store_open(struct store *s, struct arena *a, struct error *err)
{
	static const char *const folders[] = {"blob", "tmp", "lock", "partial", "apt", "modules", "log"};
	struct store store = {.in_use = -1, .session = -1};
	_cleanup_close_ int fd = -1, in_use = -1, tmp = -1;
	const char *path = NULL;
	char real[PATH_MAX];

	if (choose_path(a, &path, err) < 0)
		return -1;
	if (dir_make_at(AT_FDCWD, path, 0700, err) < 0)
		return error_wrap(err, "the cache %s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || !realpath(path, real))
		return error_errno(err, "the cache %s", path);
	store.path = arena_strdup(a, real);
	store.fd = fd;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (mkdirat(fd, folders[i], 0755) < 0 && errno != EEXIST)
			return store_failed(&store, err);
	in_use = openat(fd, "in-use", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (in_use < 0 || fd_flock(in_use, LOCK_SH) < 0)
		return store_failed(&store, err);
	tmp = openat(fd, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tmp < 0)
		return error_errno(err, "%s/tmp", store.path);
	sweep(tmp);
	if (open_session(&store, tmp, err) < 0)
		return -1;
	store.in_use = take_fd(&in_use);
	store.fd = take_fd(&fd);
	*s = store;
	return 0;
}

void store_close(struct store *s)
{
	_cleanup_error_ struct error ignored = {0};
	char name[64];

	if (!s->path)
		return;
	snprintf(name, sizeof(name), "tmp/%s", s->session_name);
	dir_remove_at(s->fd, name, &ignored);
	close(s->session);
	close(s->in_use);
	close(s->fd);
	*s = (struct store){.fd = -1, .in_use = -1, .session = -1};
}

void store_temporary(const struct store *s, char name[static 64])
{
	static atomic_uint counter;

	snprintf(name, 64, "%s/%u", s->session_name, atomic_fetch_add(&counter, 1));
}

int store_blob_begin(struct store *s, struct store_blob *b, struct error *err)
{
	struct store_blob blob;
	char path[80];

	store_temporary(s, blob.name);
	snprintf(path, sizeof(path), "tmp/%s", blob.name);
	blob.fd = openat(s->fd, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (blob.fd < 0)
		return store_failed(s, err);
	*b = blob;
	return 0;
}

void store_blob_drop(struct store *s, struct store_blob *b)
{
	char path[80];

	if (b->fd < 0)
		return;
	close(b->fd);
	b->fd = -1;
	snprintf(path, sizeof(path), "tmp/%s", b->name);
	unlinkat(s->fd, path, 0);
}

/* rename(2) within the store, making the folder of the new name ("KIND" or "blob/ab") when it is not there yet. */
static int rename_into(struct store *s, const char *from, const char *to, struct error *err)
{
	const char *slash = strrchr(to, '/');
	char folder[80];

	snprintf(folder, sizeof(folder), "%.*s", (int)(slash - to), to);
	if (renameat(s->fd, from, s->fd, to) == 0)
		return 0;
	if (errno != ENOENT || (mkdirat(s->fd, folder, 0755) < 0 && errno != EEXIST) ||
	    renameat(s->fd, from, s->fd, to) < 0)
		return store_failed(s, err);
	return 0;
}

int store_publish(struct store *s, struct store_blob *b, const char *path, bool sync, struct error *err)
{
	char temporary[80];

	snprintf(temporary, sizeof(temporary), "tmp/%s", b->name);
	if (fchmod(b->fd, 0444) < 0 || (sync && fdatasync(b->fd) < 0)) {
		store_failed(s, err);
		store_blob_drop(s, b);
		return -1;
	}
	if (rename_into(s, temporary, path, err) < 0) {
		store_blob_drop(s, b);
		return -1;
	}
	close(b->fd);
	b->fd = -1;
	return 0;
}

static void blob_name(const struct hash *h, char name[static BLOB_NAME_SIZE])
{
	char hex[HASH_HEX_SIZE];

	hash_hex(h, hex);
	snprintf(name, BLOB_NAME_SIZE, "blob/%.2s/%s", hex, hex + 2);
}

int store_blob_end(struct store *s, struct store_blob *b, const struct hash *h, struct error *err)
{
	char name[BLOB_NAME_SIZE];

	if (store_has_blob(s, h)) {
		struct stat st;

		/* The same content; what is there stays, unless a power cut left it short. */
		if (fstat(b->fd, &st) == 0 && store_has_blob_of(s, h, (uint64_t)st.st_size)) {
			store_blob_drop(s, b);
			return 0;
		}
	}
	blob_name(h, name);
	return store_publish(s, b, name, false, err);
}

int store_name_blob(struct store *s, const char *from, const struct hash *h, struct error *err)
{
	char name[BLOB_NAME_SIZE];

	blob_name(h, name);
	return rename_into(s, from, name, err);
}

int store_put(struct store *s, const void *data, size_t n, struct hash *out, struct error *err)
{
	struct hash h = hash_bytes(data, n);
	struct store_blob b;

	if (!store_has_blob_of(s, &h, n)) {
		if (store_blob_begin(s, &b, err) < 0)
			return -1;
		if (store_write(s, b.fd, data, n, err) < 0) {
			store_blob_drop(s, &b);
			return -1;
		}
		if (store_blob_end(s, &b, &h, err) < 0)
			return -1;
	}
	*out = h;
	return 0;
}

int store_write(const struct store *s, int fd, const void *data, size_t n, struct error *err)
{
	return fd_write(fd, data, n) < 0 ? store_failed(s, err) : 0;
}

static int copy_hashed(struct store *s, int from, int to, const char *name, struct hash *out, uint64_t *size,
		       struct error *err)
{
	struct hasher hasher;
	char chunk[65536];
	uint64_t total = 0;
	int result = 0;
	ssize_t n;

	hash_begin(&hasher);
	while (result == 0 && (n = fd_read(from, chunk, sizeof(chunk))) != 0) {
		if (n < 0) {
			result = error_errno(err, "%s", name);
			break;
		}
		hash_add(&hasher, chunk, (size_t)n);
		total += (uint64_t)n;
		result = store_write(s, to, chunk, (size_t)n, err);
	}
	if (result < 0) {
		hash_drop(&hasher);
		return -1;
	}
	*out = hash_end(&hasher);
	*size = total;
	return 0;
}

int store_put_fd(struct store *s, int fd, const char *name, struct hash *out, uint64_t *size, struct error *err)
{
	struct store_blob b;
	struct hash h;
	uint64_t total;

	if (store_blob_begin(s, &b, err) < 0)
		return -1;
	if (copy_hashed(s, fd, b.fd, name, &h, &total, err) < 0) {
		store_blob_drop(s, &b);
		return -1;
	}
	if (store_blob_end(s, &b, &h, err) < 0)
		return -1;
	*out = h;
	if (size)
		*size = total;
	return 0;
}

void store_used(const struct store *s, const char *path, const struct stat *st)
{
	static const struct timespec now[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};

	if (st->st_mtime + DAY < time(NULL))
		utimensat(s->fd, path, now, 0);
}

/* Size of a blob, or -1. An empty file counts only as the blob of nothing. */
static int64_t blob_size(struct store *s, const struct hash *h)
{
	char name[BLOB_NAME_SIZE];
	struct stat st;

	blob_name(h, name);
	if (fstatat(s->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return -1;
	if (st.st_size == 0) {
		struct hash nothing = hash_bytes("", 0);

		if (!hash_equal(h, &nothing))
			return -1;
	}
	store_used(s, name, &st);
	return st.st_size;
}

bool store_has_blob(struct store *s, const struct hash *h)
{
	return blob_size(s, h) >= 0;
}

bool store_has_blob_of(struct store *s, const struct hash *h, uint64_t size)
{
	int64_t have = blob_size(s, h);

	return have >= 0 && (uint64_t)have == size;
}

bool store_has_files(struct store *s, const struct tree *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->nodes[i].type == NODE_FILE && !store_has_blob_of(s, &t->nodes[i].content, t->nodes[i].size))
			return false;
	return true;
}

int store_open_blob(struct store *s, const struct hash *h, int *fd, struct error *err)
{
	char name[BLOB_NAME_SIZE];
	int opened;

	blob_name(h, name);
	opened = store_has_blob(s, h) ? openat(s->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1;
	if (opened < 0)
		return error_set(err, "%s/%s: not in the cache any more; build again", s->path, name);
	*fd = opened;
	return 0;
}

const char *store_blob_path(struct store *s, struct arena *a, const struct hash *h)
{
	char name[BLOB_NAME_SIZE];

	blob_name(h, name);
	return arena_printf(a, "%s/%s", s->path, name);
}

int store_read_blob(struct store *s, const struct hash *h, size_t limit, struct strbuf *out, struct error *err)
{
	char name[BLOB_NAME_SIZE];

	blob_name(h, name);
	if (!store_has_blob(s, h))
		return error_set(err, "%s/%s: not in the cache any more; build again", s->path, name);
	return file_read_at(s->fd, name, limit, out, err);
}
