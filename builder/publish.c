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

int publish(struct outputs *o, bool *changed, struct error *err)
{
	struct exchange out = {.place = OUTPUT_OUT}, image = {.place = OUTPUT_IMAGE};
	_cleanup_close_ int lock = -1;
	int r;

	/* Two builds may end at the same time; the second waits. */
	if (dir_make_at(AT_FDCWD, o->out, 0755, err) < 0)
		return -1;
	lock = open(o->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		return error_errno(err, "%s", o->out);
	r = publish_staged(o, &out, &image, changed, err);
	if (r < 0) {
		drop(&out);
		drop(&image);
		error_wrap(err, "publishing (what was there before is unchanged)");
	}
	return r;
}
