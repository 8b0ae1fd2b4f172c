#include "base/strbuf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void strbuf_add(struct strbuf *b, const void *p, size_t n)
{
	size_t need;

	if (__builtin_add_overflow(b->len, n, &need) || need >= SIZE_MAX / 2)
		abort();
	if (need + 1 > b->cap) {
		size_t cap = b->cap ? b->cap : 256;

		while (cap < need + 1)
			cap *= 2;
		char *bigger = realloc(b->data, cap);

		if (!bigger) {
			fputs("mkdl: out of memory\n", stderr);
			abort();
		}
		b->data = bigger;
		b->cap = cap;
	}
	if (n)
		memcpy(b->data + b->len, p, n);
	b->len = need;
	b->data[need] = '\0';
}

void strbuf_puts(struct strbuf *b, const char *s)
{
	strbuf_add(b, s, strlen(s));
}

void strbuf_printf(struct strbuf *b, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	strbuf_add(b, text, (size_t)n);
	free(text);
}

void strbuf_free(struct strbuf *b)
{
	free(b->data);
	*b = (struct strbuf){0};
}
