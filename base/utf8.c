#include "base/utf8.h"

size_t utf8_length(const void *p, size_t n)
{
	const unsigned char *b = p;
	size_t want;

	if (n == 0)
		return 0;
	want = b[0] < 0x80 ? 1 : b[0] < 0xc2 ? 0 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : b[0] < 0xf5 ? 4 : 0;
	if (want > n)
		return 0;
	for (size_t i = 1; i < want; i++)
		if ((b[i] & 0xc0) != 0x80)
			return 0;
	/* Longer than needed, surrogates, beyond U+10FFFF: the second byte tells. */
	if ((b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] > 0x9f) || (b[0] == 0xf0 && b[1] < 0x90) ||
	    (b[0] == 0xf4 && b[1] > 0x8f))
		return 0;
	return want;
}
