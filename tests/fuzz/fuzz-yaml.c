/* YAML, and the sections of it that a profile and a node's configuration have in common: what config/ takes, PID 1's reader takes
 * (config/node.h). */
#include "tests/fuzz/fuzz.h"

#include "config/node.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	struct diagnostics diag = {.arena = &arena};
	struct reader reader = {.arena = &arena, .diag = &diag};
	struct value *v = yaml_parse(&arena, "fuzz", (const char *)data, size, &diag);
	struct strbuf text = {0};
	struct error err = {0};
	struct plan plan, again;
	const struct key_target target = {&map_node, &plan};

	MUST(v || diag.errors);
	plan_init(&plan);
	plan.name = "fuzz";
	if (v && v->type == VALUE_MAP && !diag.errors) {
		read_map(&reader, &target, 1, v);
		if (!diag.errors) {
			plan_write(&plan, &text);
			/* Which services need which others is checked for the whole plan, later. */
			if (plan_parse(&arena, "plan", text.data, text.len, &again, &err) < 0 && !strstr(error_text(&err), "need")) {
				fprintf(stderr, "%s\n%s", error_text(&err), text.data);
				abort();
			}
		}
	}
	error_clear(&err);
	strbuf_free(&text);
	arena_free(&arena);
	return 0;
}
