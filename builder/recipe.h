/* Recipes: executables in hooks/build that make parts which no package ships. What a recipe needs is declared at its top, from
 * the second line to the first that is not a declaration ("#" alone, or anything but a comment); docs/recipes.md has the list.
 *
 *   #!/bin/sh
 *   # recipe: what it makes, for people          first, once
 *   # apt-source: NAME…                          Debian source packages: their files in $INPUTS
 *   # apt: NAME…                                 binary packages, unpacked into $TOOLS
 *   # build: NAME…                               other recipes: what they deliver in $PARTS/NAME
 *   # file: PATTERN…                             files beside it, laid out in $RECIPE
 *   # tool: NAME (PACKAGE…) …                    programs of the host, and the packages that make up their version
 *   # option: NAME = VALUE (one of: A B)         or (some of: A B), or any text; the value is the default; $OPTION_NAME
 *   # version: apt-source NAME | TEXT            of what it delivers; $VERSION
 *
 * recipe-read.c reads one, recipe-plan.c finds its inputs and the key of its result, recipe-make.c lays them out and collects
 * what it made, recipe-run.c runs it shut off from the host, recipe.c keeps results and holds them against the lock;
 * source-build.c is the row in the table of sources. */
#pragma once

#include "builder/source.h"

enum { RECIPE_NESTING_LIMIT = 8 }; /* recipes that build on recipes */

struct recipe_option {
	const char *name;
	const char *value;      /* the default */
	struct strings choices; /* empty: any text */
	bool several;           /* some of the choices, separated by commas */
};

struct recipe_tool {
	const char *name;
	struct strings packages; /* the first is the one to install */
};

struct recipe_file {
	const char *name; /* below $RECIPE: as declared, without leading "../" */
	const char *path; /* absolute */
};

struct recipe {
	const char *name, *path, *summary;
	struct strings sources, packages, parts;
	struct recipe_file *files;
	size_t file_count;
	struct recipe_tool *tools;
	size_t tool_count;
	struct recipe_option *options;
	size_t option_count;
	const char *version_of; /* the source package whose version it is, or NULL */
	const char *version;    /* stated, or NULL */
};

/* Parse the declarations in text (n bytes), read from path. Files are not looked for yet: their patterns are in *patterns.
 * Errors read "path:LINE: …". */
int recipe_parse(struct arena *a, const char *path, const char *text, size_t n, struct recipe *out, struct strings *patterns,
		 struct error *err);

/* Find hooks/build/NAME in the roots, in their order, and read it; files that it declares are looked for beside it, then in
 * hooks/build of the other roots. */
int recipe_read(struct arena *a, const char *name, const struct strings *roots, struct recipe *out, struct error *err);

/* One recipe with its options chosen and everything that decides its result. */
struct recipe_plan {
	struct recipe recipe;
	const struct source *source; /* asked for by */
	const char *label;           /* "kubernetes", "kubernetes binaries=kubectl": its name in the lock and for people */
	struct pairs options;        /* all, in the order of declaration */
	const char *version;         /* or NULL */
	struct package **packages;
	size_t package_count;
	const struct source_package **sources;
	size_t source_count;
	struct recipe_part {
		const char *name;
		struct tree tree;
		struct hash hash;
	} *parts;
	size_t part_count;
	const char *missing_tool;    /* "musl-gcc (package musl-tools)": not on this host; or NULL */
	const char *inputs;          /* flat records (base/flat.h) of all of the above, without places on this machine */
	struct hash key;             /* of inputs: names the result */
};

/* Read the recipe that s names and check its options. Fills recipe, source, label and options. */
int recipe_choose(struct build *b, const struct source *s, struct recipe_plan *out, struct error *err);

/* Look up what a chosen recipe needs in the lock and on the host. Fills the rest; parts and part_count are the caller's. */
int recipe_plan_inputs(struct build *b, struct recipe_plan *p, struct error *err);

/* What a build: source delivers, from the store or made now; *hash is of its listing. With may_make false nothing is made.
 * 1 with the outputs filled, 0 when it is not there and may not be made, -1 on error. */
int recipe_deliver(struct build *b, const struct source *s, bool may_make, struct tree *out, struct hash *hash,
		   struct error *err);

/* Run the recipe in a fresh folder of the store; *out is the tree that it left in $OUT, its files in the store. (recipe-make.c) */
int recipe_make(struct build *b, const struct recipe_plan *p, struct tree *out, struct error *err);

/* The source by which a recipe asks for another that it builds on. */
struct source recipe_part_source(const struct source *s, const char *name);

/* Where the tools of a recipe are found, and nowhere else. */
#define RECIPE_PATH "/usr/sbin:/usr/bin:/sbin:/bin"

/* Run a program with everything it starts as one group that does not outlive us, without network where the kernel allows it.
 * Output and errors go to log_fd. *status is as in run_program; *cut_off tells whether there was no network. */
struct recipe_run {
	const char *const *argv, *const *env;
	const char *directory;
	int log_fd;
};
int recipe_run(const struct recipe_run *r, int *status, bool *cut_off, struct error *err);

/* "1:1.35.0-4+deb12u1" → "1.35.0", "1.20.5+really1.20.2-1" → "1.20.2": what upstream calls it. */
const char *recipe_upstream_version(struct arena *a, const char *version);
