/* Time that nobody can set: milliseconds since the kernel started (CLOCK_BOOTTIME). For what takes long and what is due. */
#pragma once

#include <stdint.h>

int64_t clock_ms(void);
