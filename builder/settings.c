#include "builder/settings.h"

#include <stdbool.h>
#include <string.h>

/* The value to write, or NULL when this version and role have no use for the setting. */
static const char *setting_value(struct arena *a, const struct setting *t, struct version version, unsigned role, const void *of)
{
	if (!(t->roles & role) || !version_within(version, t->since, t->until))
		return NULL;
	return t->value ? t->value(a, of) : t->constant;
}

struct strings settings_flags(struct arena *a, const struct settings *table, struct version version, unsigned role,
			      const void *of, const struct strings *more)
{
	struct strings out = {.items = arena_calloc(a, table->count + more->count + 1, sizeof(*out.items))};

	for (size_t i = 0; i < table->count; i++) {
		const struct setting *t = &table->items[i];
		const char *value = t->kind == SETTING_FLAG ? setting_value(a, t, version, role, of) : NULL;

		if (value)
			out.items[out.count++] = arena_printf(a, "--%s=%s", t->name, value);
	}
	for (size_t i = 0; i < more->count; i++)
		out.items[out.count++] = more->items[i];
	return out;
}

/* How much of name was already written for the field before it: up to and with the last common "/". */
static size_t common_parents(const char *name, const char *before)
{
	size_t n = 0;

	for (size_t i = 0; name[i] && name[i] == before[i]; i++)
		if (name[i] == '/')
			n = i + 1;
	return n;
}

void settings_fields(struct arena *a, const struct settings *table, struct version version, unsigned role, const void *of,
		     struct strbuf *out)
{
	const char *before = "";

	for (size_t i = 0; i < table->count; i++) {
		const struct setting *t = &table->items[i];
		const char *name = t->name;
		const char *value = t->kind == SETTING_FIELD ? setting_value(a, t, version, role, of) : NULL;
		size_t common, depth = 0;

		if (!value)
			continue;
		common = common_parents(name, before);
		for (const char *p = name; *p;) {
			size_t n = strcspn(p, "/");
			bool last = p[n] == '\0';

			if ((size_t)(p - name) >= common) {
				strbuf_printf(out, "%*s%.*s:", (int)depth * 2, "", (int)n, p);
				if (last)
					strbuf_printf(out, " %s", value);
				strbuf_puts(out, "\n");
			}
			depth++;
			p += n + !last;
		}
		before = name;
	}
}
