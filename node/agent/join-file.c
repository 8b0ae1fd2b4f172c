#include "node/agent/join-file.h"

#include <string.h>

#include "base/flat.h"

int join_file_parse(struct arena *a, const char *name, const char *text, size_t n, struct join_file *out,
		    struct error *err)
{
	struct join_file j = {0};
	struct flat flat;

	if (flat_parse(a, name, text, n, &flat, err) < 0)
		return -1;
	for (size_t i = 0; i < flat.count; i++) {
		const struct flat_line *line = &flat.lines[i];
		const char *key = line->words[0], *value = line->count == 2 ? line->words[1] : NULL;

		if (!strcmp(key, "unsafe") && line->count == 1)
			j.unsafe = true;
		else if (!strcmp(key, "server") && value)
			j.server = value;
		else if (!strcmp(key, "token") && value)
			j.token = value;
		else if (!strcmp(key, "ca") && value)
			j.ca = value;
		else if (!strcmp(key, "pin") && value)
			strings_add(a, &j.pins, value);
		else
			return error_set(err, "%s:%u: unknown record \"%s\"", name, line->number, key);
	}
	*out = j;
	return 0;
}

void join_file_write(const struct join_file *j, struct strbuf *out)
{
	if (j->server)
		flat_add(out, "server", j->server, NULL);
	if (j->token)
		flat_add(out, "token", j->token, NULL);
	if (j->ca)
		flat_add(out, "ca", j->ca, NULL);
	for (size_t i = 0; i < j->pins.count; i++)
		flat_add(out, "pin", j->pins.items[i], NULL);
	if (j->unsafe)
		flat_add(out, "unsafe", NULL);
}

void join_file_add_pins(struct arena *a, struct join_file *j, const struct strings *words)
{
	for (size_t i = 0; i < words->count; i++) {
		if (!strcmp(words->items[i], "unsafe"))
			j->unsafe = true;
		else
			strings_add(a, &j->pins, words->items[i]);
	}
}
