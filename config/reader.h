/* Maps of YAML into structs, by tables: what keys a map has, of what type each is, what its text may look like. From
 * the same tables come the checks and their messages, the JSON of a struct, and the reference in mkdl-profile(5).
 *
 * The builder reads profiles with this room, the node's agent reads the map "mkdl:" of a cloud-config; what both have
 * in common (services, state …) is here too, read into the parts of a struct plan (init/plan.h).
 *
 *   yaml.c         YAML files as values that know where they were written
 *   diagnostics.c  problems, collected, with their places
 *   read.c         a table of keys, driven over a map
 *   types.c        the plain types of values: text, list, seconds …
 *   parts.c        maps of names to structs
 *   syntax.c       what single texts may look like: names, paths, addresses … (syntax.h) */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/pairs.h"
#include "base/strings.h"
#include "config/diagnostics.h"
#include "config/yaml.h"

/* Who reads. A reader of more (the builder's loader of profiles) has this as its first member, and its own types of
 * keys find it there. */
struct reader {
	struct arena *arena;	  /* of everything that is read */
	struct diagnostics *diag; /* where problems go */
	bool lenient;		  /* unknown keys are warnings, values that are null count as not written */
};

/* An error at a value. */
#define complain(r, v, ...) ((void)diagnose((r)->diag, SEVERITY_ERROR, (v)->at, (v)->width, __VA_ARGS__))

struct key;
struct part;

/* A type of value: how it is written in the manual, read into its field, and written as JSON. */
struct key_type {
	const char *text;
	/* name is the key as written. Problems go to r->diag; the field then keeps what it had. */
	void (*read)(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		     void *field);
	/* Writes nothing for a field that was never set. */
	void (*write)(struct json *j, const struct key *k, const void *field);
	const struct part *part; /* of a map of maps: what its members are */
};

/* The syntax of a text, of each item of a list, of each pair (name is then its key): complains and returns false when
 * v is not what it should be. */
typedef bool key_check(struct reader *r, const struct value *name, const struct value *v);

struct key {
	const char *name;
	const struct key_type *type;
	size_t offset;	  /* of the field in the map's struct */
	key_check *check; /* NULL: any */
	const char *help;
};

/* The keys of one kind of map. */
struct key_map {
	const char *name; /* "components.NAME", for headings; "" for the outermost map */
	const struct key *keys;
	size_t count;
};

/* Initializes a map with a table of keys. */
#define KEY_MAP(text, table) {.name = (text), .keys = (table), .count = sizeof(table) / sizeof((table)[0])}

/* One map may be read into several structs: a component's keys are its own and its source's. */
struct key_target {
	const struct key_map *map;
	void *base;
};

/* Each member of v goes through its key's type; an unknown one is an error with a suggestion. */
void read_map(struct reader *r, const struct key_target *targets, size_t count, const struct value *v);
void write_map(struct json *j, const struct key_map *map, const void *base);

/* A map of maps, as "services": {"NAME": {…}}: the field is an array of structs, its length right behind it. */
struct part {
	const struct key_map *map;
	size_t size;			/* of a member's struct */
	const struct key_map *more;	/* keys of a struct inside of that, or NULL */
	size_t more_offset;
	key_check *check_name;
	void (*begin)(struct reader *r, const struct value *name, void *item); /* defaults */
	void (*end)(struct reader *r, const struct value *name, const struct value *v, void *item); /* checks, or NULL */
	const char *(*name)(const void *item);
};

/* The read and write of a type with a part. Members that the array has already are changed, others appended. */
void read_parts(struct reader *r, const struct key *k, const struct value *name, const struct value *v, void *field);
void write_parts(struct json *j, const struct key *k, const void *field);

/* Complain and return false when v is no such value; what: more words for the message. */
bool is_text(struct reader *r, const struct value *name, const struct value *v);
bool is_list(struct reader *r, const struct value *name, const struct value *v);
bool is_map(struct reader *r, const struct value *name, const struct value *v, const char *what);
/* A text that is not empty and that the key's check takes. */
bool is_accepted(struct reader *r, const struct key *k, const struct value *name, const struct value *v);

/* The write of types whose field is a const char *, a struct strings. */
void write_text(struct json *j, const struct key *k, const void *field);
void write_list(struct json *j, const struct key *k, const void *field);

/* One of several words: its index; -1 with a complaint, a suggestion and the whole list when it is none. */
int choose(struct reader *r, const struct value *v, const char *what, const char *const *words, size_t count);

/* The plain types, with the field that each fills. */
extern const struct key_type type_text;	   /* const char *; of check_absolute: in its clean form */
extern const struct key_type type_list;	   /* struct strings */
extern const struct key_type type_set;	   /* struct strings, nothing twice */
extern const struct key_type type_one_or_more; /* the same; a single text counts as a list of one */
extern const struct key_type type_pairs;   /* struct pairs */
extern const struct key_type type_bool;	   /* bool */
extern const struct key_type type_seconds; /* unsigned */
extern const struct key_type type_count;   /* unsigned, 1 to 10000 */
extern const struct key_type type_number;  /* uint32_t, a uid or gid; UINT32_MAX: not written */
extern const struct key_type type_mode;	   /* int, below 0: not written */
extern const struct key_type type_owner;   /* int64_t uid, then gid; below 0: not written */
