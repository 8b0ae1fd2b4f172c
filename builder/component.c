#include "builder/component.h"

#include <string.h>

#include "base/path.h"
#include "config/diagnostics.h"
#include "builder/source.h"
#include "builder/usr-merge.h"

struct selection {
	struct build *b;
	const struct component *c;
	struct tree *source, *out;
	const char *reason;
	size_t files; /* taken so far, links included */
};

/* A pattern speaks of the source's paths or of their place below /usr, whichever the user knows. */
static bool matches(struct arena *a, const char *pattern, const char *path)
{
	return path_match(pattern, path) || path_match(usr_merged(a, pattern), usr_merged(a, path));
}

static void take(struct selection *s, const struct node *n, const char *path)
{
	const struct component *c = s->c;
	struct node copy = *n;

	copy.path = path;
	if (!usr_merge_node(s->b->arena, &copy))
		return;
	if (c->mode >= 0 && n->type == NODE_FILE)
		copy.mode = (mode_t)c->mode;
	if (c->uid >= 0)
		copy.uid = (uint32_t)c->uid;
	if (c->gid >= 0)
		copy.gid = (uint32_t)c->gid;
	copy.layer = c->layer;
	copy.reason = s->reason;
	tree_add(s->out, &copy);
	s->files += n->type != NODE_DIR;
}

/* Where a node goes that was matched itself (root equals its path) or lies below a matched folder. */
static const char *destination(struct selection *s, const char *root, const char *path)
{
	struct arena *a = s->b->arena;
	const char *to = s->c->to;

	if (!to)
		return path;
	if (to[strlen(to) - 1] != '/')
		return arena_printf(a, "%s%s", to, path + strlen(root));
	return path_join(a, to, arena_printf(a, "%s%s", path_base(root), path + strlen(root)));
}

/* The folders above what was taken keep their modes; tree_finish makes up those that the source does not have. */
static void take_parents(struct selection *s, const char *path)
{
	for (const char *p = path_parent(s->b->arena, path); p[1]; p = path_parent(s->b->arena, p)) {
		const struct node *n = tree_find(s->source, p);

		if (n && n->type == NODE_DIR)
			take(s, n, n->path);
	}
}

/* Everything that the pattern names: a file, or a folder with all that is below it. Returns how many roots matched. */
static size_t take_pattern(struct selection *s, const char *pattern)
{
	const char *root = NULL;
	size_t roots = 0;

	for (size_t i = 0; i < s->source->count; i++) {
		const struct node *n = &s->source->nodes[i];

		if (!n->path[1])
			continue;
		if (!root || !path_is_below(n->path, root)) {
			if (!matches(s->b->arena, pattern, n->path))
				continue;
			root = n->path;
			roots++;
			if (!s->c->to)
				take_parents(s, n->path);
		}
		take(s, n, destination(s, root, n->path));
	}
	return roots;
}

/* "did you mean": a file of the same name elsewhere, else the path that is spelled most alike. */
static const char *near_path(struct selection *s, const char *pattern)
{
	const char **paths = arena_calloc(s->b->arena, s->source->count + 1, sizeof(char *));
	size_t n = 0;

	for (size_t i = 0; i < s->source->count; i++) {
		if (s->source->nodes[i].type == NODE_DIR)
			continue;
		if (!strcmp(path_base(s->source->nodes[i].path), path_base(pattern)))
			return s->source->nodes[i].path;
		paths[n++] = s->source->nodes[i].path;
	}
	return did_you_mean(pattern, paths, n);
}

static int no_match(struct selection *s, const char *pattern, struct error *err)
{
	const struct component *c = s->c;
	const char *near = near_path(s, pattern);
	const char *hint = near ? arena_printf(s->b->arena, "; did you mean \"%s\"?", near) : "";

	return place_error(err, c->at, "component %s: no file in %s matches \"%s\"%s",
			   c->name, c->source.spec, pattern, hint);
}

/* Without patterns: the only file, renamed by `to`; or everything, below `to` as it lies in the source. */
static int take_all(struct selection *s, struct error *err)
{
	const struct component *c = s->c;
	size_t files = 0;

	for (size_t i = 0; i < s->source->count; i++)
		files += s->source->nodes[i].type != NODE_DIR;
	if (c->to && c->to[strlen(c->to) - 1] != '/' && files != 1)
		return place_error(err, c->at,
				   "component %s: %s holds %zu files, but \"to: %s\" names one file; say which with "
				   "files:, or end it with \"/\" for a folder", c->name, c->source.spec, files, c->to);
	for (size_t i = 0; i < s->source->count; i++) {
		const struct node *n = &s->source->nodes[i];

		if (!n->path[1])
			continue;
		if (!c->to)
			take(s, n, n->path);
		else if (c->to[strlen(c->to) - 1] == '/')
			take(s, n, path_join(s->b->arena, c->to, n->path));
		else if (n->type != NODE_DIR)
			take(s, n, c->to);
	}
	return 0;
}

int component_select(struct build *b, const struct component *c, struct tree *source, struct tree *out,
		     struct error *err)
{
	struct selection s = {
		.b = b, .c = c, .source = source, .out = out, .reason = arena_printf(b->arena, "component %s", c->name),
	};
	size_t roots = 0;

	tree_sort(source);
	if (!c->files.count)
		return take_all(&s, err);
	for (size_t i = 0; i < c->files.count; i++) {
		size_t n = take_pattern(&s, c->files.items[i]);

		if (!n)
			return no_match(&s, c->files.items[i], err);
		roots += n;
	}
	if (c->to && c->to[strlen(c->to) - 1] != '/' && roots != 1)
		return place_error(err, c->at,
				   "component %s: files: names %zu files, but \"to: %s\" renames one; end it with "
				   "\"/\" "
				   "for a folder", c->name, roots, c->to);
	return 0;
}

const char *component_version_text(struct build *b, const struct component *c)
{
	const struct source_handler *h = source_handler(c->source.kind);

	if (c->version)
		return c->version;
	return h->version ? h->version(b, &c->source) : NULL;
}

int component_version(struct build *b, const char *name, const char *stated, const char *key, struct place at,
		      struct version *out, struct error *err)
{
	const struct component *c = profile_component(&b->profile, name);
	const char *text = stated;

	if (!text && c)
		text = component_version_text(b, c);
	if (text) {
		if (version_parse(text, out))
			return 0;
		return place_error(err, at, "\"%s\" is no version of %s; write it as \"1.36.4\"", text, name);
	}
	if (c && c->source.kind == SOURCE_URL && version_parse_url(c->source.spec, out))
		return 0;
	if (c)
		at = c->at;
	return place_error(err, at,
			   "the version of %s is not known, its flags and configuration depend on it; say it with "
			   "\"%s\"", name, key);
}
