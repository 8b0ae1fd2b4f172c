/* Users and groups: the image's own accounts, read from its passwd(5) and group(5), and the configuration's. No
 * password opens any of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "node/agent/apply.h"

enum { ACCOUNT_FILE_LIMIT = 1 << 20, FIRST_UID = 1000, FIRST_SYSTEM_UID = 101, USERS_GID = 100 };

/* The fields of a line, ":" between; count must be what the file has. */
static bool split(struct arena *a, const char *line, size_t n, const char **fields, size_t count)
{
	const char *end = line + n;

	for (size_t i = 0; i < count; i++) {
		const char *colon = memchr(line, ':', (size_t)(end - line));

		if (!colon != (i + 1 == count))
			return false;
		fields[i] = arena_strndup(a, line, (size_t)((colon ? colon : end) - line));
		line = colon ? colon + 1 : end;
	}
	return true;
}

static struct account *find_user(const struct accounts *all, const char *name)
{
	for (size_t i = 0; i < all->user_count; i++)
		if (!strcmp(all->users[i].name, name))
			return &all->users[i];
	return NULL;
}

static struct account_group *find_group(const struct accounts *all, const char *name)
{
	for (size_t i = 0; i < all->group_count; i++)
		if (!strcmp(all->groups[i].name, name))
			return &all->groups[i];
	return NULL;
}

static struct account *add_user(struct apply *a, struct account u)
{
	struct accounts *all = &a->accounts;

	all->users = arena_grow(a->arena, all->users, all->user_count, &all->user_cap, sizeof(*all->users));
	all->users[all->user_count] = u;
	return &all->users[all->user_count++];
}

static struct account_group *add_group(struct apply *a, struct account_group g)
{
	struct accounts *all = &a->accounts;

	all->groups = arena_grow(a->arena, all->groups, all->group_count, &all->group_cap, sizeof(*all->groups));
	all->groups[all->group_count] = g;
	return &all->groups[all->group_count++];
}

static void add_member(struct apply *a, struct account_group *g, const char *name)
{
	if (!strings_has(&g->members, name))
		strings_add(a->arena, &g->members, name);
}

static void read_user_line(struct apply *a, const char *line, size_t n)
{
	const char *f[7];
	int64_t uid, gid;

	if (split(a->arena, line, n, f, 7) && cloud_integer(f[2], &uid) && cloud_integer(f[3], &gid))
		add_user(a, (struct account){.name = f[0],
					     .gecos = f[4],
					     .home = f[5],
					     .shell = f[6],
					     .uid = (uid_t)uid,
					     .gid = (gid_t)gid});
}

static void read_group_line(struct apply *a, const char *line, size_t n)
{
	const char *f[4];
	struct account_group g = {0};
	int64_t gid;

	if (!split(a->arena, line, n, f, 4) || !cloud_integer(f[2], &gid))
		return;
	g = (struct account_group){.name = f[0], .gid = (gid_t)gid};
	for (const char *p = f[3]; *p;) {
		size_t len = strcspn(p, ",");

		if (len)
			add_member(a, &g, arena_strndup(a->arena, p, len));
		p += len + (p[len] == ',');
	}
	add_group(a, g);
}

static int read_lines(struct apply *a, const char *path, void (*read)(struct apply *, const char *, size_t),
		      struct error *err)
{
	const char *text;

	if (root_read(&a->root, path, ACCOUNT_FILE_LIMIT, &text, NULL, NULL, err) < 0)
		return -1;
	while (*text) {
		size_t n = strcspn(text, "\n");

		if (n)
			read(a, text, n);
		text += n + (text[n] == '\n');
	}
	return 0;
}

static bool uid_taken(const struct accounts *all, uid_t uid)
{
	for (size_t i = 0; i < all->user_count; i++)
		if (all->users[i].uid == uid)
			return true;
	return false;
}

static bool gid_taken(const struct accounts *all, gid_t gid)
{
	for (size_t i = 0; i < all->group_count; i++)
		if (all->groups[i].gid == gid)
			return true;
	return false;
}

/* The same for the same configuration: numbers follow from the order in which accounts are written. */
static struct account_group *want_group(struct apply *a, const char *name, int64_t wanted, bool system)
{
	struct account_group *g = find_group(&a->accounts, name);
	gid_t gid = wanted >= 0 ? (gid_t)wanted : a->accounts.next_gid[system];

	if (g)
		return g;
	while (wanted < 0 && gid_taken(&a->accounts, gid))
		gid++;
	if (wanted < 0)
		a->accounts.next_gid[system] = gid + 1;
	return add_group(a, (struct account_group){.name = name, .gid = gid});
}

static int make_groups(struct apply *a, struct error *err)
{
	for (size_t i = 0; i < a->settings.group_count; i++) {
		const struct setting_group *s = &a->settings.groups[i];
		struct account_group *g = find_group(&a->accounts, s->name);

		if (g && s->gid >= 0 && g->gid != (gid_t)s->gid)
			return place_error(err, s->at, "group %s is in the image already, with the number %u", s->name,
					   g->gid);
		if (!g && s->gid >= 0 && gid_taken(&a->accounts, (gid_t)s->gid))
			return place_error(err, s->at, "group %s: the number %lld is another group's", s->name,
					   (long long)s->gid);
		g = want_group(a, s->name, s->gid, false);
		for (size_t j = 0; j < s->members.count; j++)
			add_member(a, g, s->members.items[j]);
	}
	return 0;
}

/* A shell that the image does not have would lock its user out. */
static const char *usable_shell(struct apply *a, const struct setting_user *s)
{
	if (root_exists(&a->root, s->shell))
		return s->shell;
	fprintf(stderr, "%s:%u:%u: warning: user %s: the image has no %s, its shell is /bin/sh\n", s->at.file,
		s->at.line, s->at.column, s->name, s->shell);
	return "/bin/sh";
}

static int new_user(struct apply *a, const struct setting_user *s, struct account **out, struct error *err)
{
	struct account u = {
		.name = s->name, .gecos = "", .fresh = !s->no_home && !s->system, .shell = "/bin/sh", .at = s->at};
	uid_t uid = s->uid >= 0 ? (uid_t)s->uid : a->accounts.next_uid[s->system];
	struct account_group *own = s->group || s->no_group ? NULL : find_group(&a->accounts, s->name);

	while (s->uid < 0 &&
	       (uid_taken(&a->accounts, uid) || (!own && !s->group && !s->no_group && gid_taken(&a->accounts, uid))))
		uid++;
	if (s->uid < 0)
		a->accounts.next_uid[s->system] = uid + 1;
	if (uid_taken(&a->accounts, uid))
		return place_error(err, s->at, "user %s: the number %u is another user's", s->name, uid);
	u.uid = uid;
	if (s->group)
		u.gid = want_group(a, s->group, -1, s->system)->gid;
	else if (s->no_group)
		u.gid = want_group(a, "users", USERS_GID, true)->gid;
	else
		u.gid = want_group(a, s->name, gid_taken(&a->accounts, uid) ? -1 : (int64_t)uid, s->system)->gid;
	u.home = arena_printf(a->arena, "/home/%s", s->name);
	*out = add_user(a, u);
	return 0;
}

static int make_user(struct apply *a, const struct setting_user *s, struct error *err)
{
	struct account *u = find_user(&a->accounts, s->name);

	if (u && s->uid >= 0 && u->uid != (uid_t)s->uid)
		return place_error(err, s->at, "user %s is in the image already, with the number %u", s->name, u->uid);
	if (!u && new_user(a, s, &u, err) < 0)
		return -1;
	u->at = s->at;
	if (s->gecos)
		u->gecos = s->gecos;
	if (s->home)
		u->home = s->home;
	if (s->shell)
		u->shell = usable_shell(a, s);
	for (size_t i = 0; i < s->keys.count; i++)
		strings_add(a->arena, &u->keys, s->keys.items[i]);
	for (size_t i = 0; i < s->groups.count; i++)
		add_member(a, want_group(a, s->groups.items[i], -1, false), s->name);
	return 0;
}

int apply_accounts_prepare(struct apply *a, struct error *err)
{
	const struct settings *s = &a->settings;
	struct account *root;

	a->accounts.next_uid[0] = a->accounts.next_gid[0] = FIRST_UID;
	a->accounts.next_uid[1] = a->accounts.next_gid[1] = FIRST_SYSTEM_UID;
	if (read_lines(a, "/etc/passwd", read_user_line, err) < 0 ||
	    read_lines(a, "/etc/group", read_group_line, err) < 0)
		return -1;
	if (!find_user(&a->accounts, "root"))
		add_user(a, (struct account){
				    .name = "root", .gecos = "", .home = "/root", .shell = "/bin/sh", .fresh = true});
	if (!find_group(&a->accounts, "root"))
		add_group(a, (struct account_group){.name = "root"});
	if (make_groups(a, err) < 0)
		return -1;
	for (size_t i = 0; i < s->user_count; i++)
		if (make_user(a, &s->users[i], err) < 0)
			return -1;
	root = find_user(&a->accounts, "root");
	for (size_t i = 0; i < s->root_keys.count; i++)
		strings_add(a->arena, &root->keys, s->root_keys.items[i]);
	return 0;
}

int apply_owner(struct apply *a, const char *user, const char *group, struct place at, uid_t *uid, gid_t *gid,
		struct error *err)
{
	const struct account *u = user ? find_user(&a->accounts, user) : NULL;
	const struct account_group *g = group ? find_group(&a->accounts, group) : NULL;
	int64_t number;

	*uid = 0;
	*gid = 0;
	if (u) {
		*uid = u->uid;
		*gid = u->gid;
	} else if (user) {
		if (!cloud_integer(user, &number) || number < 0 || number > 4294967294)
			return place_error(err, at, "there is no user \"%s\"", user);
		*uid = (uid_t)number;
	}
	if (g)
		*gid = g->gid;
	else if (group && (!cloud_integer(group, &number) || number < 0 || number > 4294967294))
		return place_error(err, at, "there is no group \"%s\"", group);
	else if (group)
		*gid = (gid_t)number;
	return 0;
}

static int write_account_file(struct apply *a, const char *path, mode_t mode, const struct strbuf *text,
			      struct error *err)
{
	return root_write(&a->root, path, text->data, text->len, mode, 0, 0, err);
}

static int write_shells(struct apply *a, struct error *err)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	const char *known;
	bool changed = false;

	if (root_read(&a->root, "/etc/shells", ACCOUNT_FILE_LIMIT, &known, NULL, NULL, err) < 0)
		return -1;
	strbuf_puts(&out, known);
	for (size_t i = 0; i < a->accounts.user_count; i++) {
		const char *line = arena_printf(a->arena, "%s\n", a->accounts.users[i].shell);

		if (!a->accounts.users[i].at.file || strstr(out.data, line))
			continue;
		strbuf_puts(&out, line);
		changed = true;
	}
	return changed ? write_account_file(a, "/etc/shells", 0644, &out, err) : 0;
}

static int write_accounts(struct apply *a, struct error *err)
{
	_cleanup_strbuf_ struct strbuf passwd = {0}, group = {0}, shadow = {0};

	for (size_t i = 0; i < a->accounts.user_count; i++) {
		const struct account *u = &a->accounts.users[i];

		strbuf_printf(&passwd, "%s:x:%u:%u:%s:%s:%s\n", u->name, u->uid, u->gid, u->gecos, u->home, u->shell);
		/* "*": no password opens it; keys do. */
		strbuf_printf(&shadow, "%s:*:::::::\n", u->name);
	}
	for (size_t i = 0; i < a->accounts.group_count; i++) {
		const struct account_group *g = &a->accounts.groups[i];

		strbuf_printf(&group, "%s:x:%u:", g->name, g->gid);
		for (size_t j = 0; j < g->members.count; j++)
			strbuf_printf(&group, "%s%s", j ? "," : "", g->members.items[j]);
		strbuf_puts(&group, "\n");
	}
	if (write_account_file(a, "/etc/group", 0644, &group, err) < 0 ||
	    write_account_file(a, "/etc/passwd", 0644, &passwd, err) < 0 ||
	    write_account_file(a, "/etc/shadow", 0600, &shadow, err) < 0)
		return -1;
	return write_shells(a, err);
}

/* Keys that are there already stay, and come first. */
static int write_keys(struct apply *a, const struct account *u, const char *home, struct error *err)
{
	const char *folder = path_join(a->arena, home, ".ssh"), *path = path_join(a->arena, folder, "authorized_keys"),
		   *known;
	_cleanup_strbuf_ struct strbuf out = {0};

	if (root_read(&a->root, path, ACCOUNT_FILE_LIMIT, &known, NULL, NULL, err) < 0)
		return -1;
	strbuf_puts(&out, known);
	if (out.len && out.data[out.len - 1] != '\n')
		strbuf_puts(&out, "\n");
	for (size_t i = 0; i < u->keys.count; i++)
		if (!strstr(out.data, u->keys.items[i]))
			strbuf_printf(&out, "%s\n", u->keys.items[i]);
	if (root_folder(&a->root, folder, 0700, u->uid, u->gid, err) < 0)
		return -1;
	return root_write(&a->root, path, out.data, out.len, 0600, u->uid, u->gid, err);
}

int apply_accounts(struct apply *a, struct error *err)
{
	if (write_accounts(a, err) < 0)
		return -1;
	for (size_t i = 0; i < a->accounts.user_count; i++) {
		const struct account *u = &a->accounts.users[i];
		const char *home = u->home;

		if (!u->fresh && !u->keys.count)
			continue;
		if (path_clean(a->arena, u->home, &home, err) < 0)
			return error_wrap(err, "home of user %s", u->name);
		home = apply_place(a, home);
		if ((u->fresh || !root_exists(&a->root, home)) &&
		    root_folder(&a->root, home, u->uid ? 0755 : 0700, u->uid, u->gid, err) < 0)
			return error_wrap(err, "home of user %s", u->name);
		if (u->keys.count && write_keys(a, u, home, err) < 0)
			return error_wrap(err, "keys of user %s", u->name);
	}
	return 0;
}
