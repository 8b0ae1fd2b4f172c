/* Inside of profile_load: files → one merged tree of values → struct profile → checks across it.
 *
 *   profile-files.c   extends: which files, in which order, and where what they name is looked for
 *   profile-merge.c   maps merge, lists append, the rest overrides
 *   profile-keys.c    the table of keys; profile-read.c drives it over a map
 *   profile-types.c   the types of values: text, list, seconds …
 *   profile-parts.c   maps of names to structs: components, users …; profile-service.c: services and their readiness
 *   profile-settings.c  state, failure, compression
 *   profile-source.c  sources, and names that must exist in overlays/ or hooks/
 *   profile-syntax.c  what a text may look like: names, paths, addresses …
 *   profile-check.c   what has to fit together: needs, targets, repositories
 *   profile-show.c    the profile as JSON and the table as a manual, both from the table */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "builder/diagnostics.h"
#include "builder/json.h"
#include "builder/profile.h"
#include "builder/yaml.h"

struct profile_file {
	const char *name;    /* as the user would name it; place.file of all values from it */
	const char *path;    /* absolute */
	const char *project; /* absolute: what holds the file's profiles/, overlays/, hooks/ */
	struct strings roots; /* where what the file names is looked for: its project, the others, mkdl's own */
	dev_t dev;
	ino_t ino;
	struct value *value;
};

struct loader {
	struct arena *arena;
	struct diagnostics *diag;
	const char *home;
	struct profile_file *files; /* in the order that they are merged: the one asked for is last */
	size_t file_count, file_cap;
	struct value *merged;
	struct profile *profile;
};

/* An error at a value. */
#define complain(l, v, ...) ((void)diagnose((l)->diag, SEVERITY_ERROR, (v)->at, (v)->width, __VA_ARGS__))

/* profile-files.c: read file and all that it extends into l->files. */
int loader_read_files(struct loader *l, const char *file);
/* Where what is written at a place is looked for. */
struct strings loader_roots(const struct loader *l, struct place at);
/* The absolute path of an existing file: name itself when absolute, else the first of the place's roots with folder/name
 * in it (folder may be ""). NULL when there is none. */
const char *loader_find(struct loader *l, struct place at, const char *folder, const char *name);

/* profile-merge.c: base, overridden by over. Warns of null where nothing is there to be removed. */
struct value *value_merge(struct arena *a, struct diagnostics *diag, struct value *base, struct value *over);

/* The maps that keys belong to. */
enum key_map {
	MAP_PROFILE, MAP_SOURCE, MAP_COMPONENT, MAP_REPOSITORY, MAP_SERVICE, MAP_READY, MAP_IMAGE, MAP_USER,
	MAP_KUBERNETES, MAP_CONTAINERD, MAP_COMPRESSION, MAP_OUTPUT, MAP_COUNT,
};

struct key;

/* A type of value: how it is written in the manual, read into its field, and written as JSON. */
struct key_type {
	const char *text;
	/* name is the key as written. Problems go to l->diag; the field then keeps what it had. */
	void (*read)(struct loader *l, const struct key *k, const struct value *name, const struct value *v,
		     void *field);
	/* Writes nothing for a field that was never set. */
	void (*write)(struct json *j, const struct key *k, const void *field);
	const struct part *part; /* of a map of maps: what its members are */
};

struct key {
	enum key_map map;
	const char *name;
	const struct key_type *type;
	size_t offset; /* of the field in the map's struct */
	/* The syntax of a text, of each item of a list, of each pair (name is then its key); NULL: any. */
	bool (*check)(struct loader *l, const struct value *name, const struct value *v);
	const char *help;
};

extern const struct key profile_keys[];
extern const size_t profile_key_count;
/* "components.NAME", for headings and messages; "" for the profile itself. */
extern const char *const key_map_names[MAP_COUNT];

/* One map is read into one or two structs: a component's keys are its own and its source's. */
struct key_target {
	enum key_map map;
	void *base;
};

/* profile-read.c: each member of v goes through its key's type; an unknown one is an error with a suggestion. */
void read_map(struct loader *l, const struct key_target *targets, size_t count, const struct value *v);
void write_map(struct json *j, enum key_map map, const void *base);

/* A map of maps, as "components": {"NAME": {…}}: an array of structs in the profile, its length right behind it. */
struct part {
	enum key_map map;
	size_t size;
	ssize_t source;   /* offset of its struct source, -1: has none */
	bool (*check_name)(struct loader *l, const struct value *name, const struct value *v);
	void (*begin)(struct loader *l, const struct value *name, void *part); /* defaults */
	void (*end)(struct loader *l, const struct value *name, const struct value *v, void *part); /* checks */
	const char *(*name)(const void *part);
};

/* profile-parts.c: read and write of a map of maps; is it a map at all (what: more words for the message)? */
void read_parts(struct loader *l, const struct key *k, const struct value *name, const struct value *v, void *field);
void write_parts(struct json *j, const struct key *k, const void *field);
bool is_map(struct loader *l, const struct value *name, const struct value *v, const char *what);

extern const struct key_type type_text, type_list, type_set, type_pairs, type_bool, type_seconds, type_count, type_number,
	type_mode, type_owner, type_layer, type_restart, type_failure, type_compression, type_file, type_files, type_skip,
	type_number_skip;
extern const struct key_type type_source, type_sources, type_source_kind, type_ready, type_ready_kind, type_components,
	type_repositories, type_services, type_images, type_users, type_states, type_kubernetes, type_containerd,
	type_output;

/* The checks that the key table names, also of use elsewhere: each complains and returns false when v is not what it
 * should be. */
bool is_text(struct loader *l, const struct value *name, const struct value *v);
bool check_name(struct loader *l, const struct value *name, const struct value *v);
bool check_profile_name(struct loader *l, const struct value *name, const struct value *v);
bool check_plain(struct loader *l, const struct value *name, const struct value *v);
bool check_absolute(struct loader *l, const struct value *name, const struct value *v);
bool check_program(struct loader *l, const struct value *name, const struct value *v); /* a list's first item */
bool check_target(struct loader *l, const struct value *name, const struct value *v);
bool check_pattern(struct loader *l, const struct value *name, const struct value *v);
bool check_soname(struct loader *l, const struct value *name, const struct value *v);
bool check_package(struct loader *l, const struct value *name, const struct value *v);
bool check_url(struct loader *l, const struct value *name, const struct value *v);
bool check_uri(struct loader *l, const struct value *name, const struct value *v);
bool check_https(struct loader *l, const struct value *name, const struct value *v);
bool check_sha256(struct loader *l, const struct value *name, const struct value *v);
bool check_path(struct loader *l, const struct value *name, const struct value *v);
bool check_recipe(struct loader *l, const struct value *name, const struct value *v);
bool check_overlay(struct loader *l, const struct value *name, const struct value *v);
bool check_hook(struct loader *l, const struct value *name, const struct value *v);
bool check_module(struct loader *l, const struct value *name, const struct value *v);
bool check_driver(struct loader *l, const struct value *name, const struct value *v);
bool check_sysctl(struct loader *l, const struct value *name, const struct value *v);
bool check_argument(struct loader *l, const struct value *name, const struct value *v);
bool check_flag(struct loader *l, const struct value *name, const struct value *v);
bool check_env(struct loader *l, const struct value *name, const struct value *v);
bool check_template(struct loader *l, const struct value *name, const struct value *v);
bool check_hostname(struct loader *l, const struct value *name, const struct value *v);
bool check_address(struct loader *l, const struct value *name, const struct value *v);
bool check_cidr(struct loader *l, const struct value *name, const struct value *v);
bool check_node_ip(struct loader *l, const struct value *name, const struct value *v);
bool check_domain(struct loader *l, const struct value *name, const struct value *v);
bool check_label(struct loader *l, const struct value *name, const struct value *v);
bool check_role(struct loader *l, const struct value *name, const struct value *v);
bool check_snapshotter(struct loader *l, const struct value *name, const struct value *v);
bool check_reference(struct loader *l, const struct value *name, const struct value *v);
bool check_ssh_key(struct loader *l, const struct value *name, const struct value *v);
bool check_user_name(struct loader *l, const struct value *name, const struct value *v);
/* "512M" or "50%", as mount(8)'s size= of tmpfs. */
bool is_tmpfs_size(const char *text);
/* Digits only, from min to max. */
bool parse_number(const char *text, unsigned long min, unsigned long max, unsigned long *out);
/* "90", "90s", "5m", "2h" → seconds, at most a day. */
bool parse_seconds(const char *text, unsigned *out);

/* One of several words; complains with a suggestion and the whole list. -1 when it is none. */
int choose(struct loader *l, const struct value *v, const char *what, const char *const *words, size_t count);

/* profile-source.c: that a map names exactly one source, with what belongs to its kind and nothing else. */
void check_source(struct loader *l, const struct value *name, const struct value *v, const struct source *s);
/* "tree_hooks" → "hooks/tree" */
const char *hook_folder(const char *key);

/* profile-check.c */
void check_profile(struct loader *l);

/* profile-show.c */
void profile_show_keys(struct strbuf *out);
void profile_show_json(const struct profile *p, struct strbuf *out);
