/* SHA-256 (FIPS 180-4) for PID 1, which links no library: names made from the machine's identity. Not for data in bulk
 * (base/hash.h). */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { SHA256_SIZE = 32 };

void sha256(const void *data, size_t n, uint8_t out[static SHA256_SIZE]);
