/* The kernel's messages, as a log of their own: /run/mkdl/log/kernel.log, read from /dev/kmsg
 * (Documentation/ABI/testing/dev-kmsg), one line each as "dmesg -r" shows them: "<6>[   12.345678] text". */
#pragma once

#include "init/supervise.h"

/* From here on they are kept, those since the kernel's start included. */
int kmsg_open(struct supervisor *v, struct error *err);

/* "6,339,5140900,-;text\n KEY=value…": one record, n bytes. Writes its line with a newline to out, cut to size; returns
 * its length. 0: no record. */
size_t kmsg_format(const char *record, size_t n, char *out, size_t size);
