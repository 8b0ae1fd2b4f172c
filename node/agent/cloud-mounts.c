/* mounts: lines of fstab(5) as lists, into state of the plan. */
#include <string.h>

#include "base/path.h"
#include "node/agent/cloud.h"

enum { FIELDS = 6 };

/* Field i of an entry, or of mount_default_fields where the entry leaves it open; NULL for none. */
static const char *field_of(const struct value *entry, const char *const *defaults, size_t i)
{
	const struct value *v = i < entry->count ? entry->items[i] : NULL;

	return v && v->type == VALUE_SCALAR ? v->text : defaults[i];
}

static void warn(struct cloud *c, const struct value *v, const char *device, const char *why)
{
	diagnose(c->r.diag, SEVERITY_WARNING, v->at, v->width, "the mount of \"%s\" is ignored: %s", device, why);
}

/* Mounts of clouds' images that have no meaning here. */
static const char *pointless(const char *device, const char *type)
{
	if (!strncmp(device, "ephemeral", 9) || !strcmp(device, "ami") || !strncmp(device, "root", 4))
		return "there are no disks of a cloud here";
	if (!strcmp(type, "swap") || !strncmp(device, "swap", 4))
		return "a node has no disk to swap to";
	return NULL;
}

/* Written for this mount itself; mount_default_fields of clouds have it for all. */
static void warn_nofail(struct cloud *c, const struct value *v, const char *path)
{
	const struct value *options = v->count > 3 ? v->items[3] : NULL;
	const char *word = options && options->type == VALUE_SCALAR ? strstr(options->text, "nofail") : NULL;

	if (word && (word == options->text || word[-1] == ',') && (!word[6] || word[6] == ','))
		diagnose(c->r.diag, SEVERITY_WARNING, options->at, options->width,
			 "\"nofail\" is ignored: the node waits for %s until it is there; mkdl: {state: {%s: {kind: …, away: …}}} says otherwise",
			 path, path);
}

static void add_mount(struct cloud *c, const struct value *v, const char *device, const char *path, const char *type,
		      const char *options)
{
	struct settings *s = c->settings;
	bool network = strchr(device, ':') && device[0] != '/';
	const char *why = pointless(device, type);

	if (why) {
		warn(c, v, device, why);
		return;
	}
	if (!strcmp(type, "auto") && network)
		type = "nfs";
	if (strcmp(type, "nfs") != 0 && strcmp(type, "nfs4") != 0 && strcmp(type, "tmpfs") != 0 &&
	    strcmp(type, "ext4") != 0 && strcmp(type, "xfs") != 0) {
		complain(&c->r, v,
			 "mount %s: a file system of type \"%s\" cannot be state; nfs, tmpfs, ext4 and xfs can", path,
			 type);
		return;
	}
	if (!strncmp(type, "nfs", 3) && (!network || !strchr(device, ':')[1])) {
		complain(&c->r, v, "mount %s: \"%s\" is no export of a server, as in 10.0.0.1:/export", path, device);
		return;
	}
	if ((!strcmp(type, "ext4") || !strcmp(type, "xfs")) && strncmp(device, "LABEL=", 6) != 0 &&
	    strncmp(device, "UUID=", 5) != 0 && strncmp(device, "/dev/disk/by-id/", 16) != 0) {
		complain(&c->r, v,
			 "mount %s: names such as \"%s\" change from boot to boot; write LABEL=…, UUID=… or "
			 "/dev/disk/by-id/…",
			 path, device);
		return;
	}
	if (strcmp(type, "tmpfs") != 0)
		warn_nofail(c, v, path);
	s->mounts = arena_grow(c->r.arena, s->mounts, s->mount_count, &s->mount_cap, sizeof(*s->mounts));
	s->mounts[s->mount_count++] = (struct setting_mount){device, path, type, options, v->at};
}

/* What the kernel, PID 1 and the program that runs need as they are. */
static bool is_reserved(const char *path)
{
	static const char *const below[] = {"/proc", "/sys", "/dev", "/run/mkdl", "/etc/mkdl"};
	static const char *const exactly[] = {"/", "/etc", "/run", "/usr", "/bin", "/sbin", "/lib", "/lib64"};

	for (size_t i = 0; i < sizeof(below) / sizeof(*below); i++)
		if (path_is_below(path, below[i]))
			return true;
	for (size_t i = 0; i < sizeof(exactly) / sizeof(*exactly); i++)
		if (!strcmp(path, exactly[i]))
			return true;
	return false;
}

static void read_mount(struct cloud *c, const struct value *name, const struct value *v, const char *const *defaults)
{
	_cleanup_error_ struct error err = {0};
	const char *device, *path, *type, *options;

	if (v->type != VALUE_LIST || !v->count) {
		complain(&c->r, v, "\"%s\": expected a list of device, folder, type and options", name->text);
		return;
	}
	for (size_t i = 0; i < v->count; i++)
		if (v->items[i]->type != VALUE_NULL &&
		    !(is_text(&c->r, name, v->items[i]) && check_plain(&c->r, name, v->items[i])))
			return;
	device = field_of(v, defaults, 0);
	path = field_of(v, defaults, 1);
	type = field_of(v, defaults, 2);
	options = field_of(v, defaults, 3);
	/* [device, null]: no such mount. */
	if (!device || !path)
		return;
	if (!strcmp(path, "none") || !strcmp(type ? type : "", "swap")) {
		warn(c, v, device, "a node has no disk to swap to");
		return;
	}
	if (*path != '/') {
		complain(&c->r, v, "mount of %s: \"%s\" is no absolute path", device, path);
		return;
	}
	if (path_clean(c->r.arena, path, &path, &err) < 0)
		complain(&c->r, v, "mount of %s: %s", device, error_text(&err));
	else if (is_reserved(path))
		complain(&c->r, v, "mount of %s: state cannot be mounted on %s", device, path);
	else
		add_mount(c, v, device, path, type ? type : "auto", options ? options : "defaults");
}

void cloud_read_mounts(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
		       void *field)
{
	const char *defaults[FIELDS] = {NULL, NULL, "auto", "defaults", "0", "2"};
	const struct value *given = field ? c->settings->mount_defaults : NULL;

	(void)k;
	if (given && given->type == VALUE_LIST)
		for (size_t i = 0; i < given->count && i < FIELDS; i++)
			if (given->items[i]->type == VALUE_SCALAR && strcmp(given->items[i]->text, "None") != 0)
				defaults[i] = given->items[i]->text;
	if (v->type != VALUE_LIST) {
		complain(&c->r, v, "\"%s\": expected a list of lists", name->text);
		return;
	}
	for (size_t i = 0; i < v->count; i++)
		read_mount(c, name, v->items[i], defaults);
}

void cloud_read_mount_defaults(struct cloud *c, const struct cloud_key *k, const struct value *name,
			       const struct value *v, void *field)
{
	(void)k, (void)field;
	if (v->type != VALUE_LIST)
		complain(&c->r, v, "\"%s\": expected a list of device, folder, type and options", name->text);
}
