/* Tree and image hooks: executables of the project's or mkdl's own hooks/ that the builder runs, in a clean environment
 * (run-program.h) plus
 *   MKDL_PROFILE, MKDL_KERNEL    the profile's name, the kernel's version
 *   SOURCE_DATE_EPOCH=0          for tools that write dates
 * Their errors and their output go to the user; an exit code other than 0 ends the build. */
#pragma once

#include "builder/build.h"

/* hooks/tree/NAME reads the image's listing (tree.h) on standard input and writes files below $MKDL_ADD, an empty
 * folder, its working directory. They are added as an overlay would be. The result is remembered by script and
 * listing: a hook has no other input. */
int tree_hooks_run(struct build *b, struct error *err);

/* hooks/image/NAME runs in the folder of the finished outputs ($MKDL_OUT), before they are published, and may add files. */
int image_hooks_run(struct build *b, const char *dir, struct error *err);

/* Over the image hooks' names and contents; all zero when there are none. */
int image_hooks_hash(struct build *b, struct hash *out, struct error *err);
