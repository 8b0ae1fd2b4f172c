#include "cluster/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/flat.h"
#include "base/path.h"

#define SOURCE "source"
enum { FILE_LIMIT = 4 << 20, SOURCE_LIMIT = 16384 };

/* Secrets are below folders that only their owner may enter. */
static const struct {
	const char *path;
	mode_t mode;
} folders[] = {{"nodes", 0700}, {"profiles", 0755}, {"serve", 0700}};

/* One that is there already is shut; a link might lead secrets to where others read. */
static int make_folder(int dir, const char *name, size_t i, struct error *err)
{
	struct stat st;

	if (mkdirat(dir, folders[i].path, folders[i].mode) < 0 && errno != EEXIST)
		return error_errno(err, "%s/%s", name, folders[i].path);
	if (fstatat(dir, folders[i].path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "%s/%s", name, folders[i].path);
	if (!S_ISDIR(st.st_mode))
		return error_set(err, "%s/%s: it is not a folder", name, folders[i].path);
	if ((st.st_mode & 07777) != folders[i].mode && fchmodat(dir, folders[i].path, folders[i].mode, 0) < 0)
		return error_errno(err, "%s/%s: its mode cannot be %04o", name, folders[i].path, (unsigned)folders[i].mode);
	return 0;
}

/* What was cut off in the middle (file_write_atomic_at). */
static void remove_leftovers(int dir, const char *path, const char *begins)
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_closedir_ DIR *list = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!list && fd >= 0)
		close(fd);
	while (list && (e = readdir(list)))
		if (!strncmp(e->d_name, begins, strlen(begins)) && strstr(e->d_name, ".tmp."))
			unlinkat(fd, e->d_name, 0);
}

int folder_open(struct arena *a, const char *dir, struct strings *said, struct folder *out, struct error *err)
{
	_cleanup_free_ char *real = NULL;
	_cleanup_close_ int fd = -1, lock = -1;

	if (dir_make_at(AT_FDCWD, dir, 0700, err) < 0)
		return -1;
	real = realpath(dir, NULL);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!real || fd < 0)
		return error_errno(err, "%s", dir);
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (make_folder(fd, dir, i, err) < 0)
			return -1;
	/* Of DIR itself pki_init takes the lock. */
	lock = openat(fd, folders[0].path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (lock < 0 || fd_flock(lock, LOCK_EX) < 0)
		return error_errno(err, "%s: cannot be locked", dir);
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		remove_leftovers(fd, folders[i].path, "");
	remove_leftovers(fd, ".", SOURCE);
	*out = (struct folder){.arena = a, .name = arena_strdup(a, real), .fd = take_fd(&fd), .lock = take_fd(&lock), .said = said};
	return 0;
}

void folder_close(struct folder *f)
{
	close(f->lock);
	close(f->fd);
}

/* 0: not there; 1: there, other; 2: the same. */
static int compare(const struct folder *f, const char *path, const struct strbuf *text, unsigned mode)
{
	_cleanup_strbuf_ struct strbuf old = {0};
	_cleanup_error_ struct error ignored = {0};
	struct stat st;

	if (fstatat(f->fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (!S_ISREG(st.st_mode) || (st.st_mode & 07777) != mode || (size_t)st.st_size != text->len ||
	    file_read_at(f->fd, path, FILE_LIMIT, &old, &ignored) < 0)
		return 1;
	return old.len == text->len && !memcmp(old.data, text->data, old.len) ? 2 : 1;
}

int folder_write(struct folder *f, const char *path, const struct strbuf *text, unsigned mode, struct error *err)
{
	int before = compare(f, path, text, mode);

	if (before == 2)
		return 0;
	if (file_write_atomic_at(f->fd, path, text->data, text->len, mode, err) < 0)
		return error_wrap(err, "%s", f->name);
	strings_add(f->arena, f->said, arena_printf(f->arena, "%s %s", before ? "changed" : "made", path));
	return 0;
}

int folder_keep(struct folder *f, const char *path, const struct strings *keep, struct error *err)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int fd = openat(f->fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent *e;

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		error_errno(err, "%s/%s", f->name, path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while (errno = 0, (e = readdir(dir))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || strings_has(keep, e->d_name))
			continue;
		if (unlinkat(fd, e->d_name, 0) < 0)
			return error_errno(err, "%s/%s/%s cannot be removed", f->name, path, e->d_name);
		strings_add(f->arena, f->said, arena_printf(f->arena, "removed %s/%s", path, e->d_name));
	}
	return errno ? error_errno(err, "%s/%s", f->name, path) : 0;
}

int folder_source_read(struct arena *a, const char *dir, struct folder_source *out, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *path = path_join(a, dir, SOURCE);
	struct folder_source found = {0};
	struct flat flat;

	if (access(path, F_OK) < 0 && errno == ENOENT) {
		*out = found;
		return 0;
	}
	if (file_read_at(AT_FDCWD, path, SOURCE_LIMIT, &text, err) < 0 || flat_parse(a, path, text.data, text.len, &flat, err) < 0)
		return -1;
	for (size_t i = 0; i < flat.count; i++) {
		const struct flat_line *line = &flat.lines[i];

		if (line->count != 2 || line->words[1][0] != '/')
			return error_set(err, "%s:%u: expected a word and an absolute path", path, line->number);
		if (!strcmp(line->words[0], "file"))
			found.file = line->words[1];
		else if (!strcmp(line->words[0], "tftp"))
			found.tftp = line->words[1];
		else
			return error_set(err, "%s:%u: unknown record \"%s\"", path, line->number, line->words[0]);
	}
	*out = found;
	return 0;
}

int folder_source_write(struct folder *f, const struct folder_source *source, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	if (source->file)
		flat_add(&text, "file", source->file, NULL);
	flat_add(&text, "tftp", source->tftp, NULL);
	return folder_write(f, SOURCE, &text, 0644, err);
}
