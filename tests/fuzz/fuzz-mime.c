/* MIME messages (node/agent/mime.h) and base64. */
#include "tests/fuzz/fuzz.h"

#include "node/agent/base64.h"
#include "node/agent/mime.h"

static void decode(const struct mime_entity *e, const char *text, size_t size)
{
	struct strbuf out = {0};
	struct error err = {0};

	MUST(e->size <= size && e->body >= text && e->body + e->size <= text + size);
	if (mime_decode(e, &out, &err) < 0)
		fuzz_failed(&err);
	else
		MUST(out.len <= e->size);
	strbuf_free(&out);
}

static void check_base64(const char *text, size_t size)
{
	struct strbuf coded = {0}, plain = {0};
	struct error err = {0};

	base64_encode(text, size, &coded);
	MUST(base64_decode(coded.data ? coded.data : "", coded.len, &plain, &err) == 0);
	MUST(plain.len == size && (!size || !memcmp(plain.data, text, size)));
	if (base64_decode(text, size, &plain, &err) < 0)
		fuzz_failed(&err);
	strbuf_free(&coded);
	strbuf_free(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct mime_parts parts = {0};
	struct mime_entity whole;
	struct arena arena = {0};
	struct error err = {0};

	mime_is(text, size);
	check_base64(text, size);
	if (mime_parse(&arena, text, size, 1, &whole, &err) < 0) {
		fuzz_failed(&err);
	} else {
		decode(&whole, text, size);
		if (whole.boundary && mime_split(&arena, &whole, &parts, &err) < 0)
			fuzz_failed(&err);
		for (size_t i = 0; i < parts.count; i++)
			decode(&parts.items[i], text, size);
	}
	arena_free(&arena);
	return 0;
}
