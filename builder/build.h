/* One build: what every stage of the pipeline shares. Stages are called in the order of this header by build.c:
 *   profile → lock → sources → tree → layers → segments → image → outputs */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "builder/initramfs.h"
#include "builder/lock.h"
#include "builder/profile.h"
#include "builder/store.h"
#include "builder/tree.h"

struct progress;
struct source_memo;

struct build_options {
	const char *out;  /* folder for out/NAME; NULL: "out" */
	const char *tftp; /* NULL: the profile's */
	bool locked, offline;
	bool relock;      /* resolve anew, whatever the lock beside the outputs says */
	unsigned jobs;    /* 0: one per CPU */
	int verbose;
};

struct build {
	struct arena *arena;
	struct build_options options;
	struct profile profile;
	struct store store;
	struct lock lock;
	struct progress *progress;
	struct source_memo *sources; /* what source.c has opened so far */
	const char *home;   /* mkdl's own data: profiles/, overlays/, hooks/ (source checkout or PREFIX/share/mkdl) */
	const char *helpers; /* folder with the static binaries of the init (build tree or PREFIX/libexec/mkdl) */
	struct tree tree;
	const char *kernel_version; /* "6.1.0-56-amd64" */
	struct node kernel;         /* vmlinuz */
	struct initramfs initramfs;
};

/* Threads to work with: options.jobs, else one per CPU. */
unsigned build_jobs(const struct build *b);

/* The pipeline, in order; every command runs as much of it as it needs. With -1 and no text in err the problems were
 * diagnostics of the profile, which are on stderr already. */

/* Zero b first and give it an arena. Loads the profile, opens the store, finds home and helpers. */
int build_open(struct build *b, const char *profile, const struct build_options *options, bool no_color,
	       struct error *err);
/* Resolves the lock, fetches, fills b->tree. */
int build_tree(struct build *b, struct error *err);
/* Compresses what the store lacks, fills b->initramfs. */
int build_image(struct build *b, struct error *err);
/* Puts the outputs in place. *changed: something was out of date. */
int build_publish(struct build *b, bool *changed, struct error *err);
/* Releases what is not in the arena; also after an error. */
void build_close(struct build *b);
