/* YAML out: what this program writes for itself to read, and for kubectl. */
#pragma once

#include "base/strbuf.h"
#include "base/strings.h"

/* A text in double quotes, with JSON's escapes, which YAML has too. */
void yaml_quoted(struct strbuf *out, const char *text);

/* ["a", "b"] */
void yaml_list(struct strbuf *out, const struct strings *list);

/* " |" and the lines of a text, each behind indent spaces: a literal block. What a block cannot hold (control characters, no
 * newline at its end, an empty text) is quoted. Ends the line. */
void yaml_block(struct strbuf *out, unsigned indent, const char *text);
