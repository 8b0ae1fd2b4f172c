/* UTF-8 (RFC 3629). */
#pragma once

#include <stddef.h>

/* Length of the well-formed sequence that the n bytes at p begin with, 0 when they begin with none. Reads no further
 * than the first byte that does not fit, so for a NUL-terminated string any n up to 4 will do. */
size_t utf8_length(const void *p, size_t n);
