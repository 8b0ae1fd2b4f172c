#include "builder/closure.h"

#include <elf.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "builder/elf.h"
#include "builder/source.h"
#include "builder/usr-merge.h"

struct closure {
	struct build *b;
	struct tree **own; /* what the components' own sources hold, beside packages */
	size_t own_count;
	const char **queue; /* paths of files whose needs are yet to be looked at */
	size_t count, cap;
	enum layer layer;   /* the one being looked at: what is found goes there */
	struct package **old; /* packages whose libraries are too old for some file: others of their names are used */
	size_t old_count, old_cap;
	bool again;           /* old has grown: what was found so far does not count */
};

/* Who asks: the file, its ELF facts and the words for `mkdl why`. */
struct wish {
	struct node by; /* a copy: the tree moves its nodes */
	const struct elf *elf;
	const char *reason;
};

static void enqueue(struct closure *c, const char *path)
{
	c->queue = arena_grow(c->b->arena, c->queue, c->count, &c->cap, sizeof(*c->queue));
	c->queue[c->count++] = path;
}

/* In the components' own sources, in the order of the profile. */
static bool find_in_own(const struct closure *c, const char *path, struct node *out)
{
	const char *other = usr_unmerged(c->b->arena, path);

	for (size_t i = 0; i < c->own_count; i++) {
		const struct node *n = tree_find(c->own[i], path);

		if (!n && other)
			n = tree_find(c->own[i], other);
		if (n && n->type != NODE_DIR) {
			*out = *n;
			return true;
		}
	}
	return false;
}

static bool is_old(const struct closure *c, const struct package *p)
{
	for (size_t i = 0; i < c->old_count; i++)
		if (c->old[i] == p)
			return true;
	return false;
}

/* A package of the same name, from another repository, that is not known to be too old; or NULL. */
static struct package *instead_of(const struct closure *c, const struct package *p)
{
	for (size_t i = 0; i < c->b->lock.package_count; i++) {
		struct package *other = c->b->lock.packages[i];

		if (other != p && !strcmp(other->name, p->name) && !is_old(c, other))
			return other;
	}
	return NULL;
}

/* source_find_library; a path is looked for as it is in the image, then as packages from before the merge of /usr say it. */
static int find_either(struct closure *c, const struct node *by, const char *name, struct node *out, struct error *err)
{
	const char *other = *name == '/' ? usr_unmerged(c->b->arena, name) : NULL;
	int found = source_find_library(c->b, by, name, out, err);

	return found == 0 && other ? source_find_library(c->b, by, other, out, err) : found;
}

/* The same, but never from a package that is too old. */
static int find_in_package(struct closure *c, const struct node *by, const char *name, struct node *out,
			   struct error *err)
{
	struct node from = *by;
	int found;

	do {
		found = find_either(c, &from, name, out, err);
		from.package = found == 1 && out->package && is_old(c, out->package) ? instead_of(c, out->package) : NULL;
	} while (from.package);
	return found;
}

/* source_find_library from the asking file's package; for a file that no package owns, from the profile's own packages.
 * 1, 0 or -1. */
static int find_in_packages(struct closure *c, const struct wish *w, const char *name, struct node *out,
			    struct error *err)
{
	struct node by = w->by;
	int found = 0;

	if (by.package)
		return find_in_package(c, &by, name, out, err);
	for (size_t i = 0; i < c->b->lock.package_count && found == 0; i++) {
		by.package = c->b->lock.packages[i];
		if (by.package->direct)
			found = find_in_package(c, &by, name, out, err);
	}
	return found;
}

static const char *adopt(struct closure *c, const struct wish *w, struct node *n)
{
	n->reason = w->reason;
	n->layer = c->layer;
	if (!usr_merge_node(c->b->arena, n))
		return NULL;
	tree_add(&c->b->tree, n);
	if (n->type == NODE_FILE)
		enqueue(c, n->path);
	return n->path;
}

/* A link that was taken leads to a file only if its target is taken too. */
static int adopt_target(struct closure *c, const struct wish *w, const char *path, struct error *err)
{
	struct arena *a = c->b->arena;

	for (unsigned links = 0; links < TREE_LINK_LIMIT; links++) {
		const struct node *at = tree_find(&c->b->tree, path);
		const char *next;
		struct node n;
		int found;

		if (tree_resolve(&c->b->tree, path))
			return 0;
		if (!at || at->type != NODE_SYMLINK)
			return error_set(err, "%s leads nowhere", path);
		next = usr_merged(a, path_link_target(a, path, at->target));
		if (!tree_find(&c->b->tree, next)) {
			found = find_in_own(c, next, &n) ? 1 : find_in_packages(c, w, next, &n, err);
			if (found < 0)
				return -1;
			if (!found || !adopt(c, w, &n))
				return error_set(err, "%s is a link to %s, which is nowhere to be found", path, next);
		}
		path = next;
	}
	return error_set(err, "%s: too many links", path);
}

/* 1 when path is there, from the tree or from a source; 0 when not. */
static int want_path(struct closure *c, const struct wish *w, const char *path, struct error *err)
{
	struct node n;
	int found;

	path = usr_merged(c->b->arena, path);
	if (tree_resolve(&c->b->tree, path))
		return 1;
	if (!tree_find(&c->b->tree, path)) {
		found = find_in_own(c, path, &n) ? 1 : find_in_packages(c, w, path, &n, err);
		if (found <= 0)
			return found;
		path = adopt(c, w, &n);
		if (!path)
			return 0;
	}
	return adopt_target(c, w, path, err) < 0 ? -1 : 1;
}

/* The library at path lacks symbols: start again without its package, if there is another of that name. */
static int too_old(struct closure *c, const struct wish *w, const struct node *library, const char *version,
		   struct error *err)
{
	struct package *p = library->package;

	if (p && instead_of(c, p)) {
		c->old = arena_grow(c->b->arena, c->old, c->old_count, &c->old_cap, sizeof(struct package *));
		c->old[c->old_count++] = p;
		c->again = true;
	}
	return error_set(err, "%s [%s] needs %s of %s, which %s does not have; take both from the same repository",
			 w->by.path, w->by.origin ? w->by.origin : "?", version, path_base(library->path),
			 library->origin ? library->origin : "the one in the image");
}

/* Is the file at path a library that this program can use? 1, 0, or -1 when it is the right one but too old. */
static int fits(struct closure *c, const struct wish *w, const char *path, struct error *err)
{
	const struct node *n = tree_resolve(&c->b->tree, path);
	_cleanup_error_ struct error ignored = {0};
	_cleanup_close_ int fd = -1;
	const char *version;
	struct elf e;

	if (!n || n->type != NODE_FILE || store_open_blob(&c->b->store, &n->content, &fd, &ignored) < 0 ||
	    elf_read(c->b->arena, fd, n->path, &e, &ignored) != 1 || e.class != w->elf->class ||
	    e.machine != w->elf->machine)
		return 0;
	version = elf_version_missing(w->elf, path_base(path), &e);
	return version ? too_old(c, w, n, version, err) : 1;
}

/* "$ORIGIN/../lib" of /usr/bin/x → "/usr/lib". NULL for what cannot be known here. */
static const char *expand_runpath(struct arena *a, const struct wish *w, const char *dir)
{
	const char *after = dir;
	const char *base = "/";

	if (!strncmp(dir, "$ORIGIN", 7) || !strncmp(dir, "${ORIGIN}", 9)) {
		base = path_parent(a, w->by.path);
		after = dir + (dir[1] == '{' ? 9 : 7);
	} else if (*dir != '/') {
		return NULL;
	}
	if (strchr(after, '$'))
		return NULL;
	return usr_merged(a, path_link_target(a, "/x", arena_printf(a, "%s/%s", base, after)));
}

/* The folders that the dynamic linker would look into, in its order; the first *own of them are the file's RUNPATH. */
static struct strings search_folders(struct closure *c, const struct wish *w, size_t *own)
{
	struct arena *a = c->b->arena;
	const char *multiarch = elf_multiarch(w->elf);
	struct strings out = {.items = arena_calloc(a, w->elf->runpath.count + 4, sizeof(char *))};

	for (size_t i = 0; i < w->elf->runpath.count; i++) {
		const char *dir = expand_runpath(a, w, w->elf->runpath.items[i]);

		if (dir)
			out.items[out.count++] = dir;
	}
	*own = out.count;
	if (multiarch)
		out.items[out.count++] = arena_printf(a, "/usr/lib/%s", multiarch);
	if (w->elf->class == ELFCLASS64)
		out.items[out.count++] = "/usr/lib64";
	out.items[out.count++] = "/usr/lib";
	return out;
}

static int missing_library(struct closure *c, const struct wish *w, const char *name, const struct strings *folders,
			   struct error *err)
{
	_cleanup_strbuf_ struct strbuf where = {0};

	for (size_t i = 0; i < folders->count; i++)
		strbuf_printf(&where, "%s%s", i ? ", " : "", folders->items[i]);
	return error_set(
		err,
		"%s needs %s, which is neither in the image (looked in %s) nor in %s; add a component that brings it",
		w->by.path, name, where.data ? where.data : "no folder",
		w->by.package ? arena_printf(c->b->arena, "the package %s and its dependencies", w->by.package->name)
			      : "the packages of the profile");
}

static int want_library(struct closure *c, const struct wish *w, const char *name, struct error *err)
{
	struct arena *a = c->b->arena;
	size_t own;
	struct strings folders = search_folders(c, w, &own);
	struct node n;
	int found;

	if (strchr(name, '/')) {
		found = want_path(c, w, path_link_target(a, "/x", name), err);
		return found < 0 ? -1 : found ? 0 : missing_library(c, w, name, &folders, err);
	}
	for (size_t i = 0; i < folders.count; i++) {
		found = fits(c, w, path_join(a, folders.items[i], name), err);
		if (found)
			return found < 0 ? -1 : 0;
	}
	/* The folders of RUNPATH are no default ones: only there would its library be found at run time. */
	for (size_t i = 0; i < folders.count; i++) {
		const char *path = path_join(a, folders.items[i], name);

		if (i < own)
			found = want_path(c, w, path, err);
		else
			found = find_in_own(c, path, &n) ? want_path(c, w, path, err) : 0;
		if (found > 0)
			found = fits(c, w, path, err);
		if (found)
			return found < 0 ? -1 : 0;
	}
	found = find_in_packages(c, w, name, &n, err);
	if (found < 0)
		return -1;
	if (!found || !adopt(c, w, &n))
		return missing_library(c, w, name, &folders, err);
	return adopt_target(c, w, n.path, err) < 0 || fits(c, w, n.path, err) < 0 ? -1 : 0;
}

/* musl's libc and its dynamic linker are one file, which programs name in both ways. */
static bool is_musl_libc(const struct elf *e, const char *name)
{
	return !strcmp(name, "libc.so") && (!e->interpreter || !strncmp(path_base(e->interpreter), "ld-musl-", 8));
}

static int want_all(struct closure *c, const struct wish *w, struct error *err)
{
	if (w->elf->interpreter) {
		int found = want_path(c, w, w->elf->interpreter, err);

		if (found < 0)
			return -1;
		if (!found)
			return error_set(err,
					 "%s needs the dynamic linker %s, which is nowhere to be found; add a "
					 "component that brings it",
					 w->by.path, w->elf->interpreter);
	}
	for (size_t i = 0; i < w->elf->needed.count; i++)
		if (!is_musl_libc(w->elf, w->elf->needed.items[i]) &&
		    want_library(c, w, w->elf->needed.items[i], err) < 0)
			return -1;
	return 0;
}

/* A broken file matters only where somebody would run or load it. */
static bool is_program(const struct node *n)
{
	return (n->mode & 0111) || strstr(path_base(n->path), ".so");
}

/* 1 and *out, 0 when the file has nothing to do with dynamic linking. */
static int read_node(struct closure *c, const struct node *n, struct elf *out, struct error *err)
{
	_cleanup_error_ struct error ignored = {0};
	_cleanup_close_ int fd = -1;
	int r;

	if (n->size < 64)
		return 0;
	if (store_open_blob(&c->b->store, &n->content, &fd, err) < 0)
		return error_wrap(err, "%s", n->path);
	r = elf_read(c->b->arena, fd, n->path, out, is_program(n) ? err : &ignored);
	if (r < 0)
		return is_program(n) ? -1 : 0;
	return r && (out->dynamic || out->interpreter);
}

static int visit(struct closure *c, const char *path, struct error *err)
{
	const struct node *n = tree_find(&c->b->tree, path);
	struct wish w = {.reason = arena_printf(c->b->arena, "needed by %s", path)};
	struct elf e;
	int r;

	if (!n || n->type != NODE_FILE)
		return 0;
	w.by = *n;
	w.elf = &e;
	r = read_node(c, &w.by, &e, err);
	return r <= 0 ? r : want_all(c, &w, err);
}

/* What a component opens at run time is asked for as if its first program needed it. */
static int visit_dlopen(struct closure *c, const struct component *component, struct error *err)
{
	const char *reason = arena_printf(c->b->arena, "component %s", component->name);
	struct wish w = {.reason = arena_printf(c->b->arena, "opened at run time by component %s", component->name)};
	struct elf e = {0};

	for (size_t i = 0; i < c->b->tree.count && !w.elf; i++) {
		const struct node *n = &c->b->tree.nodes[i];
		int r;

		if (n->type != NODE_FILE || !n->reason || strcmp(n->reason, reason) != 0)
			continue;
		w.by = *n;
		r = read_node(c, &w.by, &e, err);
		if (r < 0)
			return -1;
		if (r)
			w.elf = &e;
	}
	if (!w.elf)
		return place_error(err, component->at,
				   "component %s: dlopen: none of its files is a dynamic program or library",
				   component->name);
	for (size_t i = 0; i < component->dlopen.count; i++)
		if (want_library(c, &w, component->dlopen.items[i], err) < 0)
			return error_wrap(err, "component %s: dlopen", component->name);
	return 0;
}

static int visit_layer(struct closure *c, struct error *err)
{
	struct tree *t = &c->b->tree;

	c->count = 0;
	tree_sort(t);
	for (size_t i = 0; i < t->count; i++)
		if (t->nodes[i].layer == c->layer && t->nodes[i].type == NODE_FILE)
			enqueue(c, t->nodes[i].path);
	for (size_t i = 0; i < c->b->profile.component_count; i++)
		if (c->b->profile.components[i].layer == c->layer && c->b->profile.components[i].dlopen.count &&
		    visit_dlopen(c, &c->b->profile.components[i], err) < 0)
			return -1;
	/* The queue grows while it is worked off. */
	for (size_t i = 0; i < c->count; i++)
		if (visit(c, c->queue[i], err) < 0)
			return -1;
	return 0;
}

static int visit_layers(struct closure *c, struct error *err)
{
	/* No programs in the others: kernel modules are not linked dynamically, container images bring their own. */
	static const enum layer layers[] = {LAYER_USERLAND, LAYER_RUNTIME, LAYER_KUBERNETES, LAYER_SITE};

	for (size_t i = 0; i < sizeof(layers) / sizeof(*layers); i++) {
		c->layer = layers[i];
		if (visit_layer(c, err) < 0)
			return -1;
	}
	return 0;
}

int closure_add(struct build *b, struct error *err)
{
	struct closure c = {.b = b,
			    .own = arena_calloc(b->arena, b->profile.component_count + 1, sizeof(struct tree *))};
	struct node *before;
	size_t count;

	for (size_t i = 0; i < b->profile.component_count; i++)
		if (b->profile.components[i].source.kind != SOURCE_APT &&
		    source_open(b, &b->profile.components[i].source, &c.own[c.own_count++], err) < 0)
			return -1;
	/* Each round excludes one package more, so this ends. */
	tree_sort(&b->tree);
	count = b->tree.count;
	before = arena_calloc(b->arena, count + 1, sizeof(*before));
	memcpy(before, b->tree.nodes, count * sizeof(*before));
	while (visit_layers(&c, err) < 0) {
		if (!c.again)
			return -1;
		c.again = false;
		error_clear(err);
		memcpy(b->tree.nodes, before, count * sizeof(*before));
		b->tree.count = count;
	}
	return 0;
}
