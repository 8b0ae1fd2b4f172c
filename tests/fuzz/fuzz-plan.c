/* The plan, which the agent writes from what it fetched and PID 1 reads: writing and reading it again changes nothing
 * (init/plan.h). */
#include "tests/fuzz/fuzz.h"

#include "init/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	struct error err = {0};
	struct strbuf first = {0}, second = {0};
	struct plan plan, again;

	if (plan_parse(&arena, "fuzz", (const char *)data, size, &plan, &err) < 0) {
		fuzz_failed(&err);
	} else {
		plan_write(&plan, &first);
		if (plan_parse(&arena, "again", first.data, first.len, &again, &err) < 0) {
			fprintf(stderr, "%s\n%s", error_text(&err), first.data);
			abort();
		}
		plan_write(&again, &second);
		MUST(!strcmp(first.data, second.data));
	}
	strbuf_free(&first);
	strbuf_free(&second);
	arena_free(&arena);
	return 0;
}
