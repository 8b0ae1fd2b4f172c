/* What to do about a machine that did not start: reasons that QEMU and the kernel give in words of their own. */
#pragma once

#include "base/error.h"
#include "builder/qemu.h"

/* MiB of RAM that the image in the folder needs, from its manifest.json; 0 when that does not say. */
unsigned advice_minimum_memory(const char *folder);

/* The last words of a kernel that panicked: what they mean for the user, or NULL. */
const char *advice_panic(const char *line);

/* The first of the ports that this host does not let anybody listen on, as an error; 0 when there is none. */
int advice_forwards(const struct forward *forwards, size_t count, struct error *err);
