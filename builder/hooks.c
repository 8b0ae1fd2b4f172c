#include "builder/hooks.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "builder/overlay.h"
#include "builder/progress.h"
#include "builder/run-program.h"

/* folder: the variable that names dir to the hook. */
static int run_hook(struct build *b, const char *path, const char *folder, const char *dir, int input, struct error *err)
{
	_cleanup_free_ char *real = realpath(dir, NULL);
	const char *extra[] = {
		arena_printf(b->arena, "MKDL_PROFILE=%s", b->profile.name),
		arena_printf(b->arena, "MKDL_KERNEL=%s", b->kernel_version),
		arena_printf(b->arena, "%s=%s", folder, real ? real : dir),
		"SOURCE_DATE_EPOCH=0",
		NULL,
	};
	const char *const argv[] = {path, NULL};
	_cleanup_strbuf_ struct strbuf log = {0};
	struct program p = {
		.argv = argv,
		.env = program_environment(b->arena, extra),
		.directory = dir,
		.in_fd = input,
		.out = &log,
		.err = &log,
	};
	struct progress_step *step = progress_begin(b->progress, "hook", path_base(path), 0);
	int r = run_program(&p, NULL, err);

	if (r < 0)
		progress_drop(step);
	else
		progress_end(step, NULL);
	if (r == 0 && log.len)
		progress_say(b->progress, 0, "%s", text_tail(b->arena, log.data, log.len, 20));
	return r < 0 ? error_wrap(err, "hook") : 0;
}

/* A descriptor from which the text can be read; run_program knows only descriptors. */
static int text_fd(const struct strbuf *text, struct error *err)
{
	_cleanup_close_ int fd = memfd_create("listing", MFD_CLOEXEC);

	if (fd < 0)
		return error_errno(err, "memfd");
	if (fd_write_all(fd, text->data, text->len, "listing", err) < 0)
		return -1;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_errno(err, "memfd");
	return take_fd(&fd);
}

static int hash_file(const char *path, struct hash *out, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? error_errno(err, "%s", path) : hash_fd(fd, path, out, err);
}

/* Run the hook in a folder of its own and read what it left there. */
static int run_tree_hook(struct build *b, const char *path, const char *origin, const struct strbuf *listing,
			 struct tree *out, struct error *err)
{
	_cleanup_error_ struct error ignored = {0};
	_cleanup_close_ int input = text_fd(listing, err);
	const char *dir;
	int r;

	if (input < 0 || store_make_dir(&b->store, b->arena, &dir, err) < 0)
		return -1;
	r = run_hook(b, path, "MKDL_ADD", dir, input, err) < 0 || folder_read(b, dir, origin, out, err) < 0 ? -1 : 0;
	dir_remove_at(AT_FDCWD, dir, &ignored);
	return r;
}

/* What the hook left the last time: 1 with the nodes in out, 0 when it has to run, -1. */
static int remembered(struct build *b, const struct hash *key, const char *origin, struct tree *out, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error damaged = {0};
	int found = store_get_result(&b->store, "hook", key, &text, err);

	if (found <= 0)
		return found;
	if (tree_read(out, "hook", text.data, text.len, &damaged) < 0 || !store_has_files(&b->store, out))
		return 0;
	for (size_t i = 0; i < out->count; i++) {
		struct node *n = &out->nodes[i];

		n->origin = n->reason = origin;
		n->layer = LAYER_SITE;
	}
	return 1;
}

static int tree_hook(struct build *b, const char *name, const char *path, struct error *err)
{
	const char *origin = arena_printf(b->arena, "hook %s", name);
	_cleanup_strbuf_ struct strbuf listing = {0}, result = {0};
	struct tree added = {.arena = b->arena};
	struct hasher h;
	struct hash key;
	int found;

	if (hash_file(path, &key, err) < 0)
		return -1;
	strbuf_add(&listing, "", 0);
	tree_write(&b->tree, &listing);
	hash_begin(&h);
	hash_add(&h, key.bytes, HASH_SIZE);
	hash_add_string(&h, b->profile.name);
	hash_add_string(&h, b->kernel_version);
	hash_add_string(&h, listing.data);
	key = hash_end(&h);
	found = remembered(b, &key, origin, &added, err);
	if (found < 0)
		return -1;
	if (!found) {
		added = (struct tree){.arena = b->arena};
		if (run_tree_hook(b, path, origin, &listing, &added, err) < 0)
			return -1;
		strbuf_puts(&result, "# hook\n");
		tree_write(&added, &result);
		if (store_put_result(&b->store, "hook", &key, result.data, result.len, err) < 0)
			return -1;
	}
	overlay_nodes(b, &added);
	return 0;
}

int tree_hooks_run(struct build *b, struct error *err)
{
	const struct profile *p = &b->profile;

	for (size_t i = 0; i < p->tree_hook_paths.count; i++)
		if (tree_hook(b, p->tree_hooks.items[i], p->tree_hook_paths.items[i], err) < 0)
			return -1;
	return 0;
}

int image_hooks_run(struct build *b, const char *dir, struct error *err)
{
	for (size_t i = 0; i < b->profile.image_hook_paths.count; i++)
		if (run_hook(b, b->profile.image_hook_paths.items[i], "MKDL_OUT", dir, 0, err) < 0)
			return -1;
	return 0;
}

int image_hooks_hash(struct build *b, struct hash *out, struct error *err)
{
	struct hash all = {0};

	for (size_t i = 0; i < b->profile.image_hook_paths.count; i++) {
		struct hash one;
		struct hasher h;

		if (hash_file(b->profile.image_hook_paths.items[i], &one, err) < 0)
			return -1;
		hash_begin(&h);
		hash_add(&h, all.bytes, HASH_SIZE);
		hash_add_string(&h, b->profile.image_hooks.items[i]);
		hash_add(&h, one.bytes, HASH_SIZE);
		all = hash_end(&h);
	}
	*out = all;
	return 0;
}
