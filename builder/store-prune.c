/* How much the store holds, and taking away what was not used for long. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "builder/store-private.h"

enum { DAY = 24 * 60 * 60 };

/* Opens a folder for reading its names; *fd stays the DIR's. */
static DIR *open_dir(int parent, const char *name, int *fd)
{
	int opened = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = opened < 0 ? NULL : fdopendir(opened);

	if (!dir && opened >= 0)
		close(opened);
	*fd = opened;
	return dir;
}

/* The next name that is not "." or "..", or NULL. */
static const char *next_name(DIR *dir)
{
	const struct dirent *e;

	while ((e = readdir(dir)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			return e->d_name;
	return NULL;
}

static void measure(int parent, const char *name, uint64_t *bytes)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct stat st;
	int fd;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	*bytes += (uint64_t)st.st_blocks * 512;
	if (!S_ISDIR(st.st_mode))
		return;
	dir = open_dir(parent, name, &fd);
	for (const char *n; dir && (n = next_name(dir));)
		measure(fd, n, bytes);
}

/* Calls visit for each entry of a kind. Blobs lie one folder deeper than all the others. */
static int each_entry(struct store *s, const char *kind, int (*visit)(int parent, const char *name, void *data),
		      void *data)
{
	int fd, result = 0;
	_cleanup_closedir_ DIR *dir = open_dir(s->fd, kind, &fd);

	for (const char *name; dir && result == 0 && (name = next_name(dir));) {
		int inner_fd;
		_cleanup_closedir_ DIR *inner = NULL;

		if (strcmp(kind, "blob")) {
			result = visit(fd, name, data);
			continue;
		}
		inner = open_dir(fd, name, &inner_fd);
		for (const char *n; inner && result == 0 && (n = next_name(inner));)
			result = visit(inner_fd, n, data);
	}
	return result;
}

static int count_entry(int parent, const char *name, void *data)
{
	struct store_usage *u = data;

	u->entries++;
	measure(parent, name, &u->bytes);
	return 0;
}

static int compare_usage(const void *a, const void *b)
{
	return strcmp(((const struct store_usage *)a)->kind, ((const struct store_usage *)b)->kind);
}

int store_measure(struct store *s, struct arena *a, struct store_usage **out, size_t *count, struct error *err)
{
	struct store_usage *usage = NULL;
	size_t n = 0, cap = 0;
	int fd;
	_cleanup_closedir_ DIR *dir = open_dir(s->fd, ".", &fd);

	if (!dir)
		return error_errno(err, "the cache %s", s->path);
	for (const char *name; (name = next_name(dir));) {
		struct store_usage u = {.kind = arena_strdup(a, name)};
		struct stat st;

		/* Locks are empty files that only make noise here. */
		if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode) || !strcmp(name, "lock"))
			continue;
		each_entry(s, name, count_entry, &u);
		usage = arena_grow(a, usage, n, &cap, sizeof(*usage));
		usage[n++] = u;
	}
	if (n)
		qsort(usage, n, sizeof(*usage), compare_usage);
	*out = usage;
	*count = n;
	return 0;
}

struct pruning {
	time_t before; /* entries used earlier than this go */
	struct store_usage *removed;
	struct error *err;
};

static int prune_entry(int parent, const char *name, void *data)
{
	struct pruning *p = data;
	uint64_t bytes = 0;
	struct stat st;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_mtime > p->before)
		return 0;
	measure(parent, name, &bytes);
	if (dir_remove_at(parent, name, p->err) < 0)
		return -1;
	p->removed->entries++;
	p->removed->bytes += bytes;
	return 0;
}

/* Nobody holds a lock file while nobody else has the store open. They are not worth counting. */
static int prune_locks(struct store *s, const struct pruning *p)
{
	struct store_usage uncounted = {0};
	struct pruning quiet = {.before = p->before, .removed = &uncounted, .err = p->err};

	return each_entry(s, "lock", prune_entry, &quiet);
}

int store_prune(struct store *s, unsigned days, struct store_usage *removed, struct error *err)
{
	struct store_usage sum = {.kind = "removed"};
	struct pruning p = {.before = time(NULL) - (time_t)days * DAY, .removed = &sum, .err = err};
	struct store_usage *usage = NULL;
	struct arena a = {0};
	size_t count = 0;
	int result;

	/* Every build holds the shared lock for as long as it has the store open; new ones wait in store_open. */
	if (flock(s->in_use, LOCK_EX | LOCK_NB) < 0)
		return error_set(err, "a build is using the cache %s; prune it when that has finished", s->path);
	result = store_measure(s, &a, &usage, &count, err);
	for (size_t i = 0; result == 0 && i < count; i++)
		if (strcmp(usage[i].kind, "tmp"))
			result = each_entry(s, usage[i].kind, prune_entry, &p);
	if (result == 0)
		result = prune_locks(s, &p);
	arena_free(&a);
	fd_flock(s->in_use, LOCK_SH);
	if (result < 0)
		return error_wrap(err, "the cache %s", s->path);
	*removed = sum;
	return 0;
}
