/* The key table as JSON and as a manual. */
#include "builder/profile-private.h"

#include <ctype.h>
#include <string.h>

void profile_show_json(const struct profile *p, struct strbuf *out)
{
	struct json j = json_begin(out);

	json_open_object(&j, NULL);
	write_map(&j, MAP_PROFILE, p);
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

void profile_show_keys(struct strbuf *out)
{
	for (size_t i = 0; i < profile_key_count; i++) {
		const struct key *k = &profile_keys[i];

		if (i == 0 || profile_keys[i - 1].map != k->map) {
			strbuf_puts(out, i ? "## " : "## TOP LEVEL");
			add_escaped(out, key_map_names[k->map], true);
			strbuf_puts(out, "\n\n");
		}
		strbuf_puts(out, "*");
		add_escaped(out, k->name, false);
		strbuf_printf(out, "* (%s)\n\t", k->type->text);
		add_escaped(out, k->help, false);
		strbuf_puts(out, "\n\n");
	}
}
