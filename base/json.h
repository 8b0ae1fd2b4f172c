/* JSON out (RFC 8259), for --json and manifest.json: two-space indentation, members in the order written, so that the same
 * data gives the same bytes. Bytes that are not UTF-8 become U+FFFD. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

struct json {
	struct strbuf *out;
	unsigned depth;
	bool first; /* no member written yet at this depth */
};

/* Start a document that is appended to out. */
struct json json_begin(struct strbuf *out);
/* Ends the document with a newline. */
void json_end(struct json *j);

/* key is NULL inside an array and for the outermost value. Every open needs its close. */
void json_open_object(struct json *j, const char *key);
void json_close_object(struct json *j);
void json_open_array(struct json *j, const char *key);
void json_close_array(struct json *j);
/* value NULL writes null. */
void json_string(struct json *j, const char *key, const char *value);
void json_number(struct json *j, const char *key, uint64_t value);
void json_bool(struct json *j, const char *key, bool value);
