/* A whole document as it came from a server: gzip, MIME, includes, and what is inside told apart (node/agent/unpack.h). */
#include "tests/fuzz/fuzz.h"

#include "node/agent/gunzip.h"
#include "node/agent/unpack.h"

static int include(void *data, const char *url, struct error *err)
{
	size_t *count = data;

	MUST(url && *url);
	return ++*count > 100 ? error_set(err, "too many") : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum source_content contents[] = {SOURCE_ANYTHING, SOURCE_USER_DATA, SOURCE_META_DATA, SOURCE_NETWORK_CONFIG};

	for (size_t i = 0; i < sizeof(contents) / sizeof(*contents); i++) {
		struct arena arena = {0};
		struct error err = {0};
		struct documents documents = {0};
		size_t includes = 0;
		struct unpack u = {.arena = &arena, .documents = &documents, .include = include, .data = &includes};

		if (unpack(&u, "fuzz", contents[i], (const char *)data, size, &err) < 0)
			fuzz_failed(&err);
		else
			for (size_t k = 0; k < documents.count; k++)
				MUST(strlen(documents.items[k].text) == documents.items[k].size);
		arena_free(&arena);
	}
	return 0;
}
