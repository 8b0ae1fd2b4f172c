#include "builder/compress-lz4.h"

#include <lz4hc.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

enum { MAGIC = 0x184C2102, WORD = 4 };

struct lz4_frame {
	int level, fd;
	uint64_t written;
	size_t filled, capacity;
	char *block, *out; /* out: a length, then the block compressed */
};

static void put_word(char *out, uint32_t value)
{
	for (int i = 0; i < WORD; i++)
		out[i] = (char)(value >> 8 * i & 0xff);
}

static int write_out(struct lz4_frame *f, size_t n, struct error *err)
{
	f->written += n;
	return fd_write_all(f->fd, f->out, n, "segment", err);
}

static int write_block(struct lz4_frame *f, struct error *err)
{
	int n;

	if (!f->filled)
		return 0;
	n = LZ4_compress_HC(f->block, f->out + WORD, (int)f->filled, (int)f->capacity, f->level);
	if (n <= 0)
		return error_set(err, "lz4: a block of %zu bytes cannot be compressed", f->filled);
	put_word(f->out, (uint32_t)n);
	f->filled = 0;
	return write_out(f, WORD + (size_t)n, err);
}

struct lz4_frame *lz4_frame_new(int level, int fd, struct error *err)
{
	struct lz4_frame *f = calloc(1, sizeof(*f));

	if (f) {
		f->level = level;
		f->fd = fd;
		f->capacity = (size_t)LZ4_compressBound(LZ4_FRAME_BLOCK);
		f->block = malloc(LZ4_FRAME_BLOCK);
		f->out = malloc(WORD + f->capacity);
	}
	if (!f || !f->block || !f->out) {
		error_set(err, "out of memory");
		lz4_frame_free(f);
		return NULL;
	}
	put_word(f->out, MAGIC);
	if (write_out(f, WORD, err) == 0)
		return f;
	lz4_frame_free(f);
	return NULL;
}

int lz4_frame_add(struct lz4_frame *f, const void *data, size_t n, struct error *err)
{
	const char *from = data;

	while (n) {
		size_t room = LZ4_FRAME_BLOCK - f->filled, part = n < room ? n : room;

		memcpy(f->block + f->filled, from, part);
		f->filled += part;
		from += part;
		n -= part;
		if (f->filled == LZ4_FRAME_BLOCK && write_block(f, err) < 0)
			return -1;
	}
	return 0;
}

int lz4_frame_end(struct lz4_frame *f, uint64_t *written, struct error *err)
{
	if (write_block(f, err) < 0)
		return -1;
	*written = f->written;
	return 0;
}

void lz4_frame_free(struct lz4_frame *f)
{
	if (!f)
		return;
	free(f->block);
	free(f->out);
	free(f);
}
