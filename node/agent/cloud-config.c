/* Documents of YAML into values of one form: older spellings, short forms and merge keys ("<<") are brought to what the
 * readers take, and keys that have no meaning here are said and taken out. */
#include <string.h>

#include "node/agent/cloud.h"

enum { COUNT_LIMIT = YAML_NODE_LIMIT };

/* "<<: *base" (yaml.org/type/merge): the keys of the map, or of each of the maps, that are not written themselves. */
static void merge_keys(struct cloud *c, struct value *v, unsigned *left)
{
	const struct value *key = NULL;
	struct value *base;

	if (v->type != VALUE_LIST && v->type != VALUE_MAP)
		return;
	/* Aliases make one value part of many; the reader has counted them, so this ends. */
	for (size_t i = 0; i < v->count && *left; i++, (*left)--)
		merge_keys(c, v->items[i], left);
	base = value_get(v, "<<", &key);
	if (!base)
		return;
	cloud_remove(v, "<<");
	for (size_t n = 0; n < (base->type == VALUE_LIST ? base->count : 1); n++) {
		const struct value *from = base->type == VALUE_LIST ? base->items[n] : base;

		if (from->type != VALUE_MAP) {
			complain(&c->r, key, "\"<<\": expected a map or a list of maps");
			return;
		}
		for (size_t i = 0; i < from->count; i++)
			if (!value_get(v, from->keys[i]->text, NULL))
				value_add(c->r.arena, v, from->keys[i], from->items[i]);
	}
}

static struct value *new_map(struct cloud *c, struct place at)
{
	return value_new(c->r.arena, VALUE_MAP, at);
}

/* By aliases one map may stand in many places: what is changed is a copy. */
static struct value *copy_map(struct cloud *c, const struct value *v, struct place at)
{
	struct value *out = new_map(c, at);

	for (size_t i = 0; v->type == VALUE_MAP && i < v->count; i++)
		value_add(c->r.arena, out, v->keys[i], v->items[i]);
	return out;
}

/* A user of users: a name, or a map. NULL for "default", which is root and is there. */
static struct value *canonical_user(struct cloud *c, const struct value *v)
{
	struct value *user;

	if (v->type != VALUE_SCALAR)
		return (struct value *)(uintptr_t)v;
	if (!strcmp(v->text, "default"))
		return NULL;
	user = new_map(c, v->at);
	cloud_set(c, user, v, "name", (struct value *)(uintptr_t)v);
	return user;
}

/* "a, b", [a, {name: b}], {a: {…}, b: …} */
static struct value *canonical_users(struct cloud *c, const struct value *v)
{
	struct value *list = value_new(c->r.arena, VALUE_LIST, v->at);

	if (v->type == VALUE_SCALAR) {
		for (const char *p = v->text; *p;) {
			size_t n = strcspn(p, ", ");
			struct value *word = cloud_text_value(c, v->at, arena_strndup(c->r.arena, p, n));
			struct value *user = n ? canonical_user(c, word) : NULL;

			if (user)
				value_add(c->r.arena, list, NULL, user);
			p += n;
			p += strspn(p, ", ");
		}
		return list;
	}
	for (size_t i = 0; i < v->count; i++) {
		struct value *user = canonical_user(c, v->items[i]);

		if (v->type == VALUE_MAP) {
			if (v->items[i]->type != VALUE_MAP && v->items[i]->type != VALUE_NULL)
				complain(&c->r, v->items[i], "user \"%s\": expected a map of keys and values",
					 v->keys[i]->text);
			user = copy_map(c, v->items[i], v->keys[i]->at);
			if (!value_get(user, "name", NULL))
				cloud_set(c, user, v->keys[i], "name", v->keys[i]);
		}
		if (user && user->type != VALUE_NULL)
			value_add(c->r.arena, list, NULL, user);
	}
	return list;
}

/* user: overrides the default user, who is root. */
static void adopt_user(struct cloud *c, struct value *map)
{
	const struct value *key = NULL;
	struct value *v = value_get(map, "user", &key), *users, *user;

	if (!v)
		return;
	cloud_remove(map, "user");
	user = v->type == VALUE_NULL ? NULL : canonical_user(c, v);
	if (!user)
		return;
	if (user->type == VALUE_MAP && !value_get(user, "name", NULL))
		user = copy_map(c, user, user->at);
	if (user->type == VALUE_MAP && !value_get(user, "name", NULL))
		cloud_set(c, user, key, "name", cloud_text_value(c, key->at, "root"));
	users = value_get(map, "users", NULL);
	if (!users || users->type != VALUE_LIST) {
		users = value_new(c->r.arena, VALUE_LIST, v->at);
		cloud_set(c, map, key, "users", users);
	}
	value_add(c->r.arena, users, NULL, user);
}

static void add_group(struct cloud *c, struct value *map, const struct value *key, const char *name,
		      struct value *members)
{
	struct value *known = value_get(map, name, NULL);

	if (!known || known->type != VALUE_LIST || members->type != VALUE_LIST) {
		cloud_set(c, map, key, name, members);
		return;
	}
	for (size_t i = 0; i < members->count; i++)
		value_add(c->r.arena, known, NULL, members->items[i]);
}

/* "a, b", [a, {b: [x, y]}], {b: [x]} into a map of names to lists. */
static void add_groups(struct cloud *c, struct value *out, const struct value *v)
{
	struct value *nobody = value_new(c->r.arena, VALUE_LIST, v->at);

	if (v->type == VALUE_SCALAR) {
		for (const char *p = v->text; *p;) {
			size_t n = strcspn(p, ", ");

			if (n)
				add_group(c, out, v, arena_strndup(c->r.arena, p, n), nobody);
			p += n;
			p += strspn(p, ", ");
		}
	} else if (v->type == VALUE_LIST) {
		for (size_t i = 0; i < v->count; i++)
			if (v->items[i]->type == VALUE_LIST)
				complain(&c->r, v->items[i],
					 "\"groups\": expected a name, or a map of a name to members");
			else
				add_groups(c, out, v->items[i]);
	} else if (v->type == VALUE_MAP) {
		for (size_t i = 0; i < v->count; i++) {
			struct value *members = v->items[i];

			if (members->type == VALUE_SCALAR) {
				members = value_new(c->r.arena, VALUE_LIST, members->at);
				value_add(c->r.arena, members, NULL, v->items[i]);
			}
			add_group(c, out, v->keys[i], v->keys[i]->text, members->type == VALUE_NULL ? nobody : members);
		}
	}
}

static void adopt_users_and_groups(struct cloud *c, struct value *map)
{
	const struct value *key = NULL;
	struct value *v = value_get(map, "users", &key), *groups;

	if (v && v->type != VALUE_NULL)
		cloud_set(c, map, key, "users", canonical_users(c, v));
	adopt_user(c, map);
	v = value_get(map, "groups", &key);
	if (v && v->type != VALUE_NULL) {
		groups = new_map(c, v->at);
		add_groups(c, groups, v);
		cloud_set(c, map, key, "groups", groups);
	}
}

static void rename_key(struct cloud *c, struct value *map, const char *from, const char *to)
{
	const struct value *key = NULL;
	struct value *v = value_get(map, from, &key);

	if (!v)
		return;
	if (value_get(map, to, NULL))
		complain(&c->r, key, "\"%s\" and \"%s\" are the same key", from, to);
	cloud_remove(map, from);
	cloud_set(c, map, key, to, v);
}

/* What is known and has no meaning is said; so is what nobody knows. Both leave the map. */
static void take_out_unknown(struct cloud *c, struct value *map)
{
	const struct cloud_map ignored = {.keys = cloud_ignored_keys, .count = cloud_ignored_count};

	for (size_t i = 0; i < map->count;) {
		const struct value *key = map->keys[i];
		const struct cloud_key *k = cloud_find(&cloud_top, key->text),
				       *known = k ? k : cloud_find(&ignored, key->text);

		if (k) {
			i++;
			continue;
		}
		if (!known) {
			const char *names[256];
			size_t n = 0;

			for (size_t j = 0; j < cloud_top.count && n < 256; j++)
				if (cloud_top.keys[j].name[0] != ' ')
					names[n++] = cloud_top.keys[j].name;
			for (size_t j = 0; j < cloud_ignored_count && n < 256; j++)
				names[n++] = cloud_ignored_keys[j].name;
			const char *near = did_you_mean(key->text, names, n);

			diagnose(c->r.diag, SEVERITY_WARNING, key->at, key->width, "unknown key \"%s\"%s%s%s, ignored",
				 key->text, near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
		} else if (known->status == CLOUD_REFUSED) {
			diagnose(c->r.diag, SEVERITY_ERROR, key->at, key->width, "\"%s\" is refused: %s", key->text,
				 known->help);
		} else {
			diagnose(c->r.diag, SEVERITY_WARNING, key->at, key->width, "\"%s\" is ignored: %s", key->text,
				 known->help);
		}
		cloud_remove(map, key->text);
	}
}

/* NoCloud's meta-data: who the machine is, as far as somebody else knows. */
static struct value *meta_data(struct cloud *c, const struct value *v)
{
	static const char *const known[] = {"instance-id", "local-hostname",	 "hostname", "public-keys",
					    "public_keys", "network-interfaces", "dsmode"};
	struct value *out = new_map(c, v->at), *keys;

	for (size_t i = 0; i < v->count; i++) {
		const struct value *key = v->keys[i];
		struct value *item = v->items[i];

		if (item->type == VALUE_NULL)
			continue;
		if (!strcmp(key->text, "instance-id")) {
			cloud_set(c, out, key, " instance-id", item);
		} else if (!strcmp(key->text, "local-hostname") || !strcmp(key->text, "hostname")) {
			cloud_set(c, out, key, " local-hostname", item);
		} else if (!strcmp(key->text, "public-keys") || !strcmp(key->text, "public_keys")) {
			/* A list, one text, or a map of names to keys. */
			keys = item;
			if (item->type == VALUE_MAP) {
				keys = value_new(c->r.arena, VALUE_LIST, item->at);
				for (size_t j = 0; j < item->count; j++)
					value_add(c->r.arena, keys, NULL, item->items[j]);
			}
			cloud_set(c, out, key, "ssh_authorized_keys", keys);
		} else {
			const char *near = did_you_mean(key->text, known, sizeof(known) / sizeof(*known));

			diagnose(c->r.diag, SEVERITY_WARNING, key->at, key->width,
				 "meta-data's key \"%s\" has no meaning here%s%s%s, ignored", key->text,
				 near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
		}
	}
	return out;
}

/* Nothing but comments and empty lines. */
static bool is_blank(const char *p, size_t n)
{
	for (size_t i = 0; i < n;) {
		while (i < n && strchr(" \t\r", p[i]) && p[i])
			i++;
		if (i < n && p[i] != '#' && p[i] != '\n')
			return false;
		while (i < n && p[i] != '\n')
			i++;
		i++;
	}
	return true;
}

/* The lines before the document are counted by the parser when they are there. */
static struct value *parse(struct cloud *c, const struct document *d)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *p = d->text;
	size_t n = d->size;

	if (n >= 3 && !memcmp(p, "\xef\xbb\xbf", 3)) {
		p += 3;
		n -= 3;
	}
	for (unsigned line = 1; line < d->line; line++)
		strbuf_puts(&text, "\n");
	strbuf_add(&text, p, n);
	return yaml_parse(c->r.arena, d->name, text.data, text.len, c->r.diag);
}

/* A MIME part's header, where the document says nothing itself. */
static void adopt_merge_how(struct cloud *c, struct value *map, const struct document *d)
{
	struct value *how;

	if (!d->merge_how || d->kind != DOCUMENT_CLOUD_CONFIG || value_get(map, "merge_how", NULL))
		return;
	how = value_new(c->r.arena, VALUE_SCALAR, map->at);
	how->text = d->merge_how;
	how->width = 1;
	cloud_set(c, map, map, "merge_how", how);
}

struct value *cloud_values(struct cloud *c, const struct document *d)
{
	unsigned left = COUNT_LIMIT;
	struct value *v, *wrapped;

	if (is_blank(d->text, d->size))
		return new_map(c, (struct place){d->name, d->line, 1});
	v = parse(c, d);
	if (!v)
		return NULL;
	merge_keys(c, v, &left);
	if (v->type == VALUE_NULL)
		return new_map(c, v->at);
	if (v->type != VALUE_MAP) {
		complain(&c->r, v, "a cloud-config is a map of keys and values");
		return NULL;
	}
	if (d->kind == DOCUMENT_META_DATA)
		return meta_data(c, v);
	if (d->kind == DOCUMENT_NETWORK_CONFIG && !value_get(v, "network", NULL)) {
		wrapped = new_map(c, v->at);
		cloud_set(c, wrapped, v, "network", v);
		v = wrapped;
	}
	rename_key(c, v, "ca-certs", "ca_certs");
	rename_key(c, v, "merge_type", "merge_how");
	adopt_merge_how(c, v, d);
	cloud_adopt_foreign(c, v);
	cloud_adopt_network(c, v);
	adopt_users_and_groups(c, v);
	take_out_unknown(c, v);
	return v;
}
