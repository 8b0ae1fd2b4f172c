#include "node/agent/base64.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int digit(char c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

static int refuse(struct strbuf *out, size_t start, struct error *err, const char *why)
{
	out->len = start;
	if (out->data)
		out->data[start] = '\0';
	return error_set(err, "no base64: %s", why);
}

int base64_decode(const char *text, size_t n, struct strbuf *out, struct error *err)
{
	size_t start = out->len;
	unsigned bits = 0;
	uint32_t group = 0;
	size_t padding = 0;

	for (size_t i = 0; i < n; i++) {
		int value;

		if (text[i] == ' ' || text[i] == '\t' || text[i] == '\r' || text[i] == '\n')
			continue;
		if (text[i] == '=') {
			padding++;
			continue;
		}
		value = digit(text[i]);
		if (value < 0)
			return refuse(out, start, err, "a character that is not of its alphabet");
		if (padding)
			return refuse(out, start, err, "something follows its end");
		group = group << 6 | (uint32_t)value;
		bits += 6;
		if (bits >= 8) {
			char byte = (char)(group >> (bits - 8));

			bits -= 8;
			group &= (1U << bits) - 1;
			strbuf_add(out, &byte, 1);
		}
	}
	/* Left over: 0 bits, or 2 or 4 of a last group that is zero; 6 are a single character, which means nothing. */
	if (bits == 6 || group != 0 || padding > 2)
		return refuse(out, start, err, "it is cut off or damaged");
	return 0;
}

void base64_encode(const void *data, size_t n, struct strbuf *out)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < n; i += 3) {
		uint32_t group = (uint32_t)p[i] << 16;
		size_t have = n - i < 3 ? n - i : 3;
		char four[4];

		if (have > 1)
			group |= (uint32_t)p[i + 1] << 8;
		if (have > 2)
			group |= p[i + 2];
		for (size_t k = 0; k < 4; k++)
			four[k] = k <= have ? alphabet[group >> (18 - 6 * k) & 63] : '=';
		strbuf_add(out, four, 4);
	}
}
