/* Base64 (RFC 4648), as MIME (RFC 2045), cloud-config and signatures use it. */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"

/* Decode n characters, appended to out. Blanks and line ends are skipped, the padding may be missing; anything else that is not of
 * the alphabet is an error, and out is then as it was. */
int base64_decode(const char *text, size_t n, struct strbuf *out, struct error *err);

/* Encode n bytes on one line, appended to out. */
void base64_encode(const void *data, size_t n, struct strbuf *out);
