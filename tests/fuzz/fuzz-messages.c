/* Lines of the kernel's log and of programs, as PID 1 shows them (init/kmsg.h, init/reason.h). */
#include "tests/fuzz/fuzz.h"

#include "init/kmsg.h"
#include "init/reason.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size), out[64], word[16];
	size_t n = strlen(text);
	const char *found;

	MUST(kmsg_format((const char *)data, size, out, sizeof(out)) <= sizeof(out));
	reason_is(text, n);
	found = reason_find(text, n, size % 2, 3);
	MUST(!found || (found >= text && found <= text + n));
	reason_after(text, "msg=", word, sizeof(word));
	MUST(memchr(word, 0, sizeof(word)));
	free(text);
	return 0;
}
