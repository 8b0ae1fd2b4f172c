/* merge_how, as cloud-init's "Merging user data sections" has it: "list(append)+dict(no_replace,recurse_list)+str()",
 * or a list of {name: list, settings: [append]}. */
#include <string.h>

#include "node/agent/merge.h"

static bool is_word(const char *text, size_t n, const char *word)
{
	return strlen(word) == n && !strncmp(text, word, n);
}

/* One setting of one merger; false for what nobody knows. */
static bool read_setting(const char *merger, size_t merger_length, const char *text, size_t n, struct merge_how *out)
{
	if (n == 0)
		return true;
	if (is_word(merger, merger_length, "list")) {
		if (is_word(text, n, "append"))
			out->list = HOW_LIST_APPEND;
		else if (is_word(text, n, "prepend"))
			out->list = HOW_LIST_PREPEND;
		else if (is_word(text, n, "no_replace"))
			out->list = HOW_LIST_KEEP;
		else if (is_word(text, n, "replace"))
			out->list = HOW_LIST_REPLACE;
		else
			return is_word(text, n, "recurse_dict") || is_word(text, n, "recurse_list") ||
			       is_word(text, n, "recurse_array") || is_word(text, n, "recurse_str");
		return true;
	}
	if (is_word(merger, merger_length, "dict")) {
		if (is_word(text, n, "replace"))
			out->map = HOW_MAP_REPLACE;
		else if (is_word(text, n, "no_replace"))
			out->map = HOW_MAP_KEEP;
		else if (is_word(text, n, "recurse_dict"))
			out->recurse = true;
		else
			return is_word(text, n, "recurse_list") || is_word(text, n, "recurse_array") ||
			       is_word(text, n, "recurse_str") || is_word(text, n, "allow_delete");
		return true;
	}
	return is_word(merger, merger_length, "str") && is_word(text, n, "append");
}

static bool is_merger(const char *text, size_t n)
{
	return is_word(text, n, "list") || is_word(text, n, "dict") || is_word(text, n, "str");
}

/* "dict(recurse_list,no_replace)+list(append)" */
static bool read_line(const char *text, struct merge_how *out)
{
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "(+");
		const char *merger = p;

		if (!is_merger(merger, n))
			return false;
		p += n;
		if (*p == '(') {
			for (p++; *p && *p != ')';) {
				size_t len = strcspn(p, ",)");
				size_t skip = strspn(p, " ");

				if (!read_setting(merger, n, p + skip, len > skip ? len - skip : 0, out))
					return false;
				p += len + (p[len] == ',');
			}
			if (*p++ != ')')
				return false;
		}
		if (*p == '+')
			p++;
		else if (*p)
			return false;
	}
	return true;
}

static bool read_item(const struct value *v, struct merge_how *out)
{
	const struct value *name = value_get(v, "name", NULL), *settings = value_get(v, "settings", NULL);

	if (!name || name->type != VALUE_SCALAR || !is_merger(name->text, strlen(name->text)))
		return false;
	for (size_t i = 0; settings && settings->type == VALUE_LIST && i < settings->count; i++)
		if (settings->items[i]->type != VALUE_SCALAR ||
		    !read_setting(name->text, strlen(name->text), settings->items[i]->text,
				  strlen(settings->items[i]->text), out))
			return false;
	return true;
}

bool merge_read_how(struct cloud *c, const struct value *v, struct merge_how *out)
{
	bool ok = true;

	*out = (struct merge_how){0};
	if (!v || v->type == VALUE_NULL)
		return false;
	if (v->type == VALUE_SCALAR)
		ok = read_line(v->text, out);
	else if (v->type == VALUE_LIST)
		for (size_t i = 0; i < v->count; i++)
			ok = ok && read_item(v->items[i], out);
	else
		ok = false;
	if (!ok)
		complain(&c->r, v,
			 "\"merge_how\": expected mergers with settings, as in "
			 "\"list(append)+dict(no_replace,recurse_list)+str()\"");
	return ok;
}

static struct value *join(struct cloud *c, const struct value *first, const struct value *second, struct place at)
{
	struct value *out = value_new(c->r.arena, VALUE_LIST, at);

	for (size_t i = 0; i < first->count; i++)
		value_add(c->r.arena, out, NULL, first->items[i]);
	for (size_t i = 0; i < second->count; i++)
		value_add(c->r.arena, out, NULL, second->items[i]);
	return out;
}

struct value *merge_by_how(struct cloud *c, const struct merge_how *how, struct value *base, struct value *over)
{
	struct value *out;

	if (base->type == VALUE_LIST && over->type == VALUE_LIST && how->list != HOW_LIST_DEFAULT) {
		if (how->list == HOW_LIST_APPEND)
			return join(c, base, over, over->at);
		if (how->list == HOW_LIST_PREPEND)
			return join(c, over, base, over->at);
		return how->list == HOW_LIST_KEEP ? base : over;
	}
	if (how->map == HOW_MAP_REPLACE)
		return over;
	if (base->type != VALUE_MAP || over->type != VALUE_MAP)
		return base;
	/* Keys that are there stay as they are; with recurse_dict, maps inside are merged the same way. */
	out = value_new(c->r.arena, VALUE_MAP, over->at);
	for (size_t i = 0; i < base->count; i++) {
		struct value *other = value_get(over, base->keys[i]->text, NULL);

		value_add(c->r.arena, out, base->keys[i],
			  other && (how->recurse || base->items[i]->type == VALUE_LIST)
				  ? merge_by_how(c, how, base->items[i], other)
				  : base->items[i]);
	}
	for (size_t i = 0; i < over->count; i++)
		if (!value_get(base, over->keys[i]->text, NULL))
			value_add(c->r.arena, out, over->keys[i], over->items[i]);
	return out;
}
