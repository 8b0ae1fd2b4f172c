/* One frame of zstd (RFC 8878), or of LZ4 (compress-lz4.h), written to a descriptor, as the kernel's unpacker and every tool can read it: zstd's with
 * a content checksum, which the kernel verifies, and with its length, so that a short frame needs a small window only.
 * The bytes depend on the input, the parameters and the version of the library, not on the number of threads. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "builder/profile.h"

struct compressor;

/* size: the exact number of bytes that will follow. threads: at least 1. */
struct compressor *compressor_new(const struct compression *c, uint64_t size, unsigned threads, int fd,
				  struct error *err);
int compressor_add(struct compressor *z, const void *data, size_t n, struct error *err);
/* Ends the frame; *written (may be NULL) is its length. */
int compressor_end(struct compressor *z, uint64_t *written, struct error *err);
void compressor_free(struct compressor *z);

/* Bytes that whoever unpacks a frame of this input size has to keep at hand. */
uint64_t compress_window(const struct compression *c, uint64_t size);

/* Text that changes whenever the same input would give other bytes. */
const char *compress_identity(const struct compression *c, char out[static 96]);
