/* Flat files: what is read and written again is the same (base/flat.h). */
#include "tests/fuzz/fuzz.h"

#include "base/flat.h"

static void check_equal(const struct flat *a, const struct flat *b)
{
	MUST(a->count == b->count);
	for (size_t i = 0; i < a->count; i++) {
		MUST(a->lines[i].count == b->lines[i].count && a->lines[i].count > 0);
		for (size_t k = 0; k < a->lines[i].count; k++)
			MUST(!strcmp(a->lines[i].words[k], b->lines[i].words[k]));
		MUST(!a->lines[i].words[a->lines[i].count]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	struct error err = {0};
	struct flat flat, again;
	struct strbuf text = {0};

	if (flat_parse(&arena, "fuzz", (const char *)data, size, &flat, &err) < 0) {
		fuzz_failed(&err);
	} else {
		for (size_t i = 0; i < flat.count; i++) {
			for (size_t k = 0; k < flat.lines[i].count; k++)
				flat_word(&text, flat.lines[i].words[k]);
			flat_end(&text);
		}
		MUST(flat_parse(&arena, "again", text.data ? text.data : "", text.len, &again, &err) == 0);
		check_equal(&flat, &again);
	}
	strbuf_free(&text);
	arena_free(&arena);
	return 0;
}
