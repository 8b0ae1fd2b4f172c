/* cloud-config: YAML into struct settings, driven by tables. Every key that cloud-init documents has a row that says
 * what becomes of it here: applied, ignored (a warning that says why, and what to use instead) or refused (an error).
 * The tables in docs/cloud-config.md are made from the same rows.
 *
 *   cloud-keys.c      the outermost keys, and the list of all maps
 *   cloud-ignored.c   keys that are known and have no meaning on a node
 *   cloud-config.c    documents into values; aliases of keys, older forms and merge keys brought to one form
 *   cloud-foreign.c   what CoreOS, RancherOS and k3OS call by other names
 *   cloud-content.c   contents of files
 *   cloud-read.c      the driver of the tables, and plain types of values
 *   cloud-users.c cloud-files.c cloud-network.c cloud-system.c cloud-mounts.c cloud-mkdl.c   the readers by concern
 *   merge.c           documents over each other; merge-effective.c what came of it, with sources */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "config/reader.h"
#include "config/syntax.h"
#include "node/agent/document.h"
#include "node/agent/settings.h"

struct config;

struct cloud {
	struct reader r;	   /* arena and diagnostics; first, so that config/'s checks take it */
	struct settings *settings; /* what is filled */
	struct plan *plan;	   /* what mkdl: is read into */
	struct config *config;	   /* for its fetcher and variables (merge.h) */
};

enum cloud_status { CLOUD_APPLIED, CLOUD_IGNORED, CLOUD_REFUSED };

/* How a later document's value meets an earlier one's. null always removes. */
enum cloud_merge {
	CLOUD_REPLACE,	   /* takes its place */
	CLOUD_APPEND,	   /* list: is appended, without what is there already */
	CLOUD_MERGE,	   /* map: key by key; lists and texts inside replace */
	CLOUD_MERGE_LISTS, /* map: key by key; lists inside append unless written with !replace */
	CLOUD_USERS,	   /* list of maps: of one name become one; the rest is appended */
	CLOUD_FILES,	   /* list of maps: replaces what it has of that path, unless it is to be appended to it */
	CLOUD_MOUNTS,	   /* list of lists: of one mount point replaces; the rest is appended */
};

struct cloud_key;

/* v is of the key written as name; field is base + offset of its row. */
typedef void cloud_read(struct cloud *c, const struct cloud_key *k, const struct value *name, const struct value *v,
			void *field);

struct cloud_key {
	const char *name;
	enum cloud_status status;
	const char *help; /* what it does; why it does nothing, or what to use instead */
	cloud_read *read; /* CLOUD_APPLIED */
	size_t offset;
	key_check *check;	/* of each text; NULL: any */
	enum cloud_merge merge; /* of the outermost keys */
	const char *module;	/* cloud-init's, of the outermost keys; NULL: none */
};

struct cloud_map {
	const char *name; /* "users[]" for headings; "" for the outermost keys */
	const struct cloud_key *keys;
	size_t count;
};

#define CLOUD_MAP(text, table)                                                                                         \
	{                                                                                                              \
		.name = (text), .keys = (table), .count = sizeof(table) / sizeof((table)[0])                           \
	}

/* Drive the members of v through the table into base; null members are skipped. Says so, and returns false, when v is
 * no map. */
bool cloud_read_map(struct cloud *c, const struct cloud_map *map, const struct value *name, const struct value *v,
		    void *base);
const struct cloud_key *cloud_find(const struct cloud_map *map, const char *name);

/* Read a whole merged or single configuration (canonical form) into c->settings. Problems go to the diagnostics. */
void cloud_read_settings(struct cloud *c, const struct value *v);

/* A document's values in canonical form, NULL when it cannot be read at all (why is in the diagnostics). */
struct value *cloud_values(struct cloud *c, const struct document *d);
/* Bring foreign keys of a map to ours; see cloud-foreign.c. */
void cloud_adopt_foreign(struct cloud *c, struct value *map);
void cloud_show_foreign(struct strbuf *out);
/* Version 1 of network to version 2. */
void cloud_adopt_network(struct cloud *c, struct value *map);
/* Ignition's JSON as values in the form of a cloud-config, NULL when it cannot be read. */
struct value *ignition_values(struct cloud *c, const struct document *d);

/* Helpers for making and changing values. set: replaces a member of that name. dig: the map at a path, made when
 * missing. */
struct value *cloud_text_value(struct cloud *c, struct place at, const char *text);
void cloud_set(struct cloud *c, struct value *map, const struct value *key, const char *name, struct value *v);
struct value *cloud_dig(struct cloud *c, struct value *map, const struct value *key, const char *name);
bool cloud_remove(struct value *map, const char *name);

/* A word as the shell reads it back: in single quotes, those inside as '\\''. */
void cloud_quote(struct strbuf *out, const char *word);

/* Plain types, with the field that each fills. A null counts as not written. */
cloud_read cloud_read_text;  /* const char * */
cloud_read cloud_read_line;  /* const char *, one line */
cloud_read cloud_read_bool;  /* bool; YAML 1.1: yes, no, on, off, true, false in any case; 1, 0 */
cloud_read cloud_read_list;  /* struct strings; one text counts as a list of one */
cloud_read cloud_read_names; /* struct strings; a text is split at commas and spaces */
cloud_read cloud_read_mode;  /* int; 0644, "0644", 0o644, 644: octal */
cloud_read cloud_read_id;    /* int64_t, 0 to 4294967294 */
cloud_read cloud_read_path;  /* const char *, clean */

/* YAML 1.1's words for truth: 1, 0, or -1 for none. */
int cloud_truth(const char *text);
/* Read an integer as YAML 1.1 writes them: 12, 0x1f, 0o17, 017, 1_000. */
bool cloud_integer(const char *text, int64_t *out);

/* base64 (RFC 4648; spaces and line ends are skipped) and gzip (RFC 1952, at most limit bytes come out) into the arena.
 */
int cloud_base64(struct arena *a, const char *text, size_t n, const char **out, size_t *size, struct error *err);
int cloud_gunzip(struct arena *a, const char *data, size_t n, size_t limit, const char **out, size_t *size,
		 struct error *err);
enum { CLOUD_FILE_LIMIT = 16 << 20 };

/* Fetch what has an address, unpack, check the checksum: data and size are filled in. */
int cloud_content(struct arena *a, struct config *config, struct setting_content *content, struct error *err);

extern const struct cloud_map cloud_top, cloud_user, cloud_file, cloud_file_source, cloud_directory, cloud_link,
	cloud_ntp, cloud_ca_certs, cloud_resolv_conf, cloud_power_state, cloud_random_seed, cloud_ssh_keys;
extern const struct cloud_key cloud_ignored_keys[];
extern const size_t cloud_ignored_count;

/* The readers of the outermost keys, by concern. */
cloud_read cloud_read_users, cloud_read_groups, cloud_read_files, cloud_read_links, cloud_read_directories,
	cloud_read_commands, cloud_read_scripts, cloud_read_ntp, cloud_read_timezone, cloud_read_ca_certs,
	cloud_read_network, cloud_read_resolv_conf, cloud_read_mounts, cloud_read_mount_defaults,
	cloud_read_power_state, cloud_read_random_seed, cloud_read_ssh_keys, cloud_read_mkdl, cloud_read_keys,
	cloud_read_hosts, cloud_read_hostname, cloud_read_nothing;

/* All maps, ended by NULL; the tables of docs/cloud-config.md, in Markdown. */
extern const struct cloud_map *const cloud_maps[];
void cloud_show_keys(struct strbuf *out);
