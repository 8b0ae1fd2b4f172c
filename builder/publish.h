/* Putting outputs in place so that whoever looks, and whenever the build is killed, finds the old ones whole or the
 * new ones. */
#pragma once

#include "builder/output.h"

/* Write what is missing or differs; *changed tells whether anything was. Everything is written and synced under other
 * names in the same folders first. Then TFTP/NAME/ID appears, OUT/NAME is exchanged as a whole (renameat2), and last
 * the boot loaders' configuration changes file by file. Of TFTP/NAME the image before this one is kept, older ones
 * are removed. */
int publish(struct outputs *o, bool *changed, struct error *err);
