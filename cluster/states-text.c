#include <string.h>

#include "cluster/follow.h"
#include "config/node.h"

static bool is_wanted(const struct plan_state *s, bool secret)
{
	return !secret || s->chap_password;
}

void follow_states(struct strbuf *out, unsigned indent, const struct plan *states, bool secret)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct json j = json_begin(&text);
	size_t wanted = 0;

	json_open_object(&j, NULL);
	for (size_t i = 0; i < states->state_count; i++) {
		struct plan_state s = states->states[i];

		if (!is_wanted(&s, secret))
			continue;
		if (!secret)
			s.chap_user = s.chap_password = NULL;
		json_open_object(&j, s.path);
		write_map(&j, &map_state, &s);
		json_close_object(&j);
		wanted++;
	}
	json_close_object(&j);
	json_end(&j);
	if (!wanted)
		return;
	/* JSON is YAML where every line of it stands further to the right than its key. */
	strbuf_printf(out, "%*sstate:\n", (int)indent, "");
	for (const char *line = text.data; *line; line += strcspn(line, "\n") + 1)
		strbuf_printf(out, "%*s%.*s\n", (int)indent + 2, "", (int)strcspn(line, "\n"), line);
}
