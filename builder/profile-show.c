/* The key table as JSON and as a manual. */
#include "builder/profile-private.h"

#include <ctype.h>
#include <string.h>

void profile_show_json(const struct profile *p, struct strbuf *out)
{
	struct json j = json_begin(out);

	json_open_object(&j, NULL);
	write_map(&j, &map_profile, p);
	write_map(&j, &map_node, &p->plan);
	json_close_object(&j);
	json_end(&j);
}

/* scdoc(5): "_" and "*" begin markup. Help texts may hold "\*" already. */
static void add_escaped(struct strbuf *out, const char *text, bool upper)
{
	for (const char *p = text; *p; p++) {
		char c = upper ? (char)toupper((unsigned char)*p) : *p;

		if (c == '_' || (c == '*' && (p == text || p[-1] != '\\')))
			strbuf_puts(out, "\\");
		strbuf_add(out, &c, 1);
	}
}

static void show_heading(struct strbuf *out, const char *name)
{
	strbuf_puts(out, *name ? "## " : "## TOP LEVEL");
	add_escaped(out, name, true);
	strbuf_puts(out, "\n\n");
}

static void show_map(struct strbuf *out, const struct key_map *map)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct key *k = &map->keys[i];

		strbuf_puts(out, "*");
		add_escaped(out, k->name, false);
		strbuf_printf(out, "* (%s)\n\t", k->type->text);
		add_escaped(out, k->help, false);
		strbuf_puts(out, "\n\n");
	}
}

void profile_show_keys(struct strbuf *out)
{
	const char *name = NULL;

	for (const struct key_map *const *map = profile_maps; *map; map++) {
		/* Two tables may make up one map: the outermost. */
		if (!name || strcmp(name, (*map)->name) != 0)
			show_heading(out, (*map)->name);
		name = (*map)->name;
		show_map(out, *map);
	}
}
