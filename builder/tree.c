#include "builder/tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/strbuf.h"

static const char *const layer_names[LAYER_COUNT] = {
	[LAYER_EARLY] = "early",       [LAYER_USERLAND] = "userland",     [LAYER_MODULES] = "modules",
	[LAYER_RUNTIME] = "runtime",   [LAYER_KUBERNETES] = "kubernetes", [LAYER_IMAGES] = "images",
	[LAYER_SITE] = "site",         [LAYER_MANIFEST] = "manifest",
};

const char *layer_name(enum layer layer)
{
	return layer_names[layer];
}

void tree_add(struct tree *t, const struct node *node)
{
	t->nodes = arena_grow(t->arena, t->nodes, t->count, &t->cap, sizeof(*t->nodes));
	t->nodes[t->count++] = *node;
	t->sorted = false;
}

static int compare_indices(const void *a, const void *b, void *nodes_)
{
	const struct node *nodes = nodes_;
	size_t i = *(const size_t *)a, k = *(const size_t *)b;
	int order = strcmp(nodes[i].path, nodes[k].path);

	return order ? order : (i > k) - (i < k);
}

void tree_sort(struct tree *t)
{
	size_t *order, kept = 0, n = t->count;
	struct node *nodes;

	if (t->sorted)
		return;
	t->sorted = true;
	if (n < 2)
		return;
	/* Sorting indices keeps nodes with the same path in the order of their adding, which qsort itself does not promise. */
	order = malloc(n * sizeof(*order));
	if (!order)
		abort();
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	qsort_r(order, n, sizeof(*order), compare_indices, t->nodes);
	nodes = arena_calloc(t->arena, n, sizeof(*nodes));
	for (size_t i = 0; i < n; i++) {
		const struct node *node = &t->nodes[order[i]];

		if (kept && !strcmp(nodes[kept - 1].path, node->path))
			kept--;
		nodes[kept++] = *node;
	}
	free(order);
	t->nodes = nodes;
	t->count = kept;
	t->cap = n;
}

/* The first node whose path is not less than path. */
static size_t lower_bound(const struct tree *t, const char *path)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(t->nodes[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct node *tree_find(struct tree *t, const char *path)
{
	size_t i;

	tree_sort(t);
	i = lower_bound(t, path);
	return i < t->count && !strcmp(t->nodes[i].path, path) ? &t->nodes[i] : NULL;
}

/* Is there anything below the folder, though it has no node of its own? path ends in a slash. */
static bool has_below(const struct tree *t, const char *path)
{
	size_t i = lower_bound(t, path);

	return i < t->count && !strncmp(t->nodes[i].path, path, strlen(path));
}

/* What is left to walk: the link's target, then the rest. NULL when it grows out of bounds. */
static char *follow_link(const char *target, const char *rest)
{
	char *joined = NULL;

	if (strlen(target) + strlen(rest) > 2 * PATH_LIMIT || asprintf(&joined, "%s/%s", target, rest) < 0)
		return NULL;
	return joined;
}

/* Walks one component of *rest from `at`, a clean path in a buffer of PATH_LIMIT + 2 bytes ("" is the root).
 * Returns false when the way ends there. */
static bool walk_component(struct tree *t, char *at, char **rest, unsigned *links)
{
	char *name = *rest + strspn(*rest, "/");
	size_t n = strcspn(name, "/"), len = strlen(at);
	const char *after = name + n + strspn(name + n, "/");
	struct node *node;

	if (n == 0 || (n == 1 && name[0] == '.')) {
		memmove(*rest, after, strlen(after) + 1);
		return true;
	}
	if (n == 2 && !memcmp(name, "..", 2)) {
		if (len)
			*strrchr(at, '/') = '\0';
		memmove(*rest, after, strlen(after) + 1);
		return true;
	}
	if (len + 1 + n > PATH_LIMIT)
		return false;
	snprintf(at + len, PATH_LIMIT + 2 - len, "/%.*s", (int)n, name);
	node = tree_find(t, at);
	if (node && node->type == NODE_SYMLINK) {
		char *joined = ++*links > TREE_LINK_LIMIT ? NULL : follow_link(node->target, after);

		if (!joined)
			return false;
		at[node->target[0] == '/' ? 0 : len] = '\0';
		free(*rest);
		*rest = joined;
		return true;
	}
	if (!node) {
		size_t end = strlen(at);

		strcpy(at + end, "/");
		if (!has_below(t, at))
			return false;
		at[end] = '\0';
	} else if (node->type != NODE_DIR && *after) {
		return false;
	}
	memmove(*rest, after, strlen(after) + 1);
	return true;
}

struct node *tree_resolve(struct tree *t, const char *path)
{
	char at[PATH_LIMIT + 2] = "";
	char *rest = strlen(path) > PATH_LIMIT ? NULL : strdup(path);
	unsigned links = 0;
	bool whole = rest != NULL;

	tree_sort(t);
	while (whole && rest[strspn(rest, "/")])
		whole = walk_component(t, at, &rest, &links);
	free(rest);
	return whole ? tree_find(t, *at ? at : "/") : NULL;
}

/* Adds the folders above nodes[i] that have no node. */
static void add_parents(struct tree *t, size_t i, struct tree *missing)
{
	const char *path = t->nodes[i].path;

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		size_t n = (size_t)(slash - path);
		const struct node *before = i ? &t->nodes[i - 1] : NULL;
		struct node dir = {.type = NODE_DIR, .mode = 0755, .origin = "folder", .layer = t->nodes[i].layer};

		/* Seen with the node before, which lies in or is the same folder. */
		if (before && !strncmp(before->path, path, n) && (before->path[n] == '/' || before->path[n] == '\0'))
			continue;
		dir.path = arena_strndup(t->arena, path, n);
		if (!tree_find(t, dir.path)) {
			dir.reason = arena_printf(t->arena, "holds %s", path);
			tree_add(missing, &dir);
		}
	}
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

/* " (ORIGIN)", or nothing for what is not known yet and for folders between. */
static const char *from_origin(const struct node *n, char out[static 128])
{
	if (n->origin && strcmp(n->origin, "folder") != 0)
		snprintf(out, 128, " (%.120s)", n->origin);
	else
		*out = '\0';
	return out;
}

static int check_node(const struct node *n, struct error *err)
{
	char from[128];

	if (n->mode & ~(mode_t)07777)
		return error_set(err, "%s: mode %o has more than permission bits", n->path, (unsigned)n->mode);
	if (n->type == NODE_SYMLINK && (!n->target || !*n->target))
		return error_set(err, "%s: symbolic link without a target", n->path);
	if (n->type == NODE_SYMLINK && has_control(n->target))
		return error_set(err, "%s: symbolic link whose target has a control character in it", n->path);
	/* By this name the format marks an archive's end; whatever follows would be lost. */
	if (!strcmp(n->path, "/TRAILER!!!"))
		return error_set(err, "%s%s: an initramfs cannot hold a file of this name", n->path,
				 from_origin(n, from));
	return 0;
}

/* Every node's parent must be a folder. All parents exist by now. */
static int check_parents(struct tree *t, struct error *err)
{
	for (size_t i = 0; i < t->count; i++) {
		struct node *n = &t->nodes[i];
		char parent[PATH_LIMIT + 1], from[2][128];
		const char *slash = strrchr(n->path, '/');
		const struct node *p;

		if (check_node(n, err) < 0)
			return -1;
		if (slash == n->path || !slash)
			continue;
		snprintf(parent, sizeof(parent), "%.*s", (int)(slash - n->path), n->path);
		p = tree_find(t, parent);
		if (!p || p->type != NODE_DIR)
			return error_set(err, "%s%s lies below %s%s, which is %s", n->path, from_origin(n, from[0]),
					 parent, p ? from_origin(p, from[1]) : "",
					 p && p->type == NODE_SYMLINK ? "a symbolic link" : "not a folder");
	}
	return 0;
}

/* The kernel unpacks the layers in order and makes no folders itself: a folder belongs to the first layer that needs it.
 * From the end, so that a folder's children have their final layer when it passes its own up. */
static void lower_folders(struct tree *t)
{
	for (size_t i = t->count; i-- > 0;) {
		const struct node *n = &t->nodes[i];
		char parent[PATH_LIMIT + 1];
		const char *slash = strrchr(n->path, '/');
		struct node *p;

		if (!slash || slash == n->path)
			continue;
		snprintf(parent, sizeof(parent), "%.*s", (int)(slash - n->path), n->path);
		p = tree_find(t, parent);
		if (p && p->layer > n->layer)
			p->layer = n->layer;
	}
}

int tree_finish(struct tree *t, struct error *err)
{
	struct tree missing = {.arena = t->arena};

	tree_sort(t);
	for (size_t i = 0; i < t->count; i++) {
		if (strlen(t->nodes[i].path) > PATH_LIMIT)
			return error_set(err, "path longer than %d bytes: %.60s…", PATH_LIMIT, t->nodes[i].path);
		add_parents(t, i, &missing);
	}
	tree_sort(&missing);
	for (size_t i = 0; i < missing.count; i++)
		tree_add(t, &missing.nodes[i]);
	tree_sort(t);
	if (check_parents(t, err) < 0)
		return -1;
	lower_folders(t);
	return 0;
}
