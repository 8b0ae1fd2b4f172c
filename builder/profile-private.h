/* Inside of profile_load: files → one merged tree of values → struct profile → checks across it. The reading of a map
 * by a table of keys is config/'s (config/reader.h), and so are the keys that a node's own configuration has too.
 *
 *   profile-files.c   extends: which files, in which order, and where what they name is looked for
 *   profile-merge.c   maps merge, lists append, the rest overrides
 *   profile-keys.c    the tables of keys that only a profile has
 *   profile-types.c   the types of values that only a profile has; profile-syntax.c: what their texts may look like
 *   profile-parts.c   maps of names to structs: components, users …
 *   profile-settings.c  failure, compression; profile-config.c: config, identity
 *   profile-source.c  sources, and names that must exist in overlays/ or hooks/
 *   profile-check.c   what has to fit together: needs, targets, repositories
 *   profile-show.c    the profile as JSON and the tables as a manual */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "builder/profile.h"
#include "config/network.h"
#include "config/node.h"
#include "config/reader.h"

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
	struct reader reader; /* first: see loader_of */
	const char *home;
	struct profile_file *files; /* in the order that they are merged: the one asked for is last */
	size_t file_count, file_cap;
	struct value *merged;
	struct profile *profile;
};

/* The loader that a type of a key or a check is called with: profiles are read by nobody else. */
static inline struct loader *loader_of(struct reader *r)
{
	return (struct loader *)(void *)r;
}

/* profile-files.c: read file and all that it extends into l->files. */
int loader_read_files(struct loader *l, const char *file);
/* Where what is written at a place is looked for. */
struct strings loader_roots(const struct loader *l, struct place at);
/* The absolute path of an existing file: name itself when absolute, else the first of the place's roots with
 * folder/name in it (folder may be ""). NULL when there is none. */
const char *loader_find(struct loader *l, struct place at, const char *folder, const char *name);

/* profile-merge.c: base, overridden by over. Warns of null where nothing is there to be removed. */
struct value *value_merge(struct arena *a, struct diagnostics *diag, struct value *base, struct value *over);

/* profile-keys.c: the maps of a profile, each with its keys. */
extern const struct key_map map_profile, map_source, map_component, map_repository, map_image, map_user, map_kubernetes,
	map_etcd, map_containerd, map_compression, map_output, map_config, map_identity;
/* All of them and those of config/, in the manual's order, then NULL. */
extern const struct key_map *const profile_maps[];

extern const struct key_type type_file, type_files, type_layer, type_skip, type_number_skip, type_failure, type_compression,
	type_config, type_config_required, type_certificates, type_trust, type_identity;
extern const struct key_type type_source, type_sources, type_source_kind, type_components,
	type_repositories, type_registries, type_images, type_users, type_kubernetes, type_etcd, type_containerd,
	type_output;

/* profile-syntax.c and profile-source.c: the checks that only a profile's keys have. */
key_check check_profile_name, check_target, check_pattern, check_soname, check_package, check_url, check_uri, check_sha256,
	check_path, check_recipe, check_overlay, check_hook, check_driver, check_argument, check_role, check_snapshotter,
	check_reference, check_config_file, check_member;

/* profile-source.c: that a map names exactly one source, with what belongs to its kind and nothing else. */
void check_source(struct reader *r, const struct value *name, const struct value *v, const struct source *s);
/* "tree_hooks" → "hooks/tree" */
const char *hook_folder(const char *key);

/* profile-check.c */
void check_profile(struct loader *l);

/* profile-check-state.c: its state; containerd's snapshotter becomes native where that has to be. */
void check_profile_state(struct loader *l);
void check_profile_join(struct loader *l);

/* profile-show.c */
void profile_show_keys(struct strbuf *out);
void profile_show_json(const struct profile *p, struct strbuf *out);
