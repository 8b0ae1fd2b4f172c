/* Time. All of PID 1 counts milliseconds since the kernel started (CLOCK_BOOTTIME), which nobody can set. */
#pragma once

#include <stdint.h>

int64_t clock_ms(void);
