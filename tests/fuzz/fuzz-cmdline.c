/* The kernel's command line, as PID 1 (init/cmdline.h) and as the agent (node/agent/sources.h) read it. */
#include "tests/fuzz/fuzz.h"

#include "init/cmdline.h"
#include "node/agent/sources.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);
	struct sources settings = {0}, urls = {0};
	struct arena arena = {0};
	struct options options = {0};
	struct error err = {0};

	if (cmdline_parse(text, &options, &err) < 0)
		fuzz_failed(&err);
	MUST(memchr(options.bootif, 0, sizeof(options.bootif)) && memchr(options.interface, 0, sizeof(options.interface)));
	MUST(memchr(options.hostname, 0, sizeof(options.hostname)));
	if (sources_read_cmdline(&arena, text, &settings, &urls, &err) < 0)
		fuzz_failed(&err);
	else
		MUST(settings.count <= SOURCES_LIMIT && urls.count <= SOURCES_LIMIT);
	arena_free(&arena);
	free(text);
	return 0;
}
