/* Archives into trees, through libarchive: Debian packages (deb(5): an ar archive with data.tar.*), tar (also compressed with
 * gzip, bzip2, xz or zstd), cpio and zip.
 *
 * Nothing is ever written by name: contents become blobs of the store, members become nodes. So a hostile archive has no
 * path to escape by; what the tree could not hold safely is refused all the same, by the member's name: "..", control
 * characters, something below a symbolic link or a file of the same archive, devices, FIFOs and sockets, hard links to
 * nowhere, more than a million members, a member over 4 GiB, over 16 GiB in all. A member that comes twice replaces the first.
 * Owners and modes stay as the archive has them; of times only the newest is kept (struct tree). */
#pragma once

#include <stdbool.h>

#include "builder/store.h"
#include "builder/tree.h"

/* Does the name end like that of an archive that unpack reads (".deb", ".tar.xz", ".tgz", ".zip", …)? */
bool unpack_name_is_archive(const char *name);

/* Unpack what fd holds from its current position. name is for messages. out->arena must be set; nodes are added. */
int unpack_archive(struct store *s, int fd, const char *name, struct tree *out, struct error *err);

/* Unpack a blob, once: the listing is kept in the store, as long as the contents are whole there too. */
int unpack_blob(struct store *s, const struct hash *archive, const char *name, struct tree *out, struct error *err);

/* Would unpack_blob find the listing and all contents in the store? Then the archive itself is not needed. */
bool unpack_is_done(struct store *s, const struct hash *archive);
