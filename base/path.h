/* Paths inside an image or an archive: always absolute, without empty, "." or ".." components. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

enum { PATH_LIMIT = 4095 }; /* PATH_MAX less its NUL: what the kernel's cpio reader takes */

/* The absolute clean form of a name found in an archive or a profile: "./usr//bin/" → "/usr/bin".
 * A ".." component, a control character, a component longer than NAME_MAX or a path longer than PATH_LIMIT is an error,
 * never resolved. */
int path_clean(struct arena *a, const char *name, const char **out, struct error *err);

/* Where a symbolic link at `path` (clean) with this target points inside the image's root, as a clean path.
 * ".." stops at the root, as a chroot would have it. Lexical: no other link is followed. */
const char *path_link_target(struct arena *a, const char *path, const char *target);

/* dirname and basename of a clean path; the parent of "/" is "/". path_base points into path. */
const char *path_parent(struct arena *a, const char *path);
const char *path_base(const char *path);

/* "a" + "b" with exactly one slash between. */
const char *path_join(struct arena *a, const char *dir, const char *name);

/* Is path equal to dir or below it? Both clean. */
bool path_is_below(const char *path, const char *dir);

/* A shell-like match on clean paths: "*", "?", "[…]" stay within one component, "**" crosses them,
 * "{a,b}" chooses (may nest). */
bool path_match(const char *pattern, const char *path);
