#include "builder/compress.h"

#include <lz4.h>
#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

#include "base/file.h"
#include "builder/compress-lz4.h"

enum {
	LONG_WINDOW_LOG = 25, /* windows from here on pay off only with long-distance matching, as in zstd --long */
	JOB_LOG_MAX = 29,
};

struct compressor {
	struct lz4_frame *lz4; /* NULL: zstd, which is the rest */
	ZSTD_CCtx *context;
	int fd;
	uint64_t written;
	size_t capacity;
	char *out;
};

/* The window of a level as in libzstd's table for large inputs; written down because its own functions for this are
 * not part of the stable interface. libzstd shortens it for small inputs. */
static unsigned window_log(const struct compression *c)
{
	static const struct {
		int level;
		unsigned log;
	} table[] = {{1, 19}, {2, 20}, {8, 21}, {16, 22}, {19, 23}, {20, 25}, {21, 26}};

	if (c->window_log)
		return (unsigned)c->window_log;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (c->level <= table[i].level)
			return table[i].log;
	return 27;
}

/* libzstd's own rule, four windows, but written down, so that the cut between jobs (and with it the bytes) is ours. */
static int job_size(const struct compression *c)
{
	unsigned log = window_log(c) + 2;

	return 1 << (log < 20 ? 20 : log > JOB_LOG_MAX ? JOB_LOG_MAX : log);
}

static int set(struct compressor *z, ZSTD_cParameter p, int value, const char *what, struct error *err)
{
	size_t r = ZSTD_CCtx_setParameter(z->context, p, value);

	return ZSTD_isError(r) ? error_set(err, "zstd: %s %d: %s", what, value, ZSTD_getErrorName(r)) : 0;
}

static int configure(struct compressor *z, const struct compression *c, uint64_t size, unsigned threads,
		     struct error *err)
{
	if (set(z, ZSTD_c_compressionLevel, c->level, "level", err) < 0 ||
	    set(z, ZSTD_c_checksumFlag, 1, "checksum", err) < 0 ||
	    set(z, ZSTD_c_nbWorkers, threads ? (int)threads : 1, "threads", err) < 0 ||
	    set(z, ZSTD_c_jobSize, job_size(c), "job size", err) < 0)
		return -1;
	if (set(z, ZSTD_c_windowLog, (int)window_log(c), "window log", err) < 0)
		return -1;
	if (window_log(c) >= LONG_WINDOW_LOG && set(z, ZSTD_c_enableLongDistanceMatching, 1, "long distance", err) < 0)
		return -1;
	if (ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(z->context, size)))
		return error_set(err, "zstd: cannot set the input's size");
	return 0;
}

struct compressor *compressor_new(const struct compression *c, uint64_t size, unsigned threads, int fd,
				  struct error *err)
{
	struct compressor *z = calloc(1, sizeof(*z));

	if (!z) {
		error_set(err, "out of memory");
		return NULL;
	}
	z->fd = fd;
	if (c->lz4) {
		z->lz4 = lz4_frame_new(c->level, fd, err);
		if (z->lz4)
			return z;
		compressor_free(z);
		return NULL;
	}
	z->capacity = ZSTD_CStreamOutSize();
	z->out = malloc(z->capacity);
	z->context = ZSTD_createCCtx();
	if (!z->out || !z->context) {
		error_set(err, "out of memory");
	} else if (configure(z, c, size, threads, err) == 0) {
		return z;
	}
	compressor_free(z);
	return NULL;
}

static int step(struct compressor *z, ZSTD_inBuffer *in, ZSTD_EndDirective how, size_t *left, struct error *err)
{
	ZSTD_outBuffer out = {.dst = z->out, .size = z->capacity};

	*left = ZSTD_compressStream2(z->context, &out, in, how);
	if (ZSTD_isError(*left))
		return error_set(err, "zstd: %s", ZSTD_getErrorName(*left));
	z->written += out.pos;
	return fd_write_all(z->fd, z->out, out.pos, "segment", err);
}

int compressor_add(struct compressor *z, const void *data, size_t n, struct error *err)
{
	ZSTD_inBuffer in = {.src = data, .size = n};
	size_t left;

	if (z->lz4)
		return lz4_frame_add(z->lz4, data, n, err);
	while (in.pos < in.size)
		if (step(z, &in, ZSTD_e_continue, &left, err) < 0)
			return -1;
	return 0;
}

int compressor_end(struct compressor *z, uint64_t *written, struct error *err)
{
	ZSTD_inBuffer in = {.src = ""};
	size_t left = 1;

	if (z->lz4 && lz4_frame_end(z->lz4, &z->written, err) < 0)
		return -1;
	while (left && !z->lz4)
		if (step(z, &in, ZSTD_e_end, &left, err) < 0)
			return -1;
	if (written)
		*written = z->written;
	return 0;
}

void compressor_free(struct compressor *z)
{
	if (!z)
		return;
	lz4_frame_free(z->lz4);
	ZSTD_freeCCtx(z->context);
	free(z->out);
	free(z);
}

uint64_t compress_window(const struct compression *c, uint64_t size)
{
	/* The kernel keeps a block of LZ4 before it hands it on. */
	uint64_t window = c->lz4 ? LZ4_FRAME_BLOCK : (uint64_t)1 << window_log(c);

	return window < size ? window : size;
}

const char *compress_identity(const struct compression *c, char out[static 96])
{
	if (c->lz4)
		snprintf(out, 96, "lz4 %d level %d", LZ4_versionNumber(), c->level);
	else
		snprintf(out, 96, "zstd %u level %d window %d job-rule 1 checksum", ZSTD_versionNumber(), c->level,
			 c->window_log);
	return out;
}
