/* The power button: an input device with a power key (input.h of the kernel). */
#pragma once

#include "init/supervise.h"

/* Watch an input device if it has a power key: it asks for the machine to be powered off. */
void buttons_watch(struct supervisor *v, const char *device);

/* The same for all that there are in /dev/input. */
void buttons_find(struct supervisor *v);
