#include "builder/source-private.h"

#include <string.h>

#include "base/cleanup.h"
#include "builder/apt.h"
#include "builder/unpack.h"

/* What was opened in this build. Few enough to search through. */
struct opened_source {
	const struct source *source;
	struct tree *tree;
};

struct opened_package {
	const struct package *package;
	struct tree *tree;
};

struct source_memo {
	struct opened_source *sources;
	size_t source_count, source_cap;
	struct opened_package *packages;
	size_t package_count, package_cap;
	struct package **hints;
	size_t hint_count, hint_cap;
};

const struct source_handler *source_handler(enum source_kind kind)
{
	static const struct source_handler *const handlers[] = {
		[SOURCE_APT] = &source_apt, [SOURCE_URL] = &source_url, [SOURCE_PATH] = &source_path,
		[SOURCE_BUILD] = &source_build,
	};

	return handlers[kind];
}

static int visit_list(struct build *b, const struct source *list, size_t count,
		      int (*visit)(struct build *b, const struct source *s, void *data, struct error *err), void *data,
		      struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (visit(b, &list[i], data, err) < 0)
			return -1;
	return 0;
}

int source_each(struct build *b, int (*visit)(struct build *b, const struct source *s, void *data, struct error *err),
		void *data, struct error *err)
{
	const struct profile *p = &b->profile;

	if (p->kernel.spec && visit(b, &p->kernel, data, err) < 0)
		return -1;
	if (visit_list(b, p->firmware, p->firmware_count, visit, data, err) < 0 ||
	    visit_list(b, p->microcode, p->microcode_count, visit, data, err) < 0 ||
	    visit_list(b, p->bootloaders, p->bootloader_count, visit, data, err) < 0)
		return -1;
	for (size_t i = 0; i < p->component_count; i++)
		if (visit(b, &p->components[i].source, data, err) < 0)
			return -1;
	for (size_t i = 0; i < p->image_count; i++)
		if (visit(b, &p->images[i].source, data, err) < 0)
			return -1;
	return 0;
}

static struct source_memo *memo(struct build *b)
{
	if (!b->sources)
		b->sources = arena_new(b->arena, struct source_memo);
	return b->sources;
}

void source_hint(struct build *b, struct package *p)
{
	struct source_memo *m = memo(b);

	m->hints = arena_grow(b->arena, m->hints, m->hint_count, &m->hint_cap, sizeof(struct package *));
	m->hints[m->hint_count++] = p;
}

struct package **source_hints(struct build *b, size_t *count)
{
	*count = memo(b)->hint_count;
	return memo(b)->hints;
}

static bool same_source(const struct source *a, const struct source *b)
{
	if (a->kind != b->kind || !string_equal(a->spec, b->spec) || !string_equal(a->sha256, b->sha256) ||
	    !string_equal(a->repository, b->repository) || a->with.count != b->with.count || a->roots.count != b->roots.count)
		return false;
	for (size_t i = 0; i < a->with.count; i++)
		if (!string_equal(a->with.items[i].key, b->with.items[i].key) ||
		    !string_equal(a->with.items[i].value, b->with.items[i].value))
			return false;
	for (size_t i = 0; i < a->roots.count; i++)
		if (!string_equal(a->roots.items[i], b->roots.items[i]))
			return false;
	return true;
}

/* "profiles/worker.yml:12:3: containerd: …"; what comes from a recipe names it already. */
static int wrap(const struct source *s, struct error *err)
{
	if (s->kind != SOURCE_BUILD)
		error_wrap(err, "%s", s->spec);
	return place_wrap(err, s->at);
}

int source_open(struct build *b, const struct source *s, struct tree **out, struct error *err)
{
	struct source_memo *m = memo(b);
	struct tree *tree;

	for (size_t i = 0; i < m->source_count; i++)
		if (same_source(m->sources[i].source, s)) {
			*out = m->sources[i].tree;
			return 0;
		}
	tree = arena_new(b->arena, struct tree);
	tree->arena = b->arena;
	if (source_handler(s->kind)->open(b, s, tree, err) < 0)
		return wrap(s, err);
	tree_sort(tree);
	m->sources = arena_grow(b->arena, m->sources, m->source_count, &m->source_cap, sizeof(*m->sources));
	m->sources[m->source_count++] = (struct opened_source){.source = s, .tree = tree};
	*out = tree;
	return 0;
}

int source_open_package(struct build *b, struct package *p, struct tree **out, struct error *err)
{
	struct source_memo *m = memo(b);
	struct tree *tree;
	const char *origin;

	for (size_t i = 0; i < m->package_count; i++)
		if (m->packages[i].package == p) {
			*out = m->packages[i].tree;
			return 0;
		}
	tree = arena_new(b->arena, struct tree);
	tree->arena = b->arena;
	if (!unpack_is_done(&b->store, &p->file.hash) && source_fetch(b, &p->file, 1, err) < 0)
		return -1;
	if (unpack_blob(&b->store, &p->file.hash, p->file.name, tree, err) < 0)
		return -1;
	origin = arena_printf(b->arena, "%s %s", p->name, p->version);
	for (size_t i = 0; i < tree->count; i++) {
		tree->nodes[i].origin = origin;
		tree->nodes[i].package = p;
	}
	tree_sort(tree);
	p->used = true;
	p->newest = tree->newest;
	m->packages = arena_grow(b->arena, m->packages, m->package_count, &m->package_cap, sizeof(*m->packages));
	m->packages[m->package_count++] = (struct opened_package){.package = p, .tree = tree};
	*out = tree;
	return 0;
}
