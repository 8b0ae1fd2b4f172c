#include <string.h>

#include "node/agent/ignition.h"

static void read_user(struct ignition *g, const struct value *v, const char *path, struct value *list)
{
	static const char *const names[][2] = {
		{"name", "name"},
		{"sshAuthorizedKeys", "ssh_authorized_keys"},
		{"uid", "uid"},
		{"gecos", "gecos"},
		{"homeDir", "homedir"},
		{"noCreateHome", "no_create_home"},
		{"primaryGroup", "primary_group"},
		{"groups", "groups"},
		{"noUserGroup", "no_user_group"},
		{"shell", "shell"},
		{"system", "system"},
	};
	struct value *user = value_new(g->c->r.arena, VALUE_MAP, v->at);

	if (!ignition_check(g, &ignition_user, path, v))
		return;
	if (!value_get(v, "name", NULL))
		ignition_complain(g, v, path, "without \"name\"");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct value *key = NULL;
		struct value *item = value_get(v, names[i][0], &key);

		/* "" says as much as nothing. */
		if (item && item->type != VALUE_NULL && !(item->type == VALUE_SCALAR && !*item->text))
			cloud_set(g->c, user, key, names[i][1], item);
	}
	value_add(g->c->r.arena, list, NULL, user);
}

static void read_group(struct ignition *g, const struct value *v, const char *path, struct value *map)
{
	const struct value *name = value_get(v, "name", NULL), *key = NULL;
	struct value *group = value_new(g->c->r.arena, VALUE_MAP, v->at), *gid = value_get(v, "gid", &key);

	if (!ignition_check(g, &ignition_group, path, v))
		return;
	if (!name || name->type != VALUE_SCALAR) {
		ignition_complain(g, v, path, "without \"name\"");
		return;
	}
	if (gid && gid->type != VALUE_NULL)
		cloud_set(g->c, group, key, "gid", gid);
	cloud_set(g->c, map, name, name->text, group);
}

void ignition_passwd_read(struct ignition *g, const struct value *v)
{
	const struct value *users, *groups;

	if (!ignition_check(g, &ignition_passwd, "passwd", v))
		return;
	users = ignition_list(g, v, "users", "passwd");
	groups = ignition_list(g, v, "groups", "passwd");
	if (users && users->count) {
		struct value *list = value_new(g->c->r.arena, VALUE_LIST, users->at);

		for (size_t i = 0; i < users->count; i++)
			read_user(g, users->items[i], ignition_item(g, "passwd.users", i), list);
		cloud_set(g->c, g->out, users, "users", list);
	}
	if (groups && groups->count) {
		struct value *map = value_new(g->c->r.arena, VALUE_MAP, groups->at);

		for (size_t i = 0; i < groups->count; i++)
			read_group(g, groups->items[i], ignition_item(g, "passwd.groups", i), map);
		cloud_set(g->c, g->out, groups, "groups", map);
	}
}
