/* Headers of a tar archive (POSIX ustar) of regular files that belong to root. */
#pragma once

#include <stdint.h>

enum { TAR_BLOCK = 512, TAR_NAME_LIMIT = 99, TAR_END = 2 * TAR_BLOCK };
#define TAR_SIZE_LIMIT UINT64_C(077777777777)

/* The header of a file: name at most TAR_NAME_LIMIT, size at most TAR_SIZE_LIMIT. */
void tar_header(char out[static TAR_BLOCK], const char *name, uint64_t size);

/* What a file of that size takes in the archive: header, contents, zeros up to the next block. */
uint64_t tar_space(uint64_t size);
