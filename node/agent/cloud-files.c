/* write_files, and the folders and links that Ignition has too. */
#include <string.h>

#include "base/path.h"
#include "node/agent/cloud.h"

#define AT(field) offsetof(struct reading, field)

/* A file while its keys are read. */
struct reading {
	struct setting_file file;
	const char *encoding, *owner, *text, *uri;
	const struct value *content; /* where it is written */
	bool overwrite;
};

/* Where the configuration may not write: what belongs to the kernel, and what others make of it. */
static const struct {
	const char *path, *why;
	bool below;
} reserved[] = {
	{"/proc", "it is the kernel's; for /proc/sys write mkdl: {sysctl: {…}}", true},
	{"/sys", "it is the kernel's; write runcmd", true},
	{"/dev", "it is the kernel's", true},
	{"/run/mkdl", "it is where PID 1 keeps what it knows", true},
	{"/etc/mkdl", "it is part of the image, and read before this configuration", true},
	{"/etc/passwd", "write users", false},
	{"/etc/shadow", "no password opens anything on a node; write users with ssh_authorized_keys", false},
	{"/etc/group", "write groups", false},
	{"/etc/gshadow", "write groups", false},
	{"/etc/hostname", "write hostname", false},
	{"/etc/machine-id", "it follows from the machine itself", false},
	{"/init", "it is the program that runs now", false},
};

static bool check_target(struct reader *r, const struct value *name, const struct value *v)
{
	_cleanup_error_ struct error ignored = {0};
	const char *clean;

	if (!check_absolute(r, name, v) || path_clean(r->arena, v->text, &clean, &ignored) < 0)
		return false;
	if (!strcmp(clean, "/")) {
		complain(r, v, "\"%s\": a file cannot be the root itself", name->text);
		return false;
	}
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++) {
		bool hit =
			reserved[i].below ? path_is_below(clean, reserved[i].path) : !strcmp(clean, reserved[i].path);

		if (!hit)
			continue;
		complain(r, v, "\"%s\": %s cannot be written: %s", name->text, clean, reserved[i].why);
		return false;
	}
	return true;
}

static void read_target(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
			void *field)
{
	_cleanup_error_ struct error ignored = {0};

	(void)k;
	if (is_text(&c->r, name, v) && check_target(&c->r, name, v))
		path_clean(c->r.arena, v->text, field, &ignored);
}

static void read_content(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
			 void *field)
{
	struct reading *r = field;

	(void)k;
	if (!(v->type == VALUE_SCALAR && v->binary) && !is_text(&c->r, name, v))
		return;
	r->text = v->text;
	r->content = v;
}

static bool is_url(struct reader *r, const struct value *name, const struct value *v)
{
	static const char *const schemes[] = {"http://", "https://", "tftp://", "file:///"};

	return expect(r, name, v, has_scheme(v->text, schemes, 4),
		      "an address that begins with http://, https:// or tftp://");
}

static bool check_hash(struct reader *r, const struct value *name, const struct value *v)
{
	size_t n = strlen(v->text), digits = begins_with(v->text, "sha256-")   ? 64
					     : begins_with(v->text, "sha512-") ? 128
									       : 0;

	return expect(r, name, v, digits && n == 7 + digits && strspn(v->text + 7, DIGIT "abcdefABCDEF") == digits,
		      "\"sha256-\" or \"sha512-\" and the checksum in hexadecimal digits");
}

static const struct cloud_key source_keys[] = {
	{"uri", CLOUD_APPLIED,
	 "http, https or tftp, with ${mac}, ${uuid}, ${serial}, ${hostname}. Fetched before anything is written; "
	 "when that fails the boot stops.",
	 cloud_read_line, AT(uri), is_url, 0, NULL},
	{"headers", CLOUD_REFUSED, "requests carry no headers of yours; let the server know the node by its address",
	 NULL, 0, NULL, 0, NULL},
};

const struct cloud_map cloud_file_source = CLOUD_MAP("write_files[].source", source_keys);

static void read_source(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
			void *field)
{
	struct reading *r = field;

	(void)k;
	if (cloud_read_map(c, &cloud_file_source, name, v, field) && !r->uri && !value_get(v, "uri", NULL))
		complain(&c->r, v, "\"source\" without \"uri\"");
}

static const struct cloud_key file_keys[] = {
	{"path", CLOUD_APPLIED,
	 "Absolute, without \"..\". Missing folders are made (0755, root). A symbolic link on the way is followed "
	 "inside the root; one at its end is replaced.",
	 read_target, AT(file.path), NULL, 0, NULL},
	{"content", CLOUD_APPLIED, "Without it the file is empty.", read_content, 0, NULL, 0, NULL},
	{"source", CLOUD_APPLIED, "Content from an address.", read_source, 0, NULL, 0, NULL},
	{"encoding", CLOUD_APPLIED,
	 "text/plain (default), b64, base64, gz, gzip, gz+b64, gz+base64, gzip+b64, gzip+base64; "
	 "at most 16 MiB come out.",
	 cloud_read_line, AT(encoding), NULL, 0, NULL},
	{"owner", CLOUD_APPLIED, "USER:GROUP, as names or numbers. Default: root:root. Users are made before files.",
	 cloud_read_line, AT(owner), NULL, 0, NULL},
	{"permissions", CLOUD_APPLIED, "Octal, with or without quotes and a leading 0. Default: 0644.", cloud_read_mode,
	 AT(file.mode), NULL, 0, NULL},
	{"append", CLOUD_APPLIED, "To the end of what is there.", cloud_read_bool, AT(file.append), NULL, 0, NULL},
	{"defer", CLOUD_APPLIED, "Users and state are there before any file is; true makes no difference.",
	 cloud_read_bool, AT(file.defer), NULL, 0, NULL},
	{"overwrite", CLOUD_APPLIED,
	 "mkdl's own: false makes it an error when the file is there already. Default: true.", cloud_read_bool,
	 AT(overwrite), NULL, 0, NULL},
	{"hash", CLOUD_APPLIED, "mkdl's own: \"sha256-…\" or \"sha512-…\", the checksum of the content.",
	 cloud_read_line, AT(file.content.hash), check_hash, 0, NULL},
	{"container", CLOUD_IGNORED,
	 "RancherOS' system containers do not exist here; the file is written for the node itself", NULL, 0, NULL, 0,
	 NULL},
};

const struct cloud_map cloud_file = CLOUD_MAP("write_files[]", file_keys);

/* Is one of the words, which stand in one text with spaces between? */
static bool is_one_of(const char *word, const char *words)
{
	size_t n = strlen(word);

	for (const char *p = strstr(words, word); p; p = strstr(p + 1, word))
		if ((p == words || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
			return true;
	return false;
}

static void decode(struct cloud *c, struct reading *r, const struct value *v)
{
	_cleanup_error_ struct error err = {0};
	const char *encoding = r->encoding ? r->encoding : "text/plain";
	struct setting_content *content = &r->file.content;
	bool gzip = is_one_of(encoding, "gz gzip gz+b64 gz+base64 gzip+b64 gzip+base64");
	bool base64 = is_one_of(encoding, "b64 base64 gz+b64 gz+base64 gzip+b64 gzip+base64");
	const struct value *at = r->content ? r->content : v;

	if (!gzip && !base64 && !is_one_of(encoding, "text/plain text")) {
		complain(&c->r, value_get(v, "encoding", NULL),
			 "\"encoding\": \"%s\" is none of text/plain, b64, base64, gz, gzip, gz+b64, gzip+base64",
			 encoding);
		return;
	}
	content->at = at->at;
	if (r->uri) {
		content->url = r->uri;
		content->gzip = gzip;
		return;
	}
	content->data = r->text ? r->text : "";
	content->size = strlen(content->data);
	/* "!!binary" is base64 itself; gzip can only be written so, with the tag or without. */
	if ((base64 || gzip || at->binary) &&
	    cloud_base64(c->r.arena, content->data, content->size, &content->data, &content->size, &err) < 0)
		complain(&c->r, at, "\"content\": %s", error_text(&err));
	else if (gzip && cloud_gunzip(c->r.arena, content->data, content->size, CLOUD_FILE_LIMIT, &content->data,
				      &content->size, &err) < 0)
		complain(&c->r, at, "\"content\": %s", error_text(&err));
}

static void split_owner(struct cloud *c, struct reading *r, const struct value *v)
{
	const char *colon = r->owner ? strchr(r->owner, ':') : NULL;
	const char *user = colon ? arena_strndup(c->r.arena, r->owner, (size_t)(colon - r->owner)) : r->owner;
	const char *group = colon && colon[1] ? colon + 1 : NULL;

	if (!r->owner)
		return;
	if ((*user && user[strspn(user, LOWER UPPER DIGIT "_.-")]) ||
	    (group && group[strspn(group, LOWER UPPER DIGIT "_.-")]) || (!*user && !group)) {
		complain(&c->r, value_get(v, "owner", NULL), "\"owner\": \"%s\" is no USER:GROUP", r->owner);
		return;
	}
	r->file.user = *user ? user : NULL;
	r->file.group = group;
}

static void add_file(struct cloud *c, const struct setting_file *file)
{
	struct settings *s = c->settings;

	s->files = arena_grow(c->r.arena, s->files, s->file_count, &s->file_cap, sizeof(*s->files));
	s->files[s->file_count++] = *file;
}

static void read_file(struct cloud *c, const struct value *name, const struct value *v)
{
	struct reading r = {.file = {.mode = -1, .at = v->at}, .overwrite = true};

	if (!cloud_read_map(c, &cloud_file, name, v, &r))
		return;
	if (!r.file.path && !value_get(v, "path", NULL))
		complain(&c->r, v, "a file without \"path\"");
	if (r.text && *r.text && r.uri)
		complain(&c->r, v, "both \"content\" and \"source\": one of them");
	decode(c, &r, v);
	split_owner(c, &r, v);
	r.file.keep = !r.overwrite;
	r.file.no_content = !r.content && !r.uri && !r.overwrite;
	if (r.file.path)
		add_file(c, &r.file);
}

void cloud_read_files(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
		      void *field)
{
	(void)k, (void)field;
	if (v->type != VALUE_LIST) {
		complain(&c->r, v, "\"%s\": expected a list of files", name->text);
		return;
	}
	for (size_t i = 0; i < v->count; i++)
		read_file(c, name, v->items[i]);
}

static const struct cloud_key directory_keys[] = {
	{"path", CLOUD_APPLIED, "As of write_files.", read_target, AT(file.path), NULL, 0, NULL},
	{"owner", CLOUD_APPLIED, "USER:GROUP.", cloud_read_line, AT(owner), NULL, 0, NULL},
	{"permissions", CLOUD_APPLIED, "Default: 0755.", cloud_read_mode, AT(file.mode), NULL, 0, NULL},
	{"overwrite", CLOUD_APPLIED, "false makes it an error when it is there already. Default: true.",
	 cloud_read_bool, AT(overwrite), NULL, 0, NULL},
};

const struct cloud_map cloud_directory = CLOUD_MAP("directories[]", directory_keys);

static const struct cloud_key link_keys[] = {
	{"path", CLOUD_APPLIED, "As of write_files.", read_target, AT(file.path), NULL, 0, NULL},
	{"target", CLOUD_APPLIED, "What it points to; of a hard link, an absolute path.", cloud_read_line,
	 AT(file.target), NULL, 0, NULL},
	{"hard", CLOUD_APPLIED, "true: a hard link.", cloud_read_bool, AT(file.append), NULL, 0, NULL},
	{"owner", CLOUD_APPLIED, "USER:GROUP.", cloud_read_line, AT(owner), NULL, 0, NULL},
	{"overwrite", CLOUD_APPLIED, "false makes it an error when something is there already. Default: true.",
	 cloud_read_bool, AT(overwrite), NULL, 0, NULL},
};

const struct cloud_map cloud_link = CLOUD_MAP("links[]", link_keys);

static void read_nodes(struct cloud *c, const struct cloud_map *map, enum setting_node type, const struct value *name,
		       const struct value *v)
{
	for (size_t i = 0; v->type == VALUE_LIST && i < v->count; i++) {
		struct reading r = {.file = {.type = type, .mode = -1, .at = v->items[i]->at}, .overwrite = true};

		if (!cloud_read_map(c, map, name, v->items[i], &r))
			continue;
		split_owner(c, &r, v->items[i]);
		r.file.keep = !r.overwrite;
		if (type == SETTING_LINK && !r.file.target && !value_get(v->items[i], "target", NULL))
			complain(&c->r, v->items[i], "a link without \"target\"");
		if (type == SETTING_LINK && r.file.append)
			r.file.type = SETTING_HARD_LINK;
		r.file.append = false;
		if (r.file.path && (type == SETTING_DIR || r.file.target))
			add_file(c, &r.file);
		else if (!value_get(v->items[i], "path", NULL))
			complain(&c->r, v->items[i], "\"%s\": one without \"path\"", name->text);
	}
	if (v->type != VALUE_LIST)
		complain(&c->r, v, "\"%s\": expected a list of maps", name->text);
}

void cloud_read_directories(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
			    void *field)
{
	(void)k, (void)field;
	read_nodes(c, &cloud_directory, SETTING_DIR, name, v);
}

void cloud_read_links(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
		      void *field)
{
	(void)k, (void)field;
	read_nodes(c, &cloud_link, SETTING_LINK, name, v);
}
