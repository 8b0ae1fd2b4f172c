/* cloud-config, two of them merged: the second begins at the second "#cloud-config" that starts a line. */
#include "tests/fuzz/fuzz-config.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	fuzz_quiet();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size), *second = strstr(text, "\n#cloud-config\n");
	struct arena arena = {0};
	struct config *c = fuzz_config(&arena);

	if (second)
		*second++ = '\0';
	fuzz_add(c, DOCUMENT_CLOUD_CONFIG, text, strlen(text));
	if (second)
		fuzz_add(c, DOCUMENT_CLOUD_CONFIG, second, strlen(second));
	fuzz_effective(&arena, c);
	arena_free(&arena);
	free(text);
	return 0;
}
