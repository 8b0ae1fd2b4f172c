#include <string.h>

#include "base/path.h"

#include "builder/node-private.h"

/* Accounts without which programs complain: root's own, and the one that NFS and containers use for nobody. */
static const struct user root = {.name = "root", .uid = 0, .gid = 0, .home = "/root", .shell = "/bin/sh"};
static const struct user nobody = {.name = "nobody", .uid = 65534, .gid = 65534, .home = "/", .shell = "/bin/false"};

struct users {
	const struct user **items;
	size_t count;
};

static const struct user *find_user(const struct profile *p, const char *name)
{
	for (size_t i = 0; i < p->user_count; i++)
		if (!strcmp(p->users[i].name, name))
			return &p->users[i];
	return NULL;
}

/* root first, then the profile's in its order, nobody last. */
static struct users all_users(struct arena *a, const struct profile *p)
{
	struct users all = {.items = arena_calloc(a, p->user_count + 2, sizeof(*all.items))};
	const struct user *own_root = find_user(p, "root");

	all.items[all.count++] = own_root ? own_root : &root;
	for (size_t i = 0; i < p->user_count; i++)
		if (&p->users[i] != own_root)
			all.items[all.count++] = &p->users[i];
	if (!find_user(p, "nobody"))
		all.items[all.count++] = &nobody;
	return all;
}

static const char *shell_of(const struct user *u)
{
	return u->shell ? u->shell : "/bin/sh";
}

static const char *home_of(struct arena *a, const struct user *u)
{
	return u->home ? u->home : u->uid ? arena_printf(a, "/home/%s", u->name) : "/root";
}

/* A field of passwd(5): no colon, no control character; an empty name or a path that is not absolute makes an account that
 * nobody can use. */
static int check_field(const struct user *u, const char *what, const char *text, bool path, struct error *err)
{
	bool bad = !*text || (path && *text != '/') || strchr(text, ':');

	for (const char *p = text; *p && !bad; p++)
		bad = (unsigned char)*p < 0x20 || *p == 0x7f;
	return bad ? place_error(err, u->at, "user %s: \"%s\" cannot be its %s", u->name, text, what) : 0; } 
				 static int check_user(struct arena *a, const struct users *all, size_t n, struct error *err)
				 { const struct user *u = all->items[n]; 
				 if (check_field(u, "name", u->name, false, err) < 0 || check_field(u, "shell", shell_of(u), true, err) < 0 ||
				 check_field(u, "home", home_of(a, u), true, err) < 0) return -1;
				 for (size_t i = 0; i < n; i++) if (all->items[i]->uid == u->uid)
				 return place_error(err, u->at,
						    "users %s and %s have the same uid %u",
						    all->items[i]->name, u->name, u->uid);
	for (size_t i = 0; i < u->ssh_keys.count; i++)
		if (!*u->ssh_keys.items[i] || strpbrk(u->ssh_keys.items[i], "\r\n"))
			return place_error(err, u->at, "user %s: SSH key %zu is not one line", u->name, i + 1);
	return 0;
}

static int add_text(struct build *b, const char *path, mode_t mode, const struct strbuf *text, struct error *err)
{
	return node_put_file(b, path, mode, 0, 0, text->data, text->len, "users", err);
}

static int add_accounts(struct build *b, const struct users *all, struct error *err)
{
	_cleanup_strbuf_ struct strbuf passwd = {0}, group = {0}, shadow = {0};

	for (size_t i = 0; i < all->count; i++) {
		const struct user *u = all->items[i];
		bool group_known = false;

		for (size_t j = 0; j < i; j++)
			group_known = group_known || all->items[j]->gid == u->gid;
		strbuf_printf(&passwd, "%s:x:%u:%u::%s:%s\n", u->name, u->uid, u->gid, home_of(b->arena, u), shell_of(u));
		/* "*": no password opens it; keys do. */
		strbuf_printf(&shadow, "%s:*:::::::\n", u->name);
		if (!group_known)
			strbuf_printf(&group, "%s:x:%u:\n", u == &nobody ? "nogroup" : u->name, u->gid);
		if (i == 0)
			strbuf_puts(&group, "tty:x:5:\n"); /* devpts is mounted with gid=5 */
	}
	if (add_text(b, "/etc/passwd", 0644, &passwd, err) < 0 || add_text(b, "/etc/group", 0644, &group, err) < 0)
		return -1;
	return add_text(b, "/etc/shadow", 0600, &shadow, err);
}

/* sshd refuses shells that are not listed here. */
static int add_shells(struct build *b, const struct users *all, struct error *err)
{
	_cleanup_strbuf_ struct strbuf shells = {0};

	strbuf_puts(&shells, "/bin/sh\n/bin/ash\n");
	for (size_t i = 0; i < all->count; i++) {
		const char *shell = shell_of(all->items[i]);
		bool known = !strcmp(shell, nobody.shell) || !strcmp(shell, "/bin/sh") || !strcmp(shell, "/bin/ash");

		for (size_t j = 0; j < i; j++)
			known = known || !strcmp(shell_of(all->items[j]), shell);
		if (!known)
			strbuf_printf(&shells, "%s\n", shell);
	}
	return add_text(b, "/etc/shells", 0644, &shells, err);
}

/* sshd also refuses keys when others may write to the home or to .ssh. */
static int add_home(struct build *b, const struct user *u, struct error *err)
{
	const char *home = home_of(b->arena, u), *ssh = path_join(b->arena, home, ".ssh");
	_cleanup_strbuf_ struct strbuf keys = {0};

	if (!strcmp(home, "/"))
		return 0;
	if (path_clean(b->arena, home, &home, err) < 0)
		return error_wrap(err, "user %s", u->name);
	node_put_dir(b, home, u->uid ? 0755 : 0700, u->uid, u->gid, "users");
	if (!u->ssh_keys.count)
		return 0;
	for (size_t i = 0; i < u->ssh_keys.count; i++)
		strbuf_printf(&keys, "%s\n", u->ssh_keys.items[i]);
	node_put_dir(b, ssh, 0700, u->uid, u->gid, "users");
	return node_put_file(b, path_join(b->arena, ssh, "authorized_keys"), 0600, u->uid, u->gid, keys.data, keys.len,
			     "users: ssh_keys", err);
}

int node_users_add(struct build *b, struct error *err)
{
	static const char nsswitch[] = "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\n"
				       "protocols: files\n";
	struct users all = all_users(b->arena, &b->profile);

	for (size_t i = 0; i < all.count; i++)
		if (check_user(b->arena, &all, i, err) < 0 || add_home(b, all.items[i], err) < 0)
			return -1;
	if (add_accounts(b, &all, err) < 0 || add_shells(b, &all, err) < 0)
		return -1;
	return node_put_file(b, "/etc/nsswitch.conf", 0644, 0, 0, nsswitch, sizeof(nsswitch) - 1,
			     "what glibc's resolver asks", err);
}
