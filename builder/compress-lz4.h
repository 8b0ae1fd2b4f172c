/* LZ4 as the kernel's unpacker takes it (lib/decompress_unlz4.c): the "legacy" frame of lz4_Frame_format.md, a magic number, then blocks of
 * 8 MiB of input, each behind its compressed length. It has no checksum. Frames may follow one another. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct lz4_frame;

enum { LZ4_FRAME_BLOCK = 8 << 20 };

/* level: of LZ4_compress_HC. NULL with err filled on failure. */
struct lz4_frame *lz4_frame_new(int level, int fd, struct error *err);
int lz4_frame_add(struct lz4_frame *f, const void *data, size_t n, struct error *err);
/* Writes what is left; *written is the frame's length. */
int lz4_frame_end(struct lz4_frame *f, uint64_t *written, struct error *err);
void lz4_frame_free(struct lz4_frame *f);
