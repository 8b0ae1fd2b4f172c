/* Ignition. */
#include "tests/fuzz/fuzz-config.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	fuzz_quiet();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);
	struct arena arena = {0};
	struct config *c = fuzz_config(&arena);

	fuzz_add(c, DOCUMENT_IGNITION, text, strlen(text));
	fuzz_effective(&arena, c);
	arena_free(&arena);
	free(text);
	return 0;
}
