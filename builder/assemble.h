/* The image's tree, put together in this order: components, PID 1, kernel modules and firmware, generated files
 * (node-files.h), overlays and tree hooks, then the libraries that all of these need, and the standard folders. */
#pragma once

#include "builder/build.h"

/* Fill b->tree, b->kernel and b->kernel_version. The lock must be resolved and everything fetched. */
int assemble(struct build *b, struct error *err);
