/* How nodectl shows things to people. */
#pragma once

#include "node/nodectl/nodectl.h"

/* "640 ms", "12.3 s", "4 min 5 s", "3 h 12 min", "6 d 3 h"; "-" below 0. */
const char *format_duration(struct arena *a, int64_t ms);
/* "512 KB", "12.3 MB"; "-" below 0. */
const char *format_bytes(struct arena *a, int64_t bytes);

/* What came from elsewhere must not drive the terminal: control characters become "?". */
const char *format_plain(struct arena *a, const char *text);

enum colour { COLOUR_NONE, COLOUR_BOLD, COLOUR_GOOD, COLOUR_WARN, COLOUR_BAD };
/* The text in this colour where the output is a terminal. */
const char *format_colour(struct context *c, enum colour colour, const char *text);

/* A table: the first row is the head. Cells are plain text; right: the column's numbers end at its right edge. */
struct column {
	const char *head;
	bool right;
};
struct table {
	struct context *context;
	const struct column *columns;
	size_t column_count;
	const char **cells;
	enum colour *colours; /* of each cell */
	size_t count, cap, colour_cap;
};

void table_cell(struct table *t, const char *text, enum colour colour);
void table_print(const struct table *t);

/* "  LABEL      value" */
void print_field(struct context *c, const char *label, enum colour colour, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
