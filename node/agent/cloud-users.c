/* users, groups, ssh_authorized_keys. In canonical form users is a list of maps, groups a map of names to lists. */
#include <string.h>

#include "node/agent/cloud.h"

#define AT(field) offsetof(struct setting_user, field)

static const char no_password[] = "no password opens anything on a node; give the user ssh_authorized_keys";
static const char no_sudo[] = "there is no sudo in the image; who is to be root logs in as root, by key";

/* A field of passwd(5). */
static bool check_gecos(struct reader *r, const struct value *name, const struct value *v)
{
	return check_plain(r, name, v) && expect(r, name, v, !strchr(v->text, ':'), "a text without \":\"");
}

static bool check_passwd_path(struct reader *r, const struct value *name, const struct value *v)
{
	return check_absolute(r, name, v) && expect(r, name, v, !strchr(v->text, ':'), "a path without \":\"");
}

/* useradd(8)'s rule, capitals included: cloud-configs have them. */
static bool check_account(struct reader *r, const struct value *name, const struct value *v)
{
	return expect(r, name, v,
		      strlen(v->text) <= 32 && consists_of(v->text, LOWER UPPER "_", LOWER UPPER DIGIT "_.-"),
		      "a name of an account (at most 32 letters, digits, \"_\", \"-\", \".\"; letter first)");
}

/* Options of sshd may come first ("no-pty,command="…" ssh-ed25519 AAAA…"): the type is looked for anywhere. */
static bool check_key(struct reader *r, const struct value *name, const struct value *v)
{
	static const char *const types[] = {
		"ssh-ed25519 ",
		"ssh-rsa ",
		"ecdsa-sha2-nistp",
		"sk-ssh-ed25519@openssh.com ",
		"sk-ecdsa-sha2-nistp256@openssh.com ",
	};

	if (!check_plain(r, name, v))
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		const char *found = strstr(v->text, types[i]);
		const char *blob = found ? strchr(found, ' ') : NULL;

		if (blob && !strncmp(blob + 1, "AAAA", 4) && (found == v->text || strchr(" \t", found[-1])))
			return true;
	}
	complain(r, v, "\"%s\": this is no public key of SSH, as in \"ssh-ed25519 AAAA… me@desk\"", name->text);
	return false;
}

static const struct cloud_key user_keys[] = {
	{"name", CLOUD_APPLIED, "The account's name. Of an account that is there already, what is given is changed.",
	 cloud_read_line, AT(name), check_account, 0, NULL},
	{"gecos", CLOUD_APPLIED, "The full name.", cloud_read_line, AT(gecos), check_gecos, 0, NULL},
	{"uid", CLOUD_APPLIED, "Default: the next that is free, from 1000 (system: from 101), in the order written.",
	 cloud_read_id, AT(uid), NULL, 0, NULL},
	{"primary_group", CLOUD_APPLIED, "Default: a group of the user's own name. Made if it is missing.",
	 cloud_read_line, AT(group), check_account, 0, NULL},
	{"groups", CLOUD_APPLIED, "More groups, as a list or with commas. Made if they are missing.", cloud_read_names,
	 AT(groups), check_account, 0, NULL},
	{"homedir", CLOUD_APPLIED, "Default: /home/NAME.", cloud_read_path, AT(home), check_passwd_path, 0, NULL},
	{"shell", CLOUD_APPLIED, "Default: /bin/sh, also (with a warning) when the image does not have the one named.",
	 cloud_read_path, AT(shell), check_passwd_path, 0, NULL},
	{"ssh_authorized_keys", CLOUD_APPLIED, "Added to .ssh/authorized_keys in the home folder.", cloud_read_list,
	 AT(keys), check_key, 0, NULL},
	{"ssh-authorized-keys", CLOUD_APPLIED, "The older spelling of ssh_authorized_keys.", cloud_read_list, AT(keys),
	 check_key, 0, NULL},
	{"no_create_home", CLOUD_APPLIED, "No home folder is made; keys are then an error.", cloud_read_bool,
	 AT(no_home), NULL, 0, NULL},
	{"no_user_group", CLOUD_APPLIED, "No group of the user's own name: the primary group is \"users\" (100).",
	 cloud_read_bool, AT(no_group), NULL, 0, NULL},
	{"system", CLOUD_APPLIED, "An account of a daemon: a uid below 1000, no home folder.", cloud_read_bool,
	 AT(system), NULL, 0, NULL},
	{"sudo", CLOUD_IGNORED, no_sudo, NULL, 0, NULL, 0, NULL},
	{"doas", CLOUD_IGNORED, no_sudo, NULL, 0, NULL, 0, NULL},
	{"lock_passwd", CLOUD_APPLIED,
	 "true is what every account has; false is ignored: "
	 "no password opens anything on a node.",
	 cloud_read_nothing, 0, NULL, 0, NULL},
	{"passwd", CLOUD_IGNORED, no_password, NULL, 0, NULL, 0, NULL},
	{"hashed_passwd", CLOUD_IGNORED, no_password, NULL, 0, NULL, 0, NULL},
	{"plain_text_passwd", CLOUD_IGNORED, no_password, NULL, 0, NULL, 0, NULL},
	{"expiredate", CLOUD_IGNORED, "accounts live until the next boot, and the configuration decides then", NULL, 0,
	 NULL, 0, NULL},
	{"inactive", CLOUD_IGNORED, "it is about passwords, and there are none", NULL, 0, NULL, 0, NULL},
	{"snapuser", CLOUD_IGNORED, "there are no snaps on a node", NULL, 0, NULL, 0, NULL},
	{"selinux_user", CLOUD_IGNORED, "there is no SELinux on a node", NULL, 0, NULL, 0, NULL},
	{"no_log_init", CLOUD_IGNORED, "there are no lastlog and faillog on a node", NULL, 0, NULL, 0, NULL},
	{"ssh_import_id", CLOUD_IGNORED, "keys are not fetched from third parties; write them into ssh_authorized_keys",
	 NULL, 0, NULL, 0, NULL},
	{"ssh_redirect_user", CLOUD_IGNORED,
	 "it is for the default user of a cloud's image; leave out the keys instead", NULL, 0, NULL, 0, NULL},
	{"coreos-ssh-import-github", CLOUD_IGNORED,
	 "keys are not fetched from third parties; write them into ssh_authorized_keys", NULL, 0, NULL, 0, NULL},
	{"coreos-ssh-import-github-users", CLOUD_IGNORED,
	 "keys are not fetched from third parties; write them into ssh_authorized_keys", NULL, 0, NULL, 0, NULL},
	{"coreos-ssh-import-url", CLOUD_IGNORED,
	 "keys are not fetched from third parties; write them into ssh_authorized_keys", NULL, 0, NULL, 0, NULL},
};

const struct cloud_map cloud_user = CLOUD_MAP("users[]", user_keys);

static void warn_unlocked(struct cloud *c, const struct value *v)
{
	const struct value *key = NULL, *lock = value_get(v, "lock_passwd", &key);

	if (lock && lock->type == VALUE_SCALAR && cloud_truth(lock->text) == 0)
		diagnose(c->r.diag, SEVERITY_WARNING, key->at, key->width, "\"lock_passwd: %s\" is ignored: %s",
			 lock->text, no_password);
}

static void read_user(struct cloud *c, const struct value *name, const struct value *v)
{
	struct settings *s = c->settings;
	struct setting_user u = {.uid = -1, .at = v->at};

	if (!cloud_read_map(c, &cloud_user, name, v, &u))
		return;
	warn_unlocked(c, v);
	if (!u.name) {
		if (!value_get(v, "name", NULL))
			complain(&c->r, v, "a user without \"name\"");
		return;
	}
	if (u.keys.count && u.no_home)
		complain(&c->r, v, "user \"%s\": keys need a home folder, and it has none (no_create_home)", u.name);
	s->users = arena_grow(c->r.arena, s->users, s->user_count, &s->user_cap, sizeof(*s->users));
	s->users[s->user_count++] = u;
}

void cloud_read_users(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
		      void *field)
{
	(void)k, (void)field;
	for (size_t i = 0; i < v->count; i++)
		read_user(c, name, v->items[i]);
}

/* A member of the canonical map: a list of names, or {gid: N, members: […]} as Ignition's groups become. */
static void read_group(struct cloud *c, const struct value *name, const struct value *v)
{
	const struct cloud_key members = {"groups", CLOUD_APPLIED, "", cloud_read_names, 0, check_account, 0, NULL};
	const struct cloud_key gid = {"gid", CLOUD_APPLIED, "", cloud_read_id, 0, NULL, 0, NULL};
	struct settings *s = c->settings;
	struct setting_group g = {.name = name->text, .gid = -1, .at = name->at};
	const struct value *number = value_get(v, "gid", NULL),
			   *list = v->type == VALUE_MAP ? value_get(v, "members", NULL) : v;

	if (!check_account(&c->r, name, name))
		return;
	if (number)
		cloud_read_id(c, &gid, name, number, &g.gid);
	if (list && list->type != VALUE_NULL)
		cloud_read_names(c, &members, name, list, &g.members);
	s->groups = arena_grow(c->r.arena, s->groups, s->group_count, &s->group_cap, sizeof(*s->groups));
	s->groups[s->group_count++] = g;
}

void cloud_read_groups(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
		       void *field)
{
	(void)k, (void)field, (void)name;
	for (size_t i = 0; i < v->count; i++)
		read_group(c, v->keys[i], v->items[i]);
}

void cloud_read_keys(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
		     void *field)
{
	struct cloud_key checked = *k;

	checked.check = check_key;
	cloud_read_list(c, &checked, name, v, field);
}
