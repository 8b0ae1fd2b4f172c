#include "node/nodectl/format.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR, LABEL_WIDTH = 14 };

const char *format_duration(struct arena *a, int64_t ms)
{
	if (ms < 0)
		return "-";
	if (ms < SECOND)
		return arena_printf(a, "%" PRId64 " ms", ms);
	if (ms < MINUTE)
		return arena_printf(a, "%.1f s", (double)ms / SECOND);
	if (ms < HOUR)
		return arena_printf(a, "%" PRId64 " min %" PRId64 " s", ms / MINUTE, ms % MINUTE / SECOND);
	if (ms < DAY)
		return arena_printf(a, "%" PRId64 " h %" PRId64 " min", ms / HOUR, ms % HOUR / MINUTE);
	return arena_printf(a, "%" PRId64 " d %" PRId64 " h", ms / DAY, ms % DAY / HOUR);
}

const char *format_bytes(struct arena *a, int64_t bytes)
{
	if (bytes < 0)
		return "-";
	if (bytes < 1 << 20)
		return arena_printf(a, "%" PRId64 " KB", (bytes + 1023) / 1024);
	return arena_printf(a, "%.1f MB", (double)bytes / (1 << 20));
}

const char *format_plain(struct arena *a, const char *text)
{
	char *out = arena_strdup(a, text);

	for (char *p = out; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	return out;
}

const char *format_colour(struct context *c, enum colour colour, const char *text)
{
	static const char *const codes[] = {
		[COLOUR_NONE] = "", [COLOUR_BOLD] = "1", [COLOUR_GOOD] = "32", [COLOUR_WARN] = "33", [COLOUR_BAD] = "31",
	};

	if (!c->terminal || colour == COLOUR_NONE)
		return text;
	return arena_printf(&c->arena, "\033[%sm%s\033[0m", codes[colour], text);
}

/* Characters, each taken for one column. */
static size_t width_of(const char *text)
{
	size_t n = 0;

	while (*text) {
		size_t length = utf8_length(text, 4);

		text += length ? length : 1;
		n++;
	}
	return n;
}

void table_cell(struct table *t, const char *text, enum colour colour)
{
	struct arena *a = &t->context->arena;

	t->cells = arena_grow(a, t->cells, t->count, &t->cap, sizeof(*t->cells));
	t->colours = arena_grow(a, t->colours, t->count, &t->colour_cap, sizeof(*t->colours));
	t->cells[t->count] = format_plain(a, text);
	t->colours[t->count++] = colour;
}

static size_t column_width(const struct table *t, size_t column)
{
	size_t width = width_of(t->columns[column].head);

	for (size_t i = column; i < t->count; i += t->column_count) {
		size_t n = width_of(t->cells[i]);

		width = n > width ? n : width;
	}
	return width;
}

static void add_cell(const struct table *t, struct strbuf *row, size_t column, const char *text, enum colour colour)
{
	int pad = (int)(column_width(t, column) - width_of(text));
	bool right = t->columns[column].right;

	strbuf_printf(row, "%s%*s%s%*s", column ? "  " : "", right ? pad : 0, "",
		      *text ? format_colour(t->context, colour, text) : "", right ? 0 : pad, "");
}

static void end_row(struct strbuf *row)
{
	while (row->len && row->data[row->len - 1] == ' ')
		row->data[--row->len] = '\0';
	puts(row->data);
	row->len = 0;
}

void table_print(const struct table *t)
{
	_cleanup_strbuf_ struct strbuf row = {0};

	for (size_t i = 0; i < t->column_count; i++)
		add_cell(t, &row, i, t->columns[i].head, COLOUR_BOLD);
	end_row(&row);
	for (size_t i = 0; i < t->count; i++) {
		add_cell(t, &row, i % t->column_count, t->cells[i], t->colours[i]);
		if ((i + 1) % t->column_count == 0)
			end_row(&row);
	}
}

void print_field(struct context *c, const char *label, enum colour colour, const char *fmt, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	text = arena_vprintf(&c->arena, fmt, ap);
	va_end(ap);
	printf("  %-*s %s\n", LABEL_WIDTH, label, format_colour(c, colour, format_plain(&c->arena, text)));
}
