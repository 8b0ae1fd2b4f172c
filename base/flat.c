#include "base/flat.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

size_t flat_escape(char c, char out[static FLAT_ESCAPE_SIZE])
{
	static const char digits[] = "0123456789abcdef", letters[][2] = {" s", "\nn", "\tt", "\\\\"};
	unsigned char u = (unsigned char)c;

	for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++)
		if (c == letters[i][0]) {
			out[0] = '\\';
			out[1] = letters[i][1];
			return 2;
		}
	if (u >= 0x21 && u != 0x7f) {
		out[0] = c;
		return 1;
	}
	memcpy(out, (const char[]){'\\', 'x', digits[u >> 4], digits[u & 15]}, 4);
	return 4;
}

void flat_word(struct strbuf *out, const char *word)
{
	char escaped[FLAT_ESCAPE_SIZE];

	if (out->len && out->data[out->len - 1] != '\n')
		strbuf_puts(out, " ");
	if (!*word)
		strbuf_puts(out, "\\e");
	else if (*word == '#' && (!out->len || out->data[out->len - 1] == '\n')) {
		strbuf_puts(out, "\\x23");
		word++;
	}
	for (const char *p = word; *p; p++)
		strbuf_add(out, escaped, flat_escape(*p, escaped));
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

const char *flat_decode(const char *p, size_t n, char *out, const char **words, size_t room, size_t *count)
{
	const char *end = p + n;
	size_t found = 0;
	char *w = out;

	for (;;) {
		const char *start = p;

		if (found == room)
			return "too many words";
		words[found++] = w;
		while (p < end && *p != ' ') {
			if (*p == '\\') {
				p++;
				if (decode_escape(&p, end, &w) < 0)
					return "bad escape";
			} else if ((unsigned char)*p < 0x20) {
				return "control character";
			} else {
				*w++ = *p++;
			}
		}
		if (p == start)
			return "two spaces, or a space at the line's edge";
		if (p == end)
			break;
		/* Past the space first: out may be the line itself. */
		p++;
		*w++ = '\0';
	}
	*w = '\0';
	*count = found;
	return NULL;
}

static int parse_line(struct arena *a, const char *name, const char *p, const char *end, struct flat_line *line,
		      struct error *err)
{
	size_t room = 1, n = (size_t)(end - p);
	const char *why;

	for (const char *q = p; q < end; q++)
		room += *q == ' ';
	line->words = arena_calloc(a, room + 1, sizeof(*line->words));
	why = flat_decode(p, n, arena_alloc(a, n + 1), line->words, room, &line->count);
	return why ? error_set(err, "%s:%u: %s", name, line->number, why) : 0;
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
