/* Settings of a program that came and went with its versions: command line flags, and fields of a YAML file. A program's
 * settings are one table; each row says in which versions it exists. The tables are in kubelet-config.c and
 * control-plane-config.c. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "base/strings.h"
#include "builder/version.h"

enum setting_kind { SETTING_FLAG, SETTING_FIELD };

/* One flag (name without "--") or one field (the names on the way to it joined by "/"; fields of one parent stand together).
 * It is written when the program's version is within since ≤ v < until and its role is one of roles. The value is a constant,
 * or computed of what the program is to be like; NULL from the function leaves it out. Values of fields are written as they
 * are: YAML, flow style. */
struct setting {
	enum setting_kind kind;
	const char *name;
	struct version since, until;
	unsigned roles;
	const char *constant;
	const char *(*value)(struct arena *a, const void *of);
};

struct settings {
	const struct setting *items;
	size_t count;
};

/* Initializes a struct settings with a table. */
#define SETTINGS(table) {.items = (table), .count = sizeof(table) / sizeof((table)[0])}

/* "--NAME=VALUE" for each flag of this version and role, in the table's order, then more. of is for the functions of the
 * table. In the arena. */
struct strings settings_flags(struct arena *a, const struct settings *table, struct version version, unsigned role,
			      const void *of, const struct strings *more);

/* The fields of this version and role as YAML, appended to out. */
void settings_fields(struct arena *a, const struct settings *table, struct version version, unsigned role, const void *of,
		     struct strbuf *out);
