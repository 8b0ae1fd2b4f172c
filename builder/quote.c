#include "builder/quote.h"

#include <string.h>

const char *quote_text(struct arena *a, const char *text)
{
	static const char digits[] = "0123456789abcdef";
	char *out = arena_alloc(a, strlen(text) * 6 + 3), *w = out; /* \u00XX is the longest */

	*w++ = '"';
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f) {
			memcpy(w, "\\u00", 4);
			w += 4;
			*w++ = digits[c >> 4];
			*w++ = digits[c & 15];
			continue;
		}
		if (c == '"' || c == '\\')
			*w++ = '\\';
		*w++ = (char)c;
	}
	*w++ = '"';
	*w = '\0';
	return out;
}
