#include "builder/recipe.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/flat.h"
#include "builder/progress.h"

enum { LISTING_LIMIT = 64 * 1024 * 1024 };

/* "recipe": listings by key; "recipe-inputs": what the key was made from, to tell later what changed. */
#define KIND "recipe"
#define KIND_INPUTS "recipe-inputs"

struct source recipe_part_source(const struct source *s, const char *name)
{
	return (struct source){.kind = SOURCE_BUILD, .spec = name, .repository = s->repository, .roots = s->roots, .at = s->at};
}

/* A result in the store: 1 with the outputs filled, 0 not there (or not whole), -1 error. */
static int load(struct build *b, const struct recipe_plan *p, const struct hash *key, struct tree *out, struct hash *hash,
		struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error broken = {0};
	struct tree tree = {.arena = b->arena};
	int found = store_get_result(&b->store, KIND, key, &text, err);

	if (found <= 0)
		return found;
	/* What cannot be read, or lacks contents, is made again. */
	if (text.len > LISTING_LIMIT || tree_read(&tree, p->label, text.data, text.len, &broken) < 0 ||
	    !store_has_files(&b->store, &tree))
		return 0;
	for (size_t i = 0; i < tree.count; i++)
		tree.nodes[i].origin = arena_printf(b->arena, "recipe %s%s%s", p->label, p->version ? " " : "",
						    p->version ? p->version : "");
	*hash = hash_bytes(text.data, text.len);
	*out = tree;
	return 1;
}

static int make(struct build *b, const struct recipe_plan *p, struct tree *out, struct hash *hash, struct error *err)
{
	struct progress_step *step = progress_begin(b->progress, "build", p->label, 0);
	_cleanup_strbuf_ struct strbuf listing = {0};
	struct tree tree;

	if (recipe_make(b, p, &tree, err) < 0) {
		progress_drop(step);
		return error_wrap(err, "recipe %s", p->label);
	}
	tree_write(&tree, &listing);
	if (store_put_result(&b->store, KIND_INPUTS, &p->key, p->inputs, strlen(p->inputs), err) < 0 ||
	    store_put_result(&b->store, KIND, &p->key, listing.data, listing.len, err) < 0) {
		progress_drop(step);
		return error_wrap(err, "recipe %s", p->label);
	}
	progress_end(step, NULL);
	/* From the store, so that a fresh result and one found there are the same in every respect. */
	if (load(b, p, &p->key, out, hash, err) == 1)
		return 1;
	return err->text ? -1 : error_set(err, "recipe %s: its result vanished from the store", p->label);
}

/* What the lock has under this label, whatever its key. */
static struct locked_hash *find_lock(struct build *b, const char *label)
{
	for (size_t i = 0; i < b->lock.hash_count; i++)
		if (!strcmp(b->lock.hashes[i].kind, KIND) && !strcmp(b->lock.hashes[i].name, label))
			return &b->lock.hashes[i];
	return NULL;
}

static bool has_line(const struct flat *f, const struct flat_line *wanted)
{
	for (size_t i = 0; i < f->count; i++) {
		size_t k = 0;

		while (k < wanted->count && k < f->lines[i].count && !strcmp(wanted->words[k], f->lines[i].words[k]))
			k++;
		if (k == wanted->count && k == f->lines[i].count)
			return true;
	}
	return false;
}

static void describe(const struct flat *old, const struct flat *new, const char *prefix, struct strbuf *out, bool *tools_only)
{
	for (size_t i = 0; i < old->count; i++) {
		const struct flat_line *line = &old->lines[i];

		if (has_line(new, line))
			continue;
		if (strcmp(line->words[0], "tool"))
			*tools_only = false;
		strbuf_printf(out, "\n    %s", prefix);
		for (size_t k = 0; k < line->count; k++)
			strbuf_printf(out, " %s", line->words[k]);
	}
}

/* How the inputs under the lock's key and ours differ, line by line. False when the old ones are not known here. */
static bool explain(struct build *b, const struct recipe_plan *p, const struct locked_hash *locked, struct strbuf *out,
		    bool *tools_only)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error ignored = {0};
	struct flat old, new;
	struct hash key;

	if (!locked->key || !hash_parse(locked->key, &key) ||
	    store_get_result(&b->store, KIND_INPUTS, &key, &text, &ignored) != 1 ||
	    flat_parse(b->arena, "inputs", text.data, text.len, &old, &ignored) < 0 ||
	    flat_parse(b->arena, "inputs", p->inputs, strlen(p->inputs), &new, &ignored) < 0)
		return false;
	*tools_only = true;
	describe(&old, &new, "in the lock:", out, tools_only);
	describe(&new, &old, "now:", out, tools_only);
	return true;
}

/* With --locked the result that the lock names is what counts. When it is in the store and only the host's tools are others
 * than then, it is taken. 1 taken, 0 not there, -1 when the recipe itself is another. */
static int take_locked(struct build *b, const struct recipe_plan *p, const struct locked_hash *locked, struct tree *out,
		       struct hash *hash, struct error *err)
{
	_cleanup_strbuf_ struct strbuf difference = {0};
	struct hash key;
	bool tools_only;

	if (!explain(b, p, locked, &difference, &tools_only))
		return 0;
	if (!tools_only)
		return error_set(err, "recipe %s: changed since the lock was made; build without --locked to take it up%s", p->label,
				 difference.data);
	if (!hash_parse(locked->key, &key))
		return 0;
	return load(b, p, &key, out, hash, err);
}

/* The tools it was made with, one line each and none of the past. */
static void lock_tools(struct build *b, const struct recipe_plan *p)
{
	_cleanup_error_ struct error ignored = {0};
	struct flat inputs = {0};

	flat_parse(b->arena, "inputs", p->inputs, strlen(p->inputs), &inputs, &ignored);
	for (size_t i = 0; i < inputs.count; i++) {
		const char **words = inputs.lines[i].words;
		struct locked_hash tool = {.kind = "tool"}, *old = NULL;

		if (strcmp(words[0], "tool") || inputs.lines[i].count != 3)
			continue;
		tool.name = words[1];
		tool.key = words[2];
		for (size_t k = 0; k < b->lock.hash_count && !old; k++)
			if (!strcmp(b->lock.hashes[k].kind, "tool") && !strcmp(b->lock.hashes[k].name, tool.name))
				old = &b->lock.hashes[k];
		if (old)
			*old = tool;
		else
			lock_put_hash(&b->lock, &tool);
	}
}

/* Hold a result against the lock, and put it there. */
static int settle(struct build *b, const struct recipe_plan *p, const struct hash *hash, struct error *err)
{
	struct locked_hash *locked = find_lock(b, p->label);
	_cleanup_strbuf_ struct strbuf difference = {0};
	char key[HASH_HEX_SIZE], was[HASH_HEX_SIZE], is[HASH_HEX_SIZE];
	bool same_key, tools_only;

	hash_hex(&p->key, key);
	same_key = locked && locked->key && !strcmp(locked->key, key);
	if (locked && !hash_equal(&locked->hash, hash) && (same_key || b->options.locked)) {
		if (!same_key)
			explain(b, p, locked, &difference, &tools_only);
		return error_set(err,
				 "recipe %s: the lock names another result (%.12s… there, %.12s… here)%s%s; build without --locked and "
				 "with no lock beside the outputs to accept the new one",
				 p->label, hash_hex(&locked->hash, was), hash_hex(hash, is),
				 same_key ? ": the same inputs gave other bytes, so the recipe is not reproducible" : "",
				 difference.len ? difference.data : "");
	}
	if (locked && b->options.locked)
		return 0;
	lock_tools(b, p);
	locked = find_lock(b, p->label); /* lock_tools may have moved it */
	if (locked) {
		locked->key = arena_strdup(b->arena, key);
		locked->hash = *hash;
		return 0;
	}
	lock_put_hash(&b->lock, &(struct locked_hash){.kind = KIND, .name = arena_strdup(b->arena, p->label),
						      .key = arena_strdup(b->arena, key), .hash = *hash});
	return 0;
}

static int make_once(struct build *b, const struct recipe_plan *p, struct tree *out, struct hash *hash, struct error *err)
{
	char hex[HASH_HEX_SIZE];
	_cleanup_close_ int lock = store_lock(&b->store, arena_printf(b->arena, "recipe-%s", hash_hex(&p->key, hex)), err);
	int found;

	if (lock < 0)
		return error_wrap(err, "recipe %s", p->label);
	found = load(b, p, &p->key, out, hash, err); /* by whoever held the lock before us */
	return found ? found : make(b, p, out, hash, err);
}

static int deliver(struct build *b, const struct source *s, bool may_make, unsigned nesting, struct tree *out, struct hash *hash,
		   struct error *err)
{
	struct locked_hash *locked;
	struct recipe_plan p;
	int found;

	if (nesting > RECIPE_NESTING_LIMIT)
		return error_set(err, "recipe %s: recipes build on each other in a circle", s->spec);
	if (recipe_choose(b, s, &p, err) < 0)
		return -1;
	p.parts = arena_calloc(b->arena, p.recipe.parts.count + 1, sizeof(*p.parts));
	for (; p.part_count < p.recipe.parts.count; p.part_count++) {
		struct recipe_part *part = &p.parts[p.part_count];
		struct source *other = arena_new(b->arena, struct source);

		part->name = p.recipe.parts.items[p.part_count];
		*other = recipe_part_source(s, part->name);
		found = deliver(b, other, may_make, nesting + 1, &part->tree, &part->hash, err);
		if (found <= 0)
			return found;
	}
	if (recipe_plan_inputs(b, &p, err) < 0)
		return -1;
	found = load(b, &p, &p.key, out, hash, err);
	locked = find_lock(b, p.label);
	if (!found && b->options.locked && locked)
		found = take_locked(b, &p, locked, out, hash, err);
	if (!found && may_make)
		found = make_once(b, &p, out, hash, err);
	if (found == 1 && may_make && settle(b, &p, hash, err) < 0)
		return -1;
	return found;
}

int recipe_deliver(struct build *b, const struct source *s, bool may_make, struct tree *out, struct hash *hash, struct error *err)
{
	return deliver(b, s, may_make, 0, out, hash, err);
}
