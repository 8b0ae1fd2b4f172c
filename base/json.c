#include "base/json.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/utf8.h"

static void quote(struct strbuf *out, const char *s)
{
	strbuf_puts(out, "\"");
	for (const unsigned char *p = (const unsigned char *)s; *p;) {
		size_t n = utf8_length(p, 4);

		if (*p == '"' || *p == '\\')
			strbuf_printf(out, "\\%c", *p);
		else if (*p == '\n')
			strbuf_puts(out, "\\n");
		else if (*p == '\t')
			strbuf_puts(out, "\\t");
		else if (*p < 0x20)
			strbuf_printf(out, "\\u%04x", *p);
		else if (n == 0)
			strbuf_puts(out, "\xef\xbf\xbd");
		else
			strbuf_add(out, p, n);
		p += n ? n : 1;
	}
	strbuf_puts(out, "\"");
}

static void newline(struct json *j)
{
	strbuf_puts(j->out, "\n");
	for (unsigned i = 0; i < j->depth; i++)
		strbuf_puts(j->out, "  ");
}

static void member(struct json *j, const char *key)
{
	if (!j->first)
		strbuf_puts(j->out, ",");
	if (j->depth)
		newline(j);
	j->first = false;
	if (key) {
		quote(j->out, key);
		strbuf_puts(j->out, ": ");
	}
}

static void open_value(struct json *j, const char *key, const char *bracket)
{
	member(j, key);
	strbuf_puts(j->out, bracket);
	j->depth++;
	j->first = true;
}

static void close_value(struct json *j, const char *bracket)
{
	bool empty = j->first;

	j->depth--;
	if (!empty)
		newline(j);
	strbuf_puts(j->out, bracket);
	j->first = false;
}

struct json json_begin(struct strbuf *out)
{
	return (struct json){.out = out, .first = true};
}

void json_end(struct json *j)
{
	strbuf_puts(j->out, "\n");
}

void json_open_object(struct json *j, const char *key)
{
	open_value(j, key, "{");
}

void json_close_object(struct json *j)
{
	close_value(j, "}");
}

void json_open_array(struct json *j, const char *key)
{
	open_value(j, key, "[");
}

void json_close_array(struct json *j)
{
	close_value(j, "]");
}

void json_string(struct json *j, const char *key, const char *value)
{
	member(j, key);
	if (value)
		quote(j->out, value);
	else
		strbuf_puts(j->out, "null");
}

void json_number(struct json *j, const char *key, uint64_t value)
{
	member(j, key);
	strbuf_printf(j->out, "%" PRIu64, value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	member(j, key);
	strbuf_puts(j->out, value ? "true" : "false");
}
