/* Kernel modules: which ones go into the image, in what order PID 1 loads them, and which ones it loads for which
 * hardware. Names, aliases and dependencies are resolved here, by libkmod over indexes that depmod(8) made from the
 * kernel's files. */
#pragma once

#include "builder/kernel.h"

/* Add the modules that the profile names (modules:, drivers:), what they depend on, the firmware that they name, and
 *   /etc/mkdl/modules, /etc/mkdl/modalias           for PID 1 (init/plan.h)
 *   /usr/lib/modules/VERSION/modules.{dep,alias,builtin,softdep}   for modprobe(8), which the kernel calls
 * to b->tree. */
int modules_add(struct build *b, const struct kernel *k, struct error *err);
