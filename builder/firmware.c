#include "builder/firmware.h"

#include <string.h>

#include "base/path.h"
#include "builder/progress.h"
#include "builder/source.h"
#include "builder/usr-merge.h"

struct firmware {
	struct build *b;
	struct tree **sources;
	size_t count;
};

/* The file, or the link that leads to it and then the file. False when the tree does not have it. */
static bool add_from(struct build *b, struct tree *source, const char *path, const char *reason)
{
	const struct node *file = tree_resolve(source, path);

	if (!file || file->type != NODE_FILE)
		return false;
	for (unsigned links = 0; links < TREE_LINK_LIMIT; links++) {
		const struct node *n = tree_find(source, path);
		/* Reached through a linked folder only: the file itself takes the place. */
		struct node copy = n ? *n : *file;

		copy.path = path;
		copy.layer = LAYER_MODULES;
		copy.reason = reason;
		if (n && n->type == NODE_SYMLINK)
			path = path_link_target(b->arena, path, n->target);
		usr_merge_node(b->arena, &copy);
		if (!tree_find(&b->tree, copy.path))
			tree_add(&b->tree, &copy);
		if (copy.type != NODE_SYMLINK)
			return true;
	}
	return false;
}

/* Some modules name a pattern ("amdgpu/navi10_*.bin"). */
static size_t add_matching(struct build *b, struct tree *source, const char *pattern, const char *reason)
{
	size_t found = 0;

	tree_sort(source);
	for (size_t i = 0; i < source->count; i++)
		if (source->nodes[i].type != NODE_DIR && path_match(pattern, source->nodes[i].path))
			found += add_from(b, source, source->nodes[i].path, reason);
	return found;
}

static bool add_one(struct firmware *f, const char *name, const char *module)
{
	static const char *const folders[] = {"/lib/firmware", "/usr/lib/firmware"};
	struct arena *a = f->b->arena;
	const char *reason = arena_printf(a, "firmware that module %s names", module);

	for (size_t s = 0; s < f->count; s++) {
		for (size_t i = 0; i < 2; i++) {
			const char *path = path_join(a, folders[i], name);

			if (strpbrk(name, "*?[") ? add_matching(f->b, f->sources[s], path, reason) > 0 :
						   add_from(f->b, f->sources[s], path, reason))
				return true;
		}
	}
	return false;
}

int firmware_add(struct build *b, const struct module_set *set, struct error *err)
{
	struct firmware f = {
		.b = b, .count = b->profile.firmware_count,
		.sources = arena_calloc(b->arena, b->profile.firmware_count + 1, sizeof(struct tree *)),
	};

	for (size_t i = 0; i < f.count; i++)
		if (source_open(b, &b->profile.firmware[i], &f.sources[i], err) < 0)
			return -1;
	for (size_t i = 0; i < set->count; i++)
		for (size_t k = 0; k < set->modules[i].firmware.count; k++)
			if (!add_one(&f, set->modules[i].firmware.items[k], set->modules[i].name))
				progress_say(b->progress, 1,
					     "module %s: firmware %s is in none of the profile's firmware packages",
					     set->modules[i].name, set->modules[i].firmware.items[k]);
	return 0;
}
