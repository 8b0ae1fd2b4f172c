/* The rules by which a later document's keys meet an earlier one's. Values are never changed, only put together anew.
 */
#include <string.h>

#include "node/agent/merge.h"

static const char *text_of(const struct value *map, const char *name)
{
	const struct value *v = value_get(map, name, NULL);

	return v && v->type == VALUE_SCALAR ? v->text : NULL;
}

static struct value *copy_list(struct cloud *c, const struct value *list, struct place at)
{
	struct value *out = value_new(c->r.arena, VALUE_LIST, at);

	for (size_t i = 0; list && i < list->count; i++)
		value_add(c->r.arena, out, NULL, list->items[i]);
	return out;
}

static bool has_text(const struct value *list, const struct value *v)
{
	for (size_t i = 0; v->type == VALUE_SCALAR && i < list->count; i++)
		if (list->items[i]->type == VALUE_SCALAR && !strcmp(list->items[i]->text, v->text))
			return true;
	return false;
}

/* once: texts that are there already are left out (keys, names); commands may come twice. */
static struct value *append(struct cloud *c, const struct value *base, const struct value *over, bool once)
{
	struct value *out = copy_list(c, base, over->at);

	for (size_t i = 0; i < over->count; i++)
		if (!once || !has_text(out, over->items[i]))
			value_add(c->r.arena, out, NULL, over->items[i]);
	return out;
}

static struct value *merge_maps(struct cloud *c, const struct value *base, const struct value *over, bool lists);

static struct value *merge_two(struct cloud *c, struct value *base, struct value *over, bool lists)
{
	if (over->replace || base->type != over->type)
		return over;
	if (over->type == VALUE_MAP)
		return merge_maps(c, base, over, lists);
	return over->type == VALUE_LIST && lists ? append(c, base, over, true) : over;
}

static struct value *merge_maps(struct cloud *c, const struct value *base, const struct value *over, bool lists)
{
	struct value *out = value_new(c->r.arena, VALUE_MAP, over->at);

	for (size_t i = 0; i < base->count; i++) {
		const struct value *key = NULL;
		struct value *v = value_get(over, base->keys[i]->text, &key);

		if (!v)
			value_add(c->r.arena, out, base->keys[i], base->items[i]);
		else if (v->type != VALUE_NULL)
			value_add(c->r.arena, out, (struct value *)(uintptr_t)key,
				  merge_two(c, base->items[i], v, lists));
	}
	for (size_t i = 0; i < over->count; i++)
		if (over->items[i]->type != VALUE_NULL && !value_get(base, over->keys[i]->text, NULL))
			value_add(c->r.arena, out, over->keys[i], over->items[i]);
	return out;
}

/* Keys and groups of a user add up, the rest is replaced. */
static struct value *merge_user(struct cloud *c, const struct value *base, const struct value *over)
{
	static const char *const lists[] = {"ssh_authorized_keys", "groups"};
	struct value *out = merge_maps(c, base, over, false);

	for (size_t i = 0; i < 2; i++) {
		const struct value *key = NULL;
		struct value *before = value_get(base, lists[i], NULL), *after = value_get(over, lists[i], &key);

		if (before && after && before->type == VALUE_LIST && after->type == VALUE_LIST && !after->replace)
			cloud_set(c, out, key, lists[i], append(c, before, after, true));
	}
	return out;
}

/* Where an item with the same text under a name is; count when there is none. */
static size_t find_item(const struct value *list, const char *name, const struct value *item)
{
	const char *wanted = text_of(item, name);
	size_t i = 0;

	while (i < list->count &&
	       (!wanted || !text_of(list->items[i], name) || strcmp(text_of(list->items[i], name), wanted) != 0))
		i++;
	return i;
}

static struct value *merge_users(struct cloud *c, const struct value *base, const struct value *over)
{
	struct value *out = copy_list(c, base, over->at);

	for (size_t i = 0; i < over->count; i++) {
		size_t at = find_item(out, "name", over->items[i]);

		if (at < out->count && over->items[i]->type == VALUE_MAP)
			out->items[at] = merge_user(c, out->items[at], over->items[i]);
		else
			value_add(c->r.arena, out, NULL, over->items[i]);
	}
	return out;
}

static void remove_item(struct value *list, size_t at)
{
	list->count--;
	memmove(list->items + at, list->items + at + 1, (list->count - at) * sizeof(struct value *));
}

static struct value *merge_files(struct cloud *c, const struct value *base, const struct value *over)
{
	struct value *out = copy_list(c, base, over->at);

	for (size_t i = 0; i < over->count; i++) {
		const char *more = text_of(over->items[i], "append");

		if (!more || cloud_truth(more) != 1)
			for (size_t at = find_item(out, "path", over->items[i]); at < out->count;
			     at = find_item(out, "path", over->items[i]))
				remove_item(out, at);
		value_add(c->r.arena, out, NULL, over->items[i]);
	}
	return out;
}

static const struct value *mount_point(const struct value *entry)
{
	const struct value *v = entry->type == VALUE_LIST && entry->count ? entry->items[entry->count > 1] : NULL;

	return v && v->type == VALUE_SCALAR ? v : NULL;
}

static struct value *merge_mounts(struct cloud *c, const struct value *base, const struct value *over)
{
	struct value *out = copy_list(c, base, over->at);

	for (size_t i = 0; i < over->count; i++) {
		const struct value *point = mount_point(over->items[i]);

		for (size_t j = 0; point && j < out->count;) {
			const struct value *other = mount_point(out->items[j]);

			if (other && !strcmp(other->text, point->text))
				remove_item(out, j);
			else
				j++;
		}
		value_add(c->r.arena, out, NULL, over->items[i]);
	}
	return out;
}

static struct value *merge_key(struct cloud *c, const struct cloud_key *k, struct value *base, struct value *over)
{
	if (over->replace || base->type != over->type)
		return over;
	switch (k->merge) {
	case CLOUD_REPLACE:
		return over;
	case CLOUD_APPEND:
		return over->type == VALUE_LIST ? append(c, base, over, k->read == cloud_read_keys) : over;
	case CLOUD_MERGE:
		return over->type == VALUE_MAP ? merge_maps(c, base, over, false) : over;
	case CLOUD_MERGE_LISTS:
		return over->type == VALUE_MAP ? merge_maps(c, base, over, true) : over;
	case CLOUD_USERS:
		return over->type == VALUE_LIST ? merge_users(c, base, over) : over;
	case CLOUD_FILES:
		return over->type == VALUE_LIST ? merge_files(c, base, over) : over;
	case CLOUD_MOUNTS:
		return over->type == VALUE_LIST ? merge_mounts(c, base, over) : over;
	}
	return over;
}

struct value *merge_values(struct cloud *c, const struct value *base, const struct value *over)
{
	struct value *out = value_new(c->r.arena, VALUE_MAP, over->at);
	struct merge_how how;
	bool own = merge_read_how(c, value_get(over, "merge_how", NULL), &how);

	for (size_t i = 0; i < base->count; i++)
		if (!value_get(over, base->keys[i]->text, NULL))
			value_add(c->r.arena, out, base->keys[i], base->items[i]);
	for (size_t i = 0; i < over->count; i++) {
		struct value *key = over->keys[i], *v = over->items[i], *before = value_get(base, key->text, NULL);
		const struct cloud_key *k = cloud_find(&cloud_top, key->text);

		if (v->type == VALUE_NULL || !k || !strcmp(key->text, "merge_how"))
			continue;
		if (before && own && key->text[0] != ' ')
			v = merge_by_how(c, &how, before, v);
		else if (before)
			v = merge_key(c, k, before, v);
		value_add(c->r.arena, out, key, v);
	}
	return out;
}
