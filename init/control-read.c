#include <string.h>

#include "base/flat.h"
#include "init/control.h"

const char *control_read(struct control_call *call, const char *text, size_t n)
{
	struct control_call c = {0};
	const char *why;

	if (n == 0 || n > sizeof(c.line) || text[n - 1] != '\n')
		return "a request is one line of at most 511 bytes";
	why = flat_decode(text, n - 1, c.line, c.words, CONTROL_WORDS, &c.count);
	if (why)
		return why;
	*call = c;
	/* The words point into the line, which has moved. */
	for (size_t i = 0; i < call->count; i++)
		call->words[i] = call->line + (c.words[i] - c.line);
	call->request = control_find(call->words[0]);
	if (!call->request)
		return "unknown request";
	if (call->count - 1 < call->request->least || call->count - 1 > call->request->most)
		return "wrong number of words for this request";
	return NULL;
}
