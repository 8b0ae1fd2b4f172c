/* The image has one layout whatever its packages ship: /bin, /sbin, /lib, /lib32, /lib64 and /libx32 are links into
 * /usr, and every path below them is kept below /usr (https://wiki.debian.org/UsrMerge). */
#pragma once

#include "base/arena.h"
#include "builder/tree.h"

/* "/lib64/ld.so" → "/usr/lib64/ld.so"; other clean paths (and patterns) as they are. "/lib" itself becomes
 * "/usr/lib". */
const char *usr_merged(struct arena *a, const char *path);

/* The way back: "/usr/lib64/ld.so" → "/lib64/ld.so", for looking into packages that ship it so; NULL when there is
 * none. */
const char *usr_unmerged(struct arena *a, const char *path);

/* Give the node its path in the image. A relative link that its move would make point elsewhere becomes absolute.
 * False: the node is one of those links itself and has no place in the image (usr_merge_links adds them). */
bool usr_merge_node(struct arena *a, struct node *n);

/* Add the links themselves, those of them whose folder the tree has. */
void usr_merge_links(struct tree *t);
