#include "builder/usr-merge.h"

#include <string.h>

#include "base/path.h"

static const char *const merged[] = {"/bin", "/lib", "/lib32", "/lib64", "/libx32", "/sbin"};

enum { MERGED = sizeof(merged) / sizeof(*merged) };

const char *usr_merged(struct arena *a, const char *path)
{
	for (size_t i = 0; i < MERGED; i++)
		if (path_is_below(path, merged[i]))
			return arena_printf(a, "/usr%s", path);
	return path;
}

const char *usr_unmerged(struct arena *a, const char *path)
{
	if (strncmp(path, "/usr/", 5) != 0)
		return NULL;
	for (size_t i = 0; i < MERGED; i++)
		if (path_is_below(path + 4, merged[i]) && path[4 + strlen(merged[i])])
			return arena_strdup(a, path + 4);
	return NULL;
}

bool usr_merge_node(struct arena *a, struct node *n)
{
	const char *path = usr_merged(a, n->path);

	for (size_t i = 0; i < MERGED; i++)
		if (n->type == NODE_SYMLINK && !strcmp(n->path, merged[i]))
			return false;
	if (n->type == NODE_SYMLINK && n->target[0] != '/' && path != n->path) {
		const char *meant = usr_merged(a, path_link_target(a, n->path, n->target));
		const char *would = usr_merged(a, path_link_target(a, path, n->target));

		if (strcmp(meant, would) != 0)
			n->target = meant;
	}
	n->path = path;
	return true;
}

void usr_merge_links(struct tree *t)
{
	size_t count = t->count;
	bool wanted[MERGED] = {false};

	for (size_t i = 0; i < count; i++)
		for (size_t m = 0; m < MERGED; m++)
			if (!strncmp(t->nodes[i].path, "/usr/", 5) && path_is_below(t->nodes[i].path + 4, merged[m]))
				wanted[m] = true;
	for (size_t m = 0; m < MERGED; m++)
		if (wanted[m])
			tree_add(t, &(struct node){
					    .path = merged[m],
					    .type = NODE_SYMLINK,
					    .mode = 0777,
					    .target = arena_printf(t->arena, "usr%s", merged[m]),
					    .origin = "mkdl",
					    .reason = "one layout: programs and libraries are below /usr",
					    .layer = LAYER_USERLAND,
				    });
}
