/* One HTTP request to Docker's API over its unix socket (docs.docker.com/engine/api). HTTP/1.0: the answer ends where the
 * connection does, and is never in chunks. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

struct http_answer {
	unsigned status;    /* 200 … */
	struct strbuf body; /* NUL-terminated; released with strbuf_free */
};

/* Connect and send the head of a request with a body of size bytes, of the media type type (NULL: no body). Returns the descriptor,
 * or -1. The server may be silent for patience_ms at a time. */
int http_request(const char *socket_path, int64_t patience_ms, const char *method, const char *target, const char *type,
		 uint64_t size, struct error *err);

/* Write n bytes of the body. */
int http_send(int fd, const void *data, size_t n, struct error *err);

/* Read the answer to its end. */
int http_receive(int fd, struct http_answer *out, struct error *err);

/* Take apart what a server answered (n bytes of data): foreign bytes. */
int http_parse(const char *data, size_t n, struct http_answer *out, struct error *err);

/* A request without a body, and its answer. */
int http_call(const char *socket_path, int64_t patience_ms, const char *method, const char *target, struct http_answer *out,
	      struct error *err);
