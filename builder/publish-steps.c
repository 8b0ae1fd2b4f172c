#include "builder/publish-private.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"

enum { ID_DIGITS = 16 };

static int write_content(struct outputs *o, const struct output_file *f, int fd, const char *name, struct error *err)
{
	_cleanup_close_ int from = -1;
	uint64_t copied = 0;
	struct hash hash;

	switch (f->content) {
	case OUTPUT_TEXT:
		return fd_write_all(fd, f->text, f->size, name, err);
	case OUTPUT_INITRAMFS:
		return initramfs_write(o->build, fd, name, err);
	case OUTPUT_BLOB:
		break;
	}
	if (store_open_blob(&o->build->store, &f->blob, &from, err) < 0 ||
	    hash_copy(from, fd, name, &hash, &copied, err) < 0)
		return -1;
	if (copied == f->size && hash_equal(&hash, &f->blob))
		return 0;
	return error_set(err, "%s: the cache holds damaged contents for it: remove %s", f->path,
			 store_blob_path(&o->build->store, o->build->arena, &f->blob));
}

/* Written, made readable whatever the umask, synced. */
static int write_file(struct outputs *o, const struct output_file *f, const char *path, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0)
		return error_errno(err, "%s", path);
	if (write_content(o, f, fd, path, err) < 0)
		return -1;
	return fchmod(fd, 0644) < 0 || fsync(fd) < 0 ? error_errno(err, "%s", path) : 0;
}

int publish_write_files(struct outputs *o, enum output_place place, const char *dir, struct error *err)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->files[i].place == place &&
		    write_file(o, &o->files[i], path_join(o->build->arena, dir, o->files[i].path), err) < 0)
			return -1;
	return 0;
}

int publish_sync(const char *dir, struct error *err)
{
	_cleanup_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? error_errno(err, "%s", dir) : 0;
}

int publish_root_files(struct outputs *o, bool (*current)(int dir, const struct output_file *f), bool *changed,
		       struct error *err)
{
	struct arena *a = o->build->arena;
	_cleanup_close_ int dir = open(o->tftp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return error_errno(err, "%s", o->tftp);
	for (size_t i = 0; i < o->count; i++) {
		const struct output_file *f = &o->files[i];
		const char *path = path_join(a, o->tftp, f->path), *folder = path_parent(a, path);
		/* Always the same name: what a killed build left there is used up by the next. */
		const char *temporary = arena_printf(a, "%s/.%s.new", folder, path_base(path));

		if (f->place != OUTPUT_ROOT || current(dir, f))
			continue;
		*changed = true;
		if (dir_make_at(AT_FDCWD, folder, 0755, err) < 0)
			return -1;
		if (write_file(o, f, temporary, err) < 0) {
			unlink(temporary);
			return -1;
		}
		if (rename(temporary, path) < 0)
			return error_errno(err, "%s", path);
	}
	return *changed ? publish_sync(o->tftp, err) : 0;
}

const char *publish_previous(struct outputs *o)
{
	const char *name = o->build->profile.name, *head = arena_printf(o->build->arena, "#!ipxe\n# mkdl %s ", name);
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error ignored = {0};

	if (file_read_at(AT_FDCWD, arena_printf(o->build->arena, "%s/%s.ipxe", o->tftp, name), 1 << 16, &text,
			 &ignored) < 0 ||
	    strncmp(text.data, head, strlen(head)) != 0)
		return NULL;
	return arena_strndup(o->build->arena, text.data + strlen(head), ID_DIGITS);
}

/* Folders of images, whole or, with a dot in front, unfinished. Whatever else people keep there stays. */
static bool is_image_folder(const char *name)
{
	size_t dot = *name == '.';
	size_t n = strspn(name + dot, "0123456789abcdef");

	return n == ID_DIGITS && (dot ? !strcmp(name + 1 + n, ".new") : !name[n]);
}

int publish_remove_old(struct outputs *o, const char *previous, struct error *err)
{
	const char *path = path_join(o->build->arena, o->tftp, o->build->profile.name);
	_cleanup_closedir_ DIR *dir = opendir(path);
	struct dirent *e;

	if (!dir)
		return error_errno(err, "%s", path);
	/* When nothing changed the image before is not known any more: leave things as they are. */
	if (previous && !strcmp(previous, o->build->initramfs.id))
		return 0;
	while ((e = readdir(dir)))
		if (is_image_folder(e->d_name) && strcmp(e->d_name, o->build->initramfs.id) != 0 &&
		    (!previous || strcmp(e->d_name, previous) != 0) && dir_remove_at(dirfd(dir), e->d_name, err) < 0)
			return error_wrap(err, "%s", path);
	return 0;
}
