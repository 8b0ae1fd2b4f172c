/* write_files, directories, links. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "node/agent/apply.h"

enum { CONTENT_TOTAL = 64 << 20 };

const char *apply_place(struct apply *a, const char *path)
{
	for (size_t i = 0; i < a->plan->state_count; i++) {
		if (!path_is_below(path, a->plan->states[i].path))
			continue;
		if (!strings_has(&a->late, path))
			strings_add(a->arena, &a->late, path);
		return path_join(a->arena, APPLY_LATE, path);
	}
	return path;
}

/* The same for what is appended, which is not copied over what is there. */
static const char *apply_place_more(struct apply *a, const char *path)
{
	struct strings late = a->late;
	const char *place = apply_place(a, path);

	a->late = late;
	return place;
}

int apply_content(struct apply *a, struct setting_content *c, struct error *err)
{
	if (cloud_content(a->arena, a->config, c, err) < 0)
		return place_wrap(err, c->at);
	a->total += c->size;
	if (a->total > CONTENT_TOTAL)
		return place_error(err, c->at, "contents of files add up to more than %d MiB", CONTENT_TOTAL >> 20);
	return 0;
}

/* What is there and must not be changed is found before anything is written. */
static int check_there(struct apply *a, const struct setting_file *f, struct error *err)
{
	struct stat st;
	bool there = root_stat(&a->root, f->path, &st);

	if (root_check_folders(&a->root, path_parent(a->arena, f->path), err) < 0)
		return place_wrap(err, f->at);
	if (!there)
		return 0;
	if (f->type == SETTING_DIR && !S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode))
		return place_error(err, f->at, "%s is there already, and no folder", f->path);
	if (f->type != SETTING_DIR && S_ISDIR(st.st_mode))
		return place_error(err, f->at, "%s is a folder of the image", f->path);
	if (f->keep && f->type == SETTING_FILE && !f->append && !f->no_content)
		return place_error(err, f->at, "%s is in the image already, and \"overwrite\" is not true", f->path);
	if (f->keep && f->type >= SETTING_LINK)
		return place_error(err, f->at, "%s is in the image already, and \"overwrite\" is not true", f->path);
	return 0;
}

int apply_files_prepare(struct apply *a, struct error *err)
{
	for (size_t i = 0; i < a->settings.file_count; i++) {
		struct setting_file *f = &a->settings.files[i];
		uid_t uid;
		gid_t gid;

		if (apply_owner(a, f->user, f->group, f->at, &uid, &gid, err) < 0 || check_there(a, f, err) < 0)
			return -1;
		if (f->type == SETTING_FILE && apply_content(a, &f->content, err) < 0)
			return -1;
	}
	return 0;
}

static int write_file(struct apply *a, const struct setting_file *f, const char *path, uid_t uid, gid_t gid,
		      struct error *err)
{
	const char *data = f->content.data, *known;
	size_t size = f->content.size, n = 0;
	mode_t mode = f->mode < 0 ? 0644 : (mode_t)f->mode;
	struct stat st;
	bool there = root_stat(&a->root, path, &st) && S_ISREG(st.st_mode);

	if (there && (f->append || f->no_content)) {
		if (root_read(&a->root, path, CLOUD_FILE_LIMIT, &known, &n, NULL, err) < 0)
			return -1;
		if (f->mode < 0)
			mode = st.st_mode & 07777;
		if (!f->user && !f->group) {
			uid = st.st_uid;
			gid = st.st_gid;
		}
		char *whole = arena_alloc(a->arena, n + size + 1);

		memcpy(whole, known, n);
		if (size)
			memcpy(whole + n, data, size);
		data = whole;
		size += n;
	}
	return root_write(&a->root, path, data ? data : "", size, mode, uid, gid, err);
}

/* Appended, once state is mounted, to what it holds then: by apply-commands.c. */
static int add_late(struct apply *a, const struct setting_file *f, const char *path, struct error *err)
{
	strings_add(a->arena, &a->late_more, f->path);
	return root_write(&a->root, arena_printf(a->arena, "%s.%zu", path, a->late_more.count),
			  f->content.data ? f->content.data : "", f->content.size, 0600, 0, 0, err);
}

int apply_files(struct apply *a, struct error *err)
{
	for (size_t i = 0; i < a->settings.file_count; i++) {
		const struct setting_file *f = &a->settings.files[i];
		const char *path = f->append ? apply_place_more(a, f->path) : apply_place(a, f->path);
		uid_t uid;
		gid_t gid;
		int status;

		if (apply_owner(a, f->user, f->group, f->at, &uid, &gid, err) < 0)
			return -1;
		if (f->type == SETTING_DIR)
			status = root_folder(&a->root, path, f->mode < 0 ? 0755 : (mode_t)f->mode, uid, gid, err);
		else if (f->type == SETTING_FILE && f->append && path != f->path)
			status = add_late(a, f, path, err);
		else if (f->type == SETTING_FILE)
			status = write_file(a, f, path, uid, gid, err);
		else
			status = root_link(&a->root, path, f->target, f->type == SETTING_HARD_LINK, uid, gid, err);
		if (status < 0)
			return place_wrap(err, f->at);
	}
	return 0;
}
