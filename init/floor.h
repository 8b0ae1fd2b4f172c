/* The date before which the clock cannot be right. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* When the kernel was built, from its version as uname(2) has it: "#1 SMP PREEMPT_DYNAMIC Debian 6.1.158-1 (2025-11-09)" or
 * "#1 SMP Sun Nov 9 10:21:04 UTC 2025". Unix time; false when there is no date in it. */
bool floor_of_kernel(const char *version, int64_t *out);
