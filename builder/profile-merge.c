/* Merging: what extends promises. Values are never changed, only put together anew, so every value keeps its place. */
#include "builder/profile-private.h"

static struct value *settle(struct arena *a, struct diagnostics *diag, struct value *v);

static void warn_nothing(struct diagnostics *diag, const struct value *key)
{
	diagnose(diag, SEVERITY_WARNING, key->at, key->width,
		 "\"%s\" has no value, which removes an inherited one, but there is none (an empty map is {}, an empty "
		 "list [])",
		 key->text);
}

static struct value *merge_maps(struct arena *a, struct diagnostics *diag, const struct value *base,
				const struct value *over)
{
	struct value *out = value_new(a, VALUE_MAP, over->at);

	for (size_t i = 0; i < base->count; i++) {
		const struct value *over_key = NULL;
		struct value *v = value_get(over, base->keys[i]->text, &over_key);

		if (!over_key)
			value_add(a, out, base->keys[i], base->items[i]);
		else if (v->type != VALUE_NULL)
			value_add(a, out, (struct value *)over_key, value_merge(a, diag, base->items[i], v));
	}
	for (size_t i = 0; i < over->count; i++) {
		if (value_get(base, over->keys[i]->text, NULL))
			continue;
		if (over->items[i]->type == VALUE_NULL)
			warn_nothing(diag, over->keys[i]);
		else
			value_add(a, out, over->keys[i], settle(a, diag, over->items[i]));
	}
	return out;
}

static struct value *append_lists(struct arena *a, struct diagnostics *diag, const struct value *base,
				  const struct value *over)
{
	struct value *out = value_new(a, VALUE_LIST, over->at);

	for (size_t i = 0; base && i < base->count; i++)
		value_add(a, out, NULL, base->items[i]);
	for (size_t i = 0; i < over->count; i++)
		value_add(a, out, NULL, settle(a, diag, over->items[i]));
	return out;
}

/* A value that inherits nothing: without the nulls in its maps. */
static struct value *settle(struct arena *a, struct diagnostics *diag, struct value *v)
{
	const struct value nothing = {.type = VALUE_MAP};

	if (v->type == VALUE_MAP)
		return merge_maps(a, diag, &nothing, v);
	if (v->type == VALUE_LIST)
		return append_lists(a, diag, NULL, v);
	return v;
}

struct value *value_merge(struct arena *a, struct diagnostics *diag, struct value *base, struct value *over)
{
	if (over->replace || base->type != over->type)
		return settle(a, diag, over);
	if (over->type == VALUE_MAP)
		return merge_maps(a, diag, base, over);
	if (over->type == VALUE_LIST)
		return append_lists(a, diag, base, over);
	return over;
}
