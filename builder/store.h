/* The store: the cache under $XDG_CACHE_HOME/mkdl, shared by concurrent builds.
 *   blob/ab/cdef…        file contents, downloads and archives by SHA-256, read-only
 *   KIND/KEY             results derived from them, named by the hash of what they were made from:
 *                        listing (what an archive holds), segment, recipe, elf, …
 *   apt/, modules/       folders for apt's private roots and for depmod (each made under a temporary name, then renamed)
 *   log/                 logs of recipes
 *   partial/             downloads under way, named by their hash: they outlive the build, to be resumed
 *   lock/                what store_lock locks
 *   tmp/                 unfinished work, one folder for each process; swept when the process is gone
 *   in-use               locked (shared) by every build, so that pruning keeps away
 * Everything is written under tmp/ and renamed when whole, so a killed build leaves nothing half-made behind.
 * Only downloads and adopted results are synced to the disk. After a power cut a younger file may be there in name but
 * cut short: so an empty blob or result counts as missing, results of more than a page are synced, and whoever knows a
 * size compares it (store_has_files). The time of change of an entry is when it was last used, exact to a day. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/strbuf.h"

struct tree;

struct store {
	int fd;           /* the folder */
	const char *path; /* absolute */
	int in_use;       /* the lock that keeps pruning away */
	int session;      /* our folder below tmp/, locked as long as we live */
	char session_name[32];
};

/* Opens (makes) the store in MKDL_CACHE, else $XDG_CACHE_HOME/mkdl, else ~/.cache/mkdl. Sweeps tmp/ of dead processes. */
int store_open(struct store *s, struct arena *a, struct error *err);
void store_close(struct store *s);

/* A blob under way: write to fd, then store_blob_end (hashes nothing itself: h is the caller's) or store_blob_drop. */
struct store_blob {
	int fd;
	char name[64]; /* below tmp/ */
};
int store_blob_begin(struct store *s, struct store_blob *b, struct error *err);
int store_blob_end(struct store *s, struct store_blob *b, const struct hash *h, struct error *err);
void store_blob_drop(struct store *s, struct store_blob *b);

/* Store n bytes (or the rest of fd) as a blob; *out is its hash, *size (may be NULL) its length. */
int store_put(struct store *s, const void *data, size_t n, struct hash *out, struct error *err);
int store_put_fd(struct store *s, int fd, const char *name, struct hash *out, uint64_t *size, struct error *err);

bool store_has_blob(struct store *s, const struct hash *h);
/* Has the blob, and it is of this size? */
bool store_has_blob_of(struct store *s, const struct hash *h, uint64_t size);
/* Are the contents of all the tree's files there, whole? Ask this of a listing that comes out of the cache. */
bool store_has_files(struct store *s, const struct tree *t);
/* A read-only descriptor. Missing is an error. */
int store_open_blob(struct store *s, const struct hash *h, int *fd, struct error *err);
/* Absolute path of a blob, for programs that want a name; it need not exist. */
const char *store_blob_path(struct store *s, struct arena *a, const struct hash *h);
/* The whole blob into out (appended). */
int store_read_blob(struct store *s, const struct hash *h, size_t limit, struct strbuf *out, struct error *err);

/* Derived results, small or large. get: 1 found, 0 not there, -1 error. open_result: descriptor or -1 (errno set).
 * An empty result is as good as none. */
int store_get_result(struct store *s, const char *kind, const struct hash *key, struct strbuf *out, struct error *err);
int store_put_result(struct store *s, const char *kind, const struct hash *key, const void *data, size_t n, struct error *err);
int store_open_result(struct store *s, const char *kind, const struct hash *key);
/* Adopt a file made under tmp/ (store_blob_begin) as a derived result. Synced to the disk. */
int store_adopt_result(struct store *s, const char *kind, const struct hash *key, struct store_blob *b, struct error *err);
/* Forget a result that turned out not to be usable. */
void store_drop_result(struct store *s, const char *kind, const struct hash *key);

/* A new empty folder below tmp/, its absolute path in *path; renamed to "relative" below the store by store_adopt_dir
 * (when that is already there, it stays and path is removed). */
int store_make_dir(struct store *s, struct arena *a, const char **path, struct error *err);
int store_adopt_dir(struct store *s, const char *path, const char *relative, struct error *err);
/* Note the use of a folder that was adopted; false when it is not there. */
bool store_use_dir(struct store *s, const char *relative);

/* An exclusive lock on a name ("recipe-KEY", "apt-KEY"), so that two builds do the same work once; blocks.
 * Returns a descriptor to close, or -1. */
int store_lock(struct store *s, const char *name, struct error *err);

/* What the store holds, by kind ("blob", "segment", …; "tmp" is unfinished work), sorted by name. */
struct store_usage {
	const char *kind;
	uint64_t entries, bytes; /* bytes as allocated on the disk */
};
int store_measure(struct store *s, struct arena *a, struct store_usage **out, size_t *count, struct error *err);

/* Remove what was not used for so many days, and leftovers. Refused while a build uses the store.
 * *removed sums up what went. */
int store_prune(struct store *s, unsigned days, struct store_usage *removed, struct error *err);
