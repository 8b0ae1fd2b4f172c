/* What contents of files come packed in, unpacked into the arena. */
#include <string.h>

#include "node/agent/base64.h"
#include "node/agent/cloud.h"
#include "node/agent/gunzip.h"

static void keep(struct arena *a, const struct strbuf *text, const char **out, size_t *size)
{
	char *copy = arena_alloc(a, text->len + 1);

	if (text->len)
		memcpy(copy, text->data, text->len);
	*out = copy;
	*size = text->len;
}

int cloud_base64(struct arena *a, const char *text, size_t n, const char **out, size_t *size, struct error *err)
{
	_cleanup_strbuf_ struct strbuf data = {0};

	if (base64_decode(text, n, &data, err) < 0)
		return -1;
	keep(a, &data, out, size);
	return 0;
}

int cloud_gunzip(struct arena *a, const char *data, size_t n, size_t limit, const char **out, size_t *size,
		 struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	if (gunzip(data, n, limit, &text, err) < 0)
		return -1;
	keep(a, &text, out, size);
	return 0;
}
