#include "node/agent/mime.h"

#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "node/agent/base64.h"

/* A text read line by line. */
struct lines {
	const char *at, *end;
	unsigned number; /* of the line at `at` */
};

/* The next line without its end (LF or CRLF); false at the end of the text. */
static bool next_line(struct lines *l, const char **line, size_t *n)
{
	const char *feed;

	if (l->at == l->end)
		return false;
	feed = memchr(l->at, '\n', (size_t)(l->end - l->at));
	*line = l->at;
	*n = (size_t)((feed ? feed : l->end) - l->at);
	l->at = feed ? feed + 1 : l->end;
	l->number++;
	if (*n && (*line)[*n - 1] == '\r')
		--*n;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool mime_is(const char *text, size_t n)
{
	static const char *const starts[] = {"Content-Type:", "MIME-Version:", "Content-Disposition:", "Content-Transfer-Encoding:",
					     "From: ", "From ", "Number-Attachments:"};

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		size_t length = strlen(starts[i]);

		if (n >= length && !strncasecmp(text, starts[i], length))
			return true;
	}
	return false;
}

/* The value of a parameter (`; name="value"`) of a header field; NULL when it is not there. */
static const char *parameter(struct arena *a, const char *field, const char *name)
{
	size_t length = strlen(name);

	for (const char *p = strchr(field, ';'); p; p = strchr(p, ';')) {
		_cleanup_strbuf_ struct strbuf value = {0};

		for (p++; is_blank(*p); p++)
			;
		if (strncasecmp(p, name, length) != 0 || p[length] != '=')
			continue;
		p += length + 1;
		if (*p != '"')
			return arena_strndup(a, p, strcspn(p, "; \t"));
		for (p++; *p && *p != '"'; p++) {
			if (*p == '\\' && p[1])
				p++;
			strbuf_add(&value, p, 1);
		}
		return *p ? arena_strdup(a, value.data ? value.data : "") : NULL;
	}
	return NULL;
}

static int read_type(struct arena *a, const char *value, struct mime_entity *e, struct error *err)
{
	char *type = arena_strndup(a, value, strcspn(value, "; \t"));

	for (char *p = type; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	e->type = type;
	if (strncmp(type, "multipart/", 10) != 0)
		return 0;
	e->boundary = parameter(a, value, "boundary");
	/* RFC 2046, 5.1.1: 1 to 70 characters. */
	if (!e->boundary || !*e->boundary || strlen(e->boundary) > 70)
		return error_set(err, "%s without a boundary of 1 to 70 characters", type);
	return 0;
}

static int read_encoding(const char *value, struct mime_entity *e, struct error *err)
{
	static const struct {
		const char *name;
		enum mime_encoding encoding;
	} known[] = {
		{"7bit", MIME_PLAIN}, {"8bit", MIME_PLAIN}, {"binary", MIME_PLAIN},
		{"base64", MIME_BASE64}, {"quoted-printable", MIME_QUOTED_PRINTABLE},
	};
	size_t n = strcspn(value, "; \t");

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strlen(known[i].name) == n && !strncasecmp(known[i].name, value, n)) {
			e->encoding = known[i].encoding;
			return 0;
		}
	return error_set(err, "Content-Transfer-Encoding \"%.40s\" is none of 7bit, 8bit, binary, base64, quoted-printable", value);
}

static int read_field(struct arena *a, const char *field, struct mime_entity *e, struct error *err)
{
	const char *value = strchr(field, ':');
	size_t n = value ? (size_t)(value - field) : 0;
	const char *filename;

	if (n == 0 || memchr(field, ' ', n))
		return error_set(err, "\"%.40s\" is no header field (NAME: VALUE)", field);
	for (value++; is_blank(*value); value++)
		;
	if (n == 12 && !strncasecmp(field, "Content-Type", n))
		return read_type(a, value, e, err);
	if (n == 25 && !strncasecmp(field, "Content-Transfer-Encoding", n))
		return read_encoding(value, e, err);
	if ((n == 10 && !strncasecmp(field, "Merge-Type", n)) || (n == 12 && !strncasecmp(field, "X-Merge-Type", n))) {
		e->merge_how = arena_strdup(a, value);
		return 0;
	}
	if (n == 19 && !strncasecmp(field, "Content-Disposition", n) && (filename = parameter(a, value, "filename"))) {
		char *copy = arena_strdup(a, filename);

		for (char *p = copy; *p; p++)
			if ((unsigned char)*p < ' ' || *p == 0x7f)
				*p = '?';
		e->filename = copy;
	}
	return 0;
}

int mime_parse(struct arena *a, const char *text, size_t n, unsigned line, struct mime_entity *out, struct error *err)
{
	struct lines l = {.at = text, .end = text + n, .number = line};
	struct mime_entity e = {.type = ""};
	const char *field = NULL, *start;
	unsigned field_line = line;
	bool open = false;
	size_t length;

	while (next_line(&l, &start, &length)) {
		if (length && is_blank(*start) && field) { /* folded: goes on */
			field = arena_printf(a, "%s %.*s", field, (int)length, start);
			continue;
		}
		if (field && read_field(a, field, &e, err) < 0)
			return error_wrap(err, "line %u", field_line);
		field = NULL;
		if (length == 0) {
			open = true;
			break;
		}
		/* mbox: the envelope's line before the header. */
		if (l.number == line + 1 && length > 5 && !memcmp(start, "From ", 5))
			continue;
		field = arena_strndup(a, start, length);
		field_line = l.number - 1;
	}
	if (field && read_field(a, field, &e, err) < 0)
		return error_wrap(err, "line %u", field_line);
	e.body = l.at;
	e.size = (size_t)(l.end - l.at);
	e.line = l.number;
	if (!open && e.boundary)
		return error_set(err, "line %u: a header without a body", line);
	*out = e;
	return 0;
}

enum delimiter { NO_DELIMITER, DELIMITER, LAST_DELIMITER };

static enum delimiter which(const char *line, size_t n, const char *boundary)
{
	size_t length = strlen(boundary), i;
	enum delimiter found = DELIMITER;

	if (n < length + 2 || memcmp(line, "--", 2) != 0 || memcmp(line + 2, boundary, length) != 0)
		return NO_DELIMITER;
	i = length + 2;
	if (n >= i + 2 && !memcmp(line + i, "--", 2)) {
		found = LAST_DELIMITER;
		i += 2;
	}
	for (; i < n; i++)
		if (!is_blank(line[i]))
			return NO_DELIMITER;
	return found;
}

/* What stands between two delimiters, less the line end that belongs to the second. */
static int add_part(struct arena *a, struct mime_parts *parts, const char *from, const char *to, unsigned line, struct error *err)
{
	if (to > from && to[-1] == '\n')
		to--;
	if (to > from && to[-1] == '\r')
		to--;
	if (parts->count == MIME_PARTS_LIMIT)
		return error_set(err, "line %u: more than %d parts", line, MIME_PARTS_LIMIT);
	parts->items = arena_grow(a, parts->items, parts->count, &parts->cap, sizeof(*parts->items));
	return mime_parse(a, from, (size_t)(to - from), line, &parts->items[parts->count++], err);
}

int mime_split(struct arena *a, const struct mime_entity *whole, struct mime_parts *out, struct error *err)
{
	struct lines l = {.at = whole->body, .end = whole->body + whole->size, .number = whole->line};
	struct mime_parts parts = {0};
	const char *line, *from = NULL;
	unsigned from_line = 0;
	size_t n;

	while (next_line(&l, &line, &n)) {
		enum delimiter d = which(line, n, whole->boundary);

		if (d == NO_DELIMITER)
			continue;
		if (from && add_part(a, &parts, from, line, from_line, err) < 0)
			return -1;
		from = l.at;
		from_line = l.number;
		if (d == LAST_DELIMITER) {
			*out = parts;
			return 0;
		}
	}
	return error_set(err, "the message is cut off: its last line \"--%s--\" is missing", whole->boundary);
}

/* RFC 2045, 6.7. Blanks at a line's end were added on the way. */
static int decode_quoted_printable(const struct mime_entity *e, struct strbuf *out, struct error *err)
{
	struct lines l = {.at = e->body, .end = e->body + e->size, .number = e->line};
	const char *line;
	size_t n;

	while (next_line(&l, &line, &n)) {
		bool soft = false, ended = l.at > e->body && l.at[-1] == '\n';

		while (n && is_blank(line[n - 1]))
			n--;
		for (size_t i = 0; i < n; i++) {
			char c = line[i];

			if (c == '=' && i + 1 == n) {
				soft = true;
				break;
			}
			if (c == '=') {
				int high = hex_digit(line[i + 1]), low = i + 2 < n ? hex_digit(line[i + 2]) : -1;

				if (high < 0 || low < 0)
					return error_set(err, "line %u: no quoted-printable: a \"=\" that nothing follows",
							 l.number - 1);
				c = (char)(high * 16 + low);
				i += 2;
			}
			strbuf_add(out, &c, 1);
		}
		if (!soft && ended)
			strbuf_add(out, "\n", 1);
	}
	return 0;
}

int mime_decode(const struct mime_entity *e, struct strbuf *out, struct error *err)
{
	if (e->encoding == MIME_BASE64)
		return base64_decode(e->body, e->size, out, err);
	if (e->encoding == MIME_QUOTED_PRINTABLE)
		return decode_quoted_printable(e, out, err);
	strbuf_add(out, e->body, e->size);
	return 0;
}
