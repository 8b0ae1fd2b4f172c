#include "node/agent/gunzip.h"

#include <string.h>
#include <zlib.h>

bool gunzip_is(const void *data, size_t n)
{
	return n >= 3 && !memcmp(data, "\x1f\x8b\x08", 3);
}

/* One member; adds what it takes of the input to *used. */
static int unpack_member(z_stream *z, size_t room, struct strbuf *out, struct error *err)
{
	Bytef chunk[16384];
	int code = Z_OK;

	while (code == Z_OK) {
		size_t got;

		z->next_out = chunk;
		z->avail_out = sizeof(chunk);
		code = inflate(z, Z_NO_FLUSH);
		got = sizeof(chunk) - z->avail_out;
		if (got > room)
			return error_set(err, "gzip: it unpacks to more than is allowed");
		room -= got;
		strbuf_add(out, chunk, got);
		if (code == Z_OK && z->avail_in == 0 && got == 0)
			code = Z_BUF_ERROR;
	}
	if (code == Z_STREAM_END)
		return 0;
	if (code == Z_BUF_ERROR)
		return error_set(err, "gzip: it is cut off");
	return error_set(err, "gzip: it is damaged (%s)", z->msg ? z->msg : "bad data");
}

int gunzip(const void *data, size_t n, size_t limit, struct strbuf *out, struct error *err)
{
	size_t start = out->len;
	/* zlib wants a pointer to what it does not change. */
	union {
		const void *in;
		Bytef *out;
	} input = {.in = data};
	z_stream z = {.next_in = input.out, .avail_in = (uInt)n};
	int status = 0;

	/* 16: gzip, not zlib's own format. */
	if (n > limit || inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return error_set(err, "gzip: too large");
	do {
		status = unpack_member(&z, limit - (out->len - start), out, err);
		if (status == 0 && z.avail_in && !gunzip_is(z.next_in, z.avail_in))
			status = error_set(err, "gzip: something else follows it");
		if (status == 0 && inflateReset(&z) != Z_OK)
			status = error_set(err, "gzip: cannot go on");
	} while (status == 0 && z.avail_in);
	inflateEnd(&z);
	if (status < 0 && out->data) {
		out->len = start;
		out->data[start] = '\0';
	}
	return status;
}
