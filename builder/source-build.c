/* build: parts that a recipe makes. */
#include "builder/apt.h"
#include "builder/recipe.h"

static void add_new(struct arena *a, struct strings *list, const struct strings *more)
{
	for (size_t i = 0; i < more->count; i++)
		if (!strings_has(list, more->items[i]))
			strings_add(a, list, more->items[i]);
}

static int add_inputs(struct build *b, const struct source *s, unsigned nesting, struct recipe_inputs *found, struct error *err)
{
	struct recipe_plan p;

	if (nesting > RECIPE_NESTING_LIMIT)
		return error_set(err, "recipe %s: recipes build on each other in a circle", s->spec);
	if (recipe_choose(b, s, &p, err) < 0)
		return -1;
	add_new(b->arena, &found->packages, &p.recipe.packages);
	add_new(b->arena, &found->sources, &p.recipe.sources);
	for (size_t i = 0; i < p.recipe.parts.count; i++) {
		const struct source part = recipe_part_source(s, p.recipe.parts.items[i]);

		if (add_inputs(b, &part, nesting + 1, found, err) < 0)
			return -1;
	}
	return 0;
}

int recipe_inputs(struct build *b, const struct source *s, struct recipe_inputs *out, struct error *err)
{
	struct recipe_inputs found = {.repository = s->repository};

	if (add_inputs(b, s, 0, &found, err) < 0)
		return -1;
	*out = found;
	return 0;
}

int recipe_is_built(struct build *b, const struct source *s, bool *out, struct error *err)
{
	struct tree tree;
	struct hash hash;
	int found = recipe_deliver(b, s, false, &tree, &hash, err);

	if (found < 0)
		return -1;
	*out = found == 1;
	return 0;
}

/* The inputs are resolved together with all packages (recipe_inputs); what is left is to find mistakes before any work. */
static int build_resolve(struct build *b, const struct source *s, struct error *err)
{
	struct recipe_plan p;

	return recipe_choose(b, s, &p, err);
}

static int recipe_open(struct build *b, const struct source *s, struct tree *out, struct error *err)
{
	struct hash hash;

	return recipe_deliver(b, s, true, out, &hash, err) == 1 ? 0 : -1;
}

static const char *build_version(struct build *b, const struct source *s)
{
	_cleanup_error_ struct error ignored = {0};
	struct recipe_plan p;

	if (recipe_choose(b, s, &p, &ignored) < 0)
		return NULL;
	if (p.recipe.version_of) {
		const struct source_package *package =
			lock_source(&b->lock, apt_repository(s->repository), p.recipe.version_of);

		return package ? recipe_upstream_version(b->arena, package->version) : NULL;
	}
	return p.recipe.version;
}

const struct source_handler source_build = {
	.name = "build",
	.resolve = build_resolve,
	.open = recipe_open,
	.version = build_version,
};
