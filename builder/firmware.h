/* Firmware that kernel modules ask for, from the profile's firmware: sources. */
#pragma once

#include "builder/modules-resolve.h"

/* Add to b->tree what the set's modules name (modinfo firmware) and the sources have, below /usr/lib/firmware, links
 * included. What no source has is told at verbosity 1: modules name far more than any one device needs. */
int firmware_add(struct build *b, const struct module_set *set, struct error *err);
