#include "config/diagnostics.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "base/utf8.h"

enum {
	KEPT = 100,	     /* errors; warnings as long as there are fewer problems than this in all */
	SHOWN_COLUMNS = 160, /* of a source line; a longer one is shown around its caret */
	SOURCE_LIMIT = 1 << 20,
	WORD_LIMIT = 63, /* longer words get no suggestion */
};

static bool same_place(struct place a, struct place b)
{
	return a.line == b.line && a.column == b.column && !strcmp(a.file, b.file);
}

/* A file that is read twice along extends must not report its problems twice. */
static bool is_known(const struct diagnostics *d, struct place at, const char *text)
{
	for (size_t i = 0; i < d->count; i++)
		if (same_place(d->items[i].at, at) && !strcmp(d->items[i].text, text))
			return true;
	return false;
}

int diagnose(struct diagnostics *d, enum severity severity, struct place at, unsigned width, const char *fmt, ...)
{
	int result = severity == SEVERITY_ERROR ? -1 : 0;
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	text = arena_vprintf(d->arena, fmt, ap);
	va_end(ap);
	if (is_known(d, at, text))
		return result;
	if (severity == SEVERITY_ERROR)
		d->errors++;
	if (severity == SEVERITY_ERROR ? d->errors > KEPT : d->count >= KEPT)
		return result;
	d->items = arena_grow(d->arena, d->items, d->count, &d->cap, sizeof(*d->items));
	d->items[d->count++] = (struct diagnostic){severity, at, width ? width : 1, text};
	return result;
}

static int compare(const void *a, const void *b)
{
	const struct diagnostic *x = *(const struct diagnostic *const *)a, *y = *(const struct diagnostic *const *)b;
	int order = strcmp(x->at.file, y->at.file);

	if (order)
		return order;
	if (x->at.line != y->at.line)
		return x->at.line < y->at.line ? -1 : 1;
	if (x->at.column != y->at.column)
		return x->at.column < y->at.column ? -1 : 1;
	return x < y ? -1 : x > y; /* as they were found */
}

/* Length of the character at p when it can be shown; 0 for control characters (U+0080 to U+009F are some too) and for
 * bytes that are not UTF-8. Text that came from a profile may hold anything, also what a terminal takes for a command.
 */
static size_t printable(const char *p, size_t n)
{
	unsigned char c = (unsigned char)p[0];
	size_t len = utf8_length(p, n);

	if (c < 0x20 || c == 0x7f || (len == 2 && c == 0xc2 && (unsigned char)p[1] < 0xa0))
		return 0;
	return len;
}

static void add_printable(struct strbuf *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t len = printable(text + i, n - i);

		if (len)
			strbuf_add(out, text + i, len);
		else
			strbuf_printf(out, "\\x%02x", (unsigned char)text[i]);
		i += len ? len : 1;
	}
}

/* A source line, and below it a caret under its column. Columns count characters, from 1; what cannot be shown is shown
 * as one character too, so that the caret stands under what it means. */
static void add_source_line(struct strbuf *out, const char *line, size_t n, const struct diagnostic *d, const char *on,
			    const char *off)
{
	_cleanup_strbuf_ struct strbuf caret = {0};
	unsigned column = d->at.column, first = column > SHOWN_COLUMNS * 3 / 4 ? column - SHOWN_COLUMNS / 2 : 1;
	unsigned at = 1, marked = 0;

	strbuf_printf(out, "%4u | %s", d->at.line, first > 1 ? "…" : "");
	strbuf_printf(&caret, "     | %s", first > 1 ? " " : "");
	for (size_t i = 0; i < n && at < first + SHOWN_COLUMNS; at++) {
		size_t shown = printable(line + i, n - i), len = shown ? shown : utf8_length(line + i, n - i);

		if (at >= first) {
			strbuf_add(out, shown ? line + i : line[i] == '\t' ? " " : "?", shown ? shown : 1);
			if (at < column)
				strbuf_puts(&caret, " ");
			else if (at - column < d->width)
				strbuf_printf(&caret, "%s%s", marked++ ? "" : on, at == column ? "^" : "~");
		}
		i += len ? len : 1;
	}
	if (at == first + SHOWN_COLUMNS)
		strbuf_puts(out, "…");
	/* The place is past the line's end. */
	for (; !marked && at < column && at < first + SHOWN_COLUMNS; at++)
		strbuf_puts(&caret, " ");
	strbuf_printf(&caret, "%s%s", marked ? "" : on, marked ? "" : "^");
	strbuf_printf(out, "\n%s%s\n", caret.data, off);
}

/* The source line below the message; a file that cannot be read again just shows none. */
static void add_source(struct strbuf *out, const struct diagnostic *d, const struct strbuf *source, const char *on,
		       const char *off)
{
	const char *p = source->data, *end = source->data + source->len;

	for (unsigned n = 1; p && n < d->at.line; n++) {
		p = memchr(p, '\n', (size_t)(end - p));
		p = p ? p + 1 : NULL;
	}
	if (!p || p >= end)
		return;
	const char *newline = memchr(p, '\n', (size_t)(end - p));
	size_t len = (size_t)((newline ? newline : end) - p);

	if (len && p[len - 1] == '\r')
		len--;
	add_source_line(out, p, len, d, on, off);
}

static void add_diagnostic(struct strbuf *out, const struct diagnostic *d, const struct strbuf *source, bool color)
{
	const char *kind = d->severity == SEVERITY_ERROR ? "error" : "warning";
	const char *hue = !color ? "" : d->severity == SEVERITY_ERROR ? "\033[1;31m" : "\033[1;35m";
	const char *bold = color ? "\033[1m" : "", *off = color ? "\033[0m" : "";

	strbuf_puts(out, bold);
	add_printable(out, d->at.file, strlen(d->at.file));
	if (d->at.line)
		strbuf_printf(out, ":%u:%u", d->at.line, d->at.column);
	strbuf_printf(out, ": %s%s%s: ", hue, kind, off);
	add_printable(out, d->text, strlen(d->text));
	strbuf_puts(out, "\n");
	if (d->at.line && source->data)
		add_source(out, d, source, hue, off);
}

void diagnostics_print(const struct diagnostics *d, bool color)
{
	_cleanup_free_ const struct diagnostic **order = calloc(d->count + 1, sizeof(*order));
	_cleanup_strbuf_ struct strbuf out = {0}, source = {0};
	const char *open = NULL;

	if (!order)
		return;
	for (size_t i = 0; i < d->count; i++)
		order[i] = &d->items[i];
	qsort(order, d->count, sizeof(*order), compare);
	for (size_t i = 0; i < d->count; i++) {
		const char *file = order[i]->at.file;

		if (!open || strcmp(open, file)) {
			_cleanup_error_ struct error ignored = {0};

			strbuf_free(&source);
			if (file_read_at(AT_FDCWD, file, SOURCE_LIMIT, &source, &ignored) < 0)
				strbuf_free(&source);
			open = file;
		}
		add_diagnostic(&out, order[i], &source, color);
	}
	if (d->errors > KEPT)
		strbuf_printf(&out, "… and %zu more errors\n", d->errors - KEPT);
	if (out.len)
		fwrite(out.data, 1, out.len, stderr);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, substitutions and swaps of neighbours that turn a into b (the "optimal string alignment" form
 * of the Damerau-Levenshtein distance), letter case aside. Both at most WORD_LIMIT long. */
static unsigned distance(const char *a, size_t n, const char *b, size_t m)
{
	unsigned rows[3][WORD_LIMIT + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= m; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned *recycled = before;

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			bool same = lower(a[i - 1]) == lower(b[j - 1]);

			row[j] = smaller(smaller(last[j] + 1, row[j - 1] + 1), last[j - 1] + !same);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
				row[j] = smaller(row[j], before[j - 2] + 1);
		}
		before = last;
		last = row;
		row = recycled;
	}
	return last[m];
}

const char *did_you_mean(const char *word, const char *const *candidates, size_t count)
{
	size_t n = strlen(word);
	unsigned best = (unsigned)(n / 3) + 1;
	const char *found = NULL;

	if (n > WORD_LIMIT)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t m = strlen(candidates[i]);
		unsigned d = m <= WORD_LIMIT ? distance(word, n, candidates[i], m) : best;

		if (d < best) {
			best = d;
			found = candidates[i];
		}
	}
	return found;
}
