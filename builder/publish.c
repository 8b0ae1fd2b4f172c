#include "builder/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "builder/hooks.h"
#include "builder/publish-private.h"

static bool has_content(int dir, const struct output_file *f)
{
	_cleanup_close_ int fd = openat(dir, f->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_error_ struct error ignored = {0};
	struct hash hash;

	return fd >= 0 && hash_fd(fd, f->path, &hash, &ignored) == 0 && hash_equal(&hash, &f->blob);
}

/* Does the folder hold this file already? Large ones stand in folders that appear only when whole: their size is
 * enough. */
static bool is_current(int dir, const struct output_file *f)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error ignored = {0};
	struct stat st;

	if (fstatat(dir, f->path, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size != f->size)
		return false;
	/* A boot loader of another version may have the same size. */
	if (f->content == OUTPUT_BLOB && f->place == OUTPUT_ROOT)
		return has_content(dir, f);
	if (f->content != OUTPUT_TEXT)
		return true;
	return file_read_at(dir, f->path, f->size + 1, &text, &ignored) == 0 && !memcmp(text.data, f->text, f->size);
}

static bool place_is_current(const struct outputs *o, enum output_place place, const char *folder)
{
	_cleanup_close_ int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < o->count; i++)
		if (o->files[i].place == place && (dir < 0 || !is_current(dir, &o->files[i])))
			return false;
	return true;
}

/* Folders that are replaced as a whole: made under a hidden name beside their place. */
struct exchange {
	enum output_place place;
	const char *final, *staged; /* paths */
	bool pending;
};

static int stage(struct outputs *o, struct exchange *x, const char *parent, const char *name, struct error *err)
{
	struct arena *a = o->build->arena;

	x->final = path_join(a, parent, name);
	x->staged = arena_printf(a, "%s/.%s.new", parent, name);
	if (dir_remove_at(AT_FDCWD, x->staged, err) < 0)
		return -1;
	if (place_is_current(o, x->place, x->final))
		return 0;
	x->pending = true;
	if (dir_make_at(AT_FDCWD, x->staged, 0755, err) < 0 || publish_write_files(o, x->place, x->staged, err) < 0)
		return -1;
	if (x->place == OUTPUT_OUT && image_hooks_run(o->build, x->staged, err) < 0)
		return -1;
	return publish_sync(x->staged, err);
}

/* The staged folder takes its place; what was there is then under the staged name, and goes. */
static int swap(struct exchange *x, struct error *err)
{
	if (!x->pending)
		return 0;
	if (renameat2(AT_FDCWD, x->staged, AT_FDCWD, x->final, RENAME_EXCHANGE) < 0) {
		/* Nothing there yet; or a file system that cannot exchange, where a moment without the folder has to
		 * do. */
		if (errno != ENOENT && errno != EINVAL && errno != ENOSYS)
			return error_errno(err, "%s", x->final);
		if (errno != ENOENT && dir_remove_at(AT_FDCWD, x->final, err) < 0)
			return -1;
		if (rename(x->staged, x->final) < 0)
			return error_errno(err, "%s", x->final);
	}
	x->pending = false;
	return dir_remove_at(AT_FDCWD, x->staged, err);
}

static void drop(struct exchange *x)
{
	_cleanup_error_ struct error ignored = {0};

	if (x->staged)
		dir_remove_at(AT_FDCWD, x->staged, &ignored);
}

static int publish_out(struct outputs *o, struct exchange *x, struct error *err)
{
	if (dir_make_at(AT_FDCWD, o->out, 0755, err) < 0)
		return -1;
	return stage(o, x, o->out, o->build->profile.name, err);
}

static int publish_image(struct outputs *o, struct exchange *x, struct error *err)
{
	const char *parent;

	if (!o->tftp)
		return 0;
	parent = path_join(o->build->arena, o->tftp, o->build->profile.name);
	if (dir_make_at(AT_FDCWD, parent, 0755, err) < 0)
		return -1;
	return stage(o, x, parent, o->build->initramfs.id, err);
}

static int publish_staged(struct outputs *o, struct exchange *out, struct exchange *image, bool *changed,
			  struct error *err)
{
	const char *before = NULL;

	if (publish_image(o, image, err) < 0 || publish_out(o, out, err) < 0)
		return -1;
	*changed = out->pending || image->pending;
	if (o->tftp)
		before = publish_previous(o);
	if (swap(image, err) < 0 || swap(out, err) < 0)
		return -1;
	if (!o->tftp)
		return 0;
	if (publish_root_files(o, is_current, changed, err) < 0)
		return -1;
	return publish_remove_old(o, before, err);
}

/* A folder that is there from now on, locked: of two builds that end at the same time, the second waits. File systems
 * that cannot lock a folder (NFS) do without. */
static int open_place(const char *path, bool lock, struct stat *st, struct error *err)
{
	_cleanup_close_ int fd = -1;

	if (dir_make_at(AT_FDCWD, path, 0755, err) < 0)
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, st) < 0)
		return error_errno(err, "%s", path);
	if (lock)
		fd_flock(fd, LOCK_EX);
	return take_fd(&fd);
}

static bool same_folder(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* OUT/NAME is replaced as a whole, so the TFTP root must not be it, nor lie in it; and in a folder that is both OUT and
 * TFTP root the two NAMEs would be one. Compared as folders, whatever links lead there. */
static int check_apart(const struct outputs *o, int tftp, const struct stat *out, struct error *err)
{
	const char *name = o->build->profile.name, *own = path_join(o->build->arena, o->out, name);
	_cleanup_close_ int at = openat(tftp, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st, above, mine;
	bool have = stat(own, &mine) == 0;

	if (at < 0 || fstat(at, &st) < 0)
		return error_errno(err, "%s", o->tftp);
	if (same_folder(&st, out))
		return error_set(err, "%s is to hold the outputs and to be the TFTP root, and both keep a folder "
				      "\"%s\" there; choose another with --out or --tftp", o->tftp, name);
	for (;;) {
		_cleanup_close_ int up = -1;

		if (have && same_folder(&st, &mine))
			return error_set(err, "the TFTP root %s lies in %s, which every build replaces; choose another "
					      "with --tftp", o->tftp, own);
		up = openat(at, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		/* Up to the root, or to where we may not look. */
		if (up < 0 || fstat(up, &above) < 0 || same_folder(&st, &above))
			return 0;
		close(at);
		at = take_fd(&up);
		st = above;
	}
}

int publish(struct outputs *o, bool *changed, struct error *err)
{
	struct exchange out = {.place = OUTPUT_OUT}, image = {.place = OUTPUT_IMAGE};
	_cleanup_close_ int out_fd = -1, tftp_fd = -1;
	struct stat out_stat, tftp_stat;
	int r = 0;

	/* Everybody locks OUT before the TFTP root. */
	out_fd = open_place(o->out, true, &out_stat, err);
	if (out_fd < 0)
		return error_wrap(err, "publishing (what was there before is unchanged)");
	if (o->tftp) {
		tftp_fd = open_place(o->tftp, false, &tftp_stat, err);
		r = tftp_fd < 0 ? -1 : check_apart(o, tftp_fd, &out_stat, err);
		if (r == 0)
			fd_flock(tftp_fd, LOCK_EX);
	}
	if (r == 0)
		r = publish_staged(o, &out, &image, changed, err);
	if (r < 0) {
		drop(&out);
		drop(&image);
		error_wrap(err, "publishing (what was there before is unchanged)");
	}
	return r;
}
