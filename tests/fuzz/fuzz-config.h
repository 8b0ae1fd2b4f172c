/* Documents into a configuration (node/agent/handler.h): what the fuzzers of its formats share. */
#pragma once

#include "tests/fuzz/fuzz.h"

#include "base/flat.h"
#include "init/names.h"
#include "node/agent/handler.h"

/* One document into the configuration; the reader must say what was wrong. */
static inline void fuzz_add(struct config *c, enum document_kind kind, const char *text, size_t size)
{
	const struct document d = {.kind = kind, .source = "fuzz", .name = "fuzz", .line = 1, .text = text, .size = size};
	struct error err = {0};

	if (config_add(c, &d, &err) < 0)
		fuzz_failed(&err);
}

/* What came of it can be shown: flat records of four words. */
static inline void fuzz_effective(struct arena *arena, const struct config *c)
{
	struct strbuf text = {0};
	struct error err = {0};
	struct flat flat;

	MUST(config_effective(c, &text, &err) == 0);
	MUST(flat_parse(arena, "effective", text.data ? text.data : "", text.len, &flat, &err) == 0);
	for (size_t i = 0; i < flat.count; i++)
		MUST(flat.lines[i].count == 4);
	strbuf_free(&text);
}

static inline struct config *fuzz_config(struct arena *arena)
{
	static const struct names_variable variables[] = {
		{"mac", "52:54:00:12:34:56"}, {"uuid", "4c4c4544-0077-4d6b-8000-000000000001"}, {"serial", "A 1"}, {"hostname", "n1"},
		{"machine_id", "0123456789abcdef0123456789abcdef"}, {NULL, NULL},
	};
	struct plan *plan = arena_new(arena, struct plan);

	plan_init(plan);
	plan->name = "fuzz";
	return config_new(arena, variables, plan);
}
