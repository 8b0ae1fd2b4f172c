/* Kernel modules. The builder resolved names and dependencies; here files are handed to the kernel one by one. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* Load a module from its file with these parameters. Loaded already counts as success. */
int module_load(const char *path, const char *parameters, struct error *err);
