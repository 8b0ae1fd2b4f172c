/* The lock: exact version, origin and sha256 of every input of a build. A flat file beside the outputs:
 *   mkdl-lock 1
 *   request SHA256                      of the requests that it answers (sources of the profile, recipe inputs)
 *   package REPOSITORY NAME VERSION ARCH SIZE SHA256 URI FLAG… (direct | used) then "depends NAME…" in order
 *   source REPOSITORY NAME VERSION, then "file NAME SIZE SHA256 URI"
 *   url URL SHA256
 *   path NAME SHA256                    (of the listing)
 *   recipe NAME KEY SHA256              (of the listing that it produced)
 *   tool NAME VERSION                   (host tools that recipes used; VERSION is the key, there is no hash)
 * REPOSITORY is "host" for the host's own apt configuration. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/strbuf.h"

struct download {
	const char *name; /* file name, for people */
	const char *uri;
	uint64_t size;    /* 0: unknown */
	struct hash hash;
};

struct package {
	const char *repository, *name, *version, *arch;
	struct download file;
	const char **depends; /* names of packages in this lock, in the order that their Depends name them */
	size_t depend_count;
	bool direct;          /* the profile or a recipe names it */
	bool used;            /* its contents were looked at by the last build */
	uint64_t newest;      /* unix time of its newest file, once it was opened; not in the lock's file */
};

struct source_package {
	const char *repository, *name, *version;
	struct download *files;
	size_t file_count;
};

struct locked_hash { /* url, path, recipe */
	const char *kind, *name, *key;
	struct hash hash;
};

struct lock {
	struct arena *arena;
	struct hash request;
	struct package **packages;
	size_t package_count, package_cap;
	struct source_package *sources;
	size_t source_count, source_cap;
	struct locked_hash *hashes;
	size_t hash_count, hash_cap;
};

struct package *lock_package(const struct lock *l, const char *repository, const char *name);
const struct source_package *lock_source(const struct lock *l, const char *repository, const char *name);
const struct locked_hash *lock_hash(const struct lock *l, const char *kind, const char *name, const char *key);

void lock_add_package(struct lock *l, struct package *p);
void lock_add_source(struct lock *l, const struct source_package *p);

/* Adds or replaces. */
void lock_put_hash(struct lock *l, const struct locked_hash *h);

/* Puts packages and sources in the order in which they are written: a lock that was just resolved is then like one that
 * was read. */
void lock_sort(struct lock *l);

/* Sorted, so that the same inputs give the same bytes. */
void lock_write(const struct lock *l, struct strbuf *out);
int lock_read(struct lock *l, struct arena *a, const char *name, const char *text, size_t n, struct error *err);
