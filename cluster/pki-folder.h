/* The folder of a cluster, and reading and writing below it: what is secret there is 0600 in folders of 0700, replaced
 * atomically, and never a symbolic link, which might lead a secret to where others read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/strings.h"

struct pki_folder {
	const char *name; /* DIR, for messages */
	int fd;
	struct arena *arena;
	struct strings *said; /* sentences, or NULL; see pki_init */
};

void pki_folder_close(struct pki_folder *folder);
#define _cleanup_folder_ _cleanup_(pki_folder_close)

/* Open DIR to read. */
int pki_folder_open(struct arena *a, const char *dir, struct pki_folder *out, struct error *err);

/* Make DIR and DIR/pki (0700) if need be, wait until no other mkdl changes what is there, and remove what one that was
 * interrupted left. The lock goes with the folder. */
int pki_folder_lock(struct arena *a, const char *dir, struct strings *said, struct pki_folder *out, struct error *err);

/* Append a file's contents to out. path: below DIR. One that is missing is an error, or with found not NULL: *found tells.
 * A file that others than its owner may read is shut, and that is said. */
int pki_folder_read(const struct pki_folder *folder, const char *path, struct strbuf *out, bool *found, struct error *err);

bool pki_folder_has(const struct pki_folder *folder, const char *path);

/* Replace a file (0600), making its folders (0700). */
int pki_folder_write(const struct pki_folder *folder, const char *path, const struct strbuf *text, struct error *err);

/* Add a sentence to what is said. */
void pki_folder_say(const struct pki_folder *folder, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "DIR/path", for messages. */
const char *pki_folder_path(const struct pki_folder *folder, const char *path);
