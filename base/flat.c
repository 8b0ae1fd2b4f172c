#include "base/flat.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void flat_word(struct strbuf *out, const char *word)
{
	if (out->len && out->data[out->len - 1] != '\n')
		strbuf_puts(out, " ");
	if (!*word)
		strbuf_puts(out, "\\e");
	else if (*word == '#' && (!out->len || out->data[out->len - 1] == '\n')) {
		strbuf_puts(out, "\\x23");
		word++;
	}
	for (const char *p = word; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == ' ')
			strbuf_puts(out, "\\s");
		else if (c == '\n')
			strbuf_puts(out, "\\n");
		else if (c == '\t')
			strbuf_puts(out, "\\t");
		else if (c == '\\')
			strbuf_puts(out, "\\\\");
		else if (c < 0x21 || c == 0x7f)
			strbuf_printf(out, "\\x%02x", c);
		else
			strbuf_add(out, p, 1);
	}
}

void flat_end(struct strbuf *out)
{
	strbuf_puts(out, "\n");
}

void flat_add(struct strbuf *out, ...)
{
	const char *word;
	va_list ap;

	va_start(ap, out);
	while ((word = va_arg(ap, const char *)))
		flat_word(out, word);
	va_end(ap);
	flat_end(out);
}

static int hex(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Decodes the escape after a backslash at *p (p on the letter) into *w; advances both. Returns -1 when it is unknown. */
static int decode_escape(const char **p, const char *end, char **w)
{
	if (*p == end)
		return -1;
	switch (*(*p)++) {
	case 's': *(*w)++ = ' '; return 0;
	case 'n': *(*w)++ = '\n'; return 0;
	case 't': *(*w)++ = '\t'; return 0;
	case '\\': *(*w)++ = '\\'; return 0;
	case 'e': return 0;
	case 'x':
		if (end - *p < 2 || hex((*p)[0]) < 0 || hex((*p)[1]) < 0 || ((*p)[0] == '0' && (*p)[1] == '0'))
			return -1;
		*(*w)++ = (char)(hex((*p)[0]) << 4 | hex((*p)[1]));
		*p += 2;
		return 0;
	default: return -1;
	}
}

static int parse_line(struct arena *a, const char *name, const char *p, const char *end, struct flat_line *line,
		      struct error *err)
{
	size_t spaces = 0;
	char *w = arena_alloc(a, (size_t)(end - p) + 1);

	for (const char *q = p; q < end; q++)
		spaces += *q == ' ';
	line->words = arena_calloc(a, spaces + 2, sizeof(*line->words));
	line->count = 0;
	for (;;) {
		const char *start = p;

		line->words[line->count++] = w;
		while (p < end && *p != ' ') {
			if (*p == '\\') {
				p++;
				if (decode_escape(&p, end, &w) < 0)
					return error_set(err, "%s:%u: bad escape", name, line->number);
			} else if ((unsigned char)*p < 0x20) {
				return error_set(err, "%s:%u: control character", name, line->number);
			} else {
				*w++ = *p++;
			}
		}
		if (p == start)
			return error_set(err, "%s:%u: two spaces, or a space at the line's edge", name, line->number);
		*w++ = '\0';
		if (p == end)
			return 0;
		p++;
	}
}

int flat_parse(struct arena *a, const char *name, const char *text, size_t n, struct flat *out, struct error *err)
{
	const char *end = text + n;
	struct flat flat = {0};
	size_t cap = 0;
	unsigned number = 0;

	for (const char *p = text; p < end;) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		struct flat_line line = {.number = ++number};

		if (!newline)
			return error_set(err, "%s:%u: the last line is cut off", name, number);
		if (p != newline && *p != '#') {
			if (parse_line(a, name, p, newline, &line, err) < 0)
				return -1;
			flat.lines = arena_grow(a, flat.lines, flat.count, &cap, sizeof(*flat.lines));
			flat.lines[flat.count++] = line;
		}
		p = newline + 1;
	}
	*out = flat;
	return 0;
}
