/* A tree written out as real files, for programs that want a folder: a recipe's unpacked packages, depmod's modules. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "builder/store.h"
#include "builder/tree.h"

/* Write every node below dir, an existing folder that nobody else writes to. The archives that the tree came from may be
 * hostile: paths are resolved with openat2(2) beneath dir and through no symbolic link, nothing that exists is overwritten
 * except folders, and links are made last, so that none can lead a later file elsewhere.
 * Owners are the caller's; modes become 0755 (less the umask) for folders and 0755 or 0644 for files (no set-id bits); times 1970.
 * With hardlink_ok files without an execute bit may become hard links to the store's read-only blobs: only for readers.
 * Devices and FIFOs are an error. */
int materialize(struct store *s, struct tree *t, const char *dir, bool hardlink_ok, struct error *err);
