/* What a client says to PID 1 at its control socket (init/control.h), and flat records read without allocating (init/record.h). */
#include "tests/fuzz/fuzz.h"

#include "init/control.h"

/* The table is beside what carries the requests out, which no fuzzer can. */
const struct control_request *control_find(const char *name)
{
	static const struct control_request some[] = {{.name = "status"}, {.name = "restart", .least = 1, .most = 1},
						      {.name = "reboot", .most = 1}};

	for (size_t i = 0; i < sizeof(some) / sizeof(*some); i++)
		if (!strcmp(some[i].name, name))
			return &some[i];
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct control_call call = {0};
	const char *wrong;
	char *text;

	if (size > CONTROL_LINE)
		size = CONTROL_LINE;
	if (!size)
		return 0;
	/* PID 1 calls when there is a newline, or when there is no room for one. */
	text = malloc(size);
	MUST(text);
	memcpy(text, data, size);
	if (size < CONTROL_LINE)
		text[size - 1] = '\n';
	wrong = control_read(&call, text, size);
	if (wrong) {
		MUST(*wrong);
	} else {
		MUST(call.count > 0 && call.count <= CONTROL_WORDS && !call.words[call.count]);
		for (size_t i = 0; i < call.count; i++)
			MUST(call.words[i] >= call.line && call.words[i] + strlen(call.words[i]) < call.line + sizeof(call.line));
	}
	free(text);
	return 0;
}
