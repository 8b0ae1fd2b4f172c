/* Ignition's configuration (spec 3.0 to 3.5, JSON) in the form of a cloud-config, so that both meet by the same rules.
 *
 *   ignition.c          versions, config.merge and config.replace
 *   ignition-json.c     JSON into values, and the driver of the tables
 *   ignition-keys.c     the keys of the specification, and what becomes of each
 *   ignition-storage.c  files, directories, links, and what their contents are
 *   ignition-passwd.c   users and groups */
#pragma once

#include "node/agent/merge.h"

enum { IGNITION_DEPTH = 4, IGNITION_CONFIGS = 16 };

struct ignition_key {
	const char *name;
	unsigned since; /* 3.x */
	enum cloud_status status;
	const char *help; /* why not, and what instead; of CLOUD_APPLIED: what it does */
};

struct ignition_map {
	const char *name;
	const struct ignition_key *keys;
	size_t count;
};

extern const struct ignition_map ignition_top, ignition_ignition, ignition_config, ignition_security, ignition_tls,
	ignition_resource, ignition_verification, ignition_storage, ignition_file, ignition_directory, ignition_link,
	ignition_node_user, ignition_passwd, ignition_user, ignition_group;
extern const struct ignition_map *const ignition_maps[];
void ignition_show_keys(struct strbuf *out);

struct ignition {
	struct cloud *c;
	const char *name; /* of the document */
	unsigned minor;	  /* version 3.minor */
	struct value *out;
	unsigned depth, *configs; /* of configs that name each other */
};

struct value *ignition_parse(struct cloud *c, const struct document *d);
/* Says what is unknown, ignored or refused. False, and says so, when v is no map. path: of v, as in "storage.files[2]".
 */
bool ignition_check(struct ignition *g, const struct ignition_map *map, const char *path, const struct value *v);
/* "path: message" as an error at v. */
void ignition_complain(struct ignition *g, const struct value *v, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The member when it is a list, with its items maps; NULL when it is not there or wrong (which is said). */
const struct value *ignition_list(struct ignition *g, const struct value *map, const char *name, const char *path);
const char *ignition_join(struct ignition *g, const char *path, const char *name);
const char *ignition_item(struct ignition *g, const char *path, size_t i);

/* A resource (source, compression, verification) into a file of write_files. */
void ignition_contents(struct ignition *g, const struct value *v, const char *path, struct value *file);
void ignition_storage_read(struct ignition *g, const struct value *v);
void ignition_passwd_read(struct ignition *g, const struct value *v);
/* What a data: URL (RFC 2397) holds. */
int ignition_data_url(struct arena *a, const char *url, const char **out, size_t *size, struct error *err);
