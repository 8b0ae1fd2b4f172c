/* MIME messages (RFC 2045, 2046, 2183) as far as cloud-init's user-data uses them: one level at a time. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"

enum { MIME_PARTS_LIMIT = 256 };

enum mime_encoding { MIME_PLAIN, MIME_BASE64, MIME_QUOTED_PRINTABLE };

/* A message or a part of one: its header, understood, and its body as it stands there. */
struct mime_entity {
	const char *type;     /* lower case, "text/cloud-config"; "" when not given */
	const char *boundary; /* of multipart/…, else NULL */
	const char *filename; /* NULL when not given; control characters are "?" */
	const char *merge_how; /* cloud-init's header Merge-Type, or X-Merge-Type; NULL when not given */
	enum mime_encoding encoding;
	const char *body;     /* into the text that was parsed */
	size_t size;
	unsigned line;        /* of the body's first line */
};

struct mime_parts {
	struct mime_entity *items;
	size_t count, cap;
};

/* Does the text begin with a header that only a MIME message has? */
bool mime_is(const char *text, size_t n);

/* Understand the header of n bytes that begin at this line. A header that is not well-formed is an error, "line N: …". */
int mime_parse(struct arena *a, const char *text, size_t n, unsigned line, struct mime_entity *out, struct error *err);

/* The parts of a multipart body. One without its closing delimiter is an error: it was cut off. */
int mime_split(struct arena *a, const struct mime_entity *whole, struct mime_parts *out, struct error *err);

/* The body decoded, appended to out. */
int mime_decode(const struct mime_entity *e, struct strbuf *out, struct error *err);
