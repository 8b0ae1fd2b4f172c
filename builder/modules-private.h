/* One kernel's modules as libkmod sees them, in a folder of the store that depmod(8) indexed. */
#pragma once

#include "builder/modules-resolve.h"

/* The modules' files as a folder in the store (made once per kernel, with hard links to blobs) with depmod's indexes:
 * "STORE/modules/KEY/lib/modules/VERSION" in *out. */
int modules_folder(struct build *b, const struct kernel *k, const char **out, struct hash *key, struct error *err);

/* Resolve modules: and drivers: with libkmod on that folder. */
int modules_walk(struct build *b, const struct kernel *k, const char *folder, struct module_set *out,
		 struct error *err);
