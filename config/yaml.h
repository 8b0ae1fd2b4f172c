/* YAML files as small trees of values that know where they were written.
 *
 * A strict subset of YAML 1.1, read through libyaml's events: one document, UTF-8, keys are scalars and occur once,
 * no tags but !replace (and YAML's own !!str and !!binary, see struct value). Scalars stay text; whoever reads a
 * value decides what it means ("0755" is a mode in one place and a version in another). Anchors and aliases work
 * within a file; what they expand to is limited, so that a small file stays small. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "config/diagnostics.h"

enum {
	YAML_FILE_LIMIT = 1 << 20, /* bytes */
	YAML_NODE_LIMIT = 20000,   /* values in a file, each alias counted with all that it stands for */
	YAML_DEPTH_LIMIT = 32,	   /* lists and maps in each other */
};

enum value_type { VALUE_NULL, VALUE_SCALAR, VALUE_LIST, VALUE_MAP };

struct value {
	enum value_type type;
	struct place at;
	unsigned width;	      /* characters of its text on its first line; 1 for lists and maps */
	bool replace;	      /* written with the tag !replace */
	bool binary;	      /* text written with the tag !!binary: base64 */
	const char *text;     /* VALUE_SCALAR */
	struct value **items; /* VALUE_LIST: the items; VALUE_MAP: the values */
	struct value **keys;  /* VALUE_MAP: scalars */
	size_t count, cap;
	size_t nodes;	/* values in it, itself included, aliases expanded */
	unsigned depth; /* levels of lists and maps, itself included */
};

/* Read a file. file is the name for messages, path where it is. NULL when it cannot be read (why is in diag). A key
 * that is written twice is an error in diag too, but reading goes on with its first value, to find what else is wrong.
 */
struct value *yaml_read(struct arena *a, const char *file, const char *path, struct diagnostics *diag);

/* The same from memory (n bytes). */
struct value *yaml_parse(struct arena *a, const char *file, const char *text, size_t n, struct diagnostics *diag);

/* A map's value for a key, or NULL; *key (may be NULL) becomes the key as written. */
struct value *value_get(const struct value *map, const char *name, const struct value **key);

/* An empty value of a type, written at a place. */
struct value *value_new(struct arena *a, enum value_type type, struct place at);

/* Append an item to a list (key NULL) or a member to a map. */
void value_add(struct arena *a, struct value *to, struct value *key, struct value *item);
