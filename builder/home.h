/* Where mkdl's own data is: in a source checkout or below an installation's prefix. */
#pragma once

#include "base/arena.h"
#include "base/error.h"

/* The folder that holds mkdl's own profiles/, overlays/ and hooks/, absolute: $MKDL_HOME, else PREFIX/share/mkdl beside
 * the running program's PREFIX/bin, else the nearest folder above the program that looks like a source checkout (builds
 * live in out/build/PRESET). NULL with err filled when there is none. */
const char *home_find(struct arena *a, struct error *err);

/* The folder with the init's static programs, absolute: $MKDL_HELPERS, else init/ beside the running program (a build
 * tree), else PREFIX/libexec/mkdl. NULL with err filled when there is none. */
const char *home_helpers(struct arena *a, struct error *err);
