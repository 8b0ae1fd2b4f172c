#include "cluster/yaml-text.h"

#include <stdbool.h>
#include <string.h>

void yaml_quoted(struct strbuf *out, const char *text)
{
	strbuf_puts(out, "\"");
	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '"' || c == '\\')
			strbuf_printf(out, "\\%c", c);
		else if (c == '\n')
			strbuf_puts(out, "\\n");
		else if (c < 0x20 || c == 0x7f)
			strbuf_printf(out, "\\u%04x", c);
		else
			strbuf_add(out, p, 1);
	}
	strbuf_puts(out, "\"");
}

void yaml_list(struct strbuf *out, const struct strings *list)
{
	strbuf_puts(out, "[");
	for (size_t i = 0; i < list->count; i++) {
		strbuf_puts(out, i ? ", " : "");
		yaml_quoted(out, list->items[i]);
	}
	strbuf_puts(out, "]");
}

/* One newline at the end, a first line that needs no sign of its indentation. */
static bool fits_block(const char *text)
{
	size_t n = strlen(text);

	if (n < 2 || text[n - 1] != '\n' || text[n - 2] == '\n' || *text == ' ' || *text == '\n')
		return false;
	for (const char *p = text; *p; p++)
		if (((unsigned char)*p < 0x20 && *p != '\n') || *p == 0x7f)
			return false;
	return true;
}

void yaml_block(struct strbuf *out, unsigned indent, const char *text)
{
	if (!fits_block(text)) {
		strbuf_puts(out, " ");
		yaml_quoted(out, text);
		strbuf_puts(out, "\n");
		return;
	}
	strbuf_puts(out, " |\n");
	while (*text) {
		size_t n = strcspn(text, "\n");

		if (n)
			strbuf_printf(out, "%*s%.*s", (int)indent, "", (int)n, text);
		strbuf_puts(out, "\n");
		text += n + 1;
	}
}
