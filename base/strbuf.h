/* A growing string on the heap, for text of unknown length. Zero-initialise; release with strbuf_free.
 * data is always NUL-terminated once anything was added. Aborts when memory is out (see arena.h). */
#pragma once

#include <stddef.h>

struct strbuf {
	char *data;
	size_t len, cap;
};

void strbuf_add(struct strbuf *b, const void *p, size_t n);
void strbuf_puts(struct strbuf *b, const char *s);
void strbuf_printf(struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strbuf_free(struct strbuf *b);

#define _cleanup_strbuf_ __attribute__((cleanup(strbuf_free)))
