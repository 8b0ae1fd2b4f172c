/* gzip (RFC 1952), by zlib. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"

/* Does it begin as gzip does? */
bool gunzip_is(const void *data, size_t n);

/* Unpack n bytes of one or several members, appended to out; more than limit bytes is an error, as is what is cut off, damaged or
 * followed by something else. On failure out is as it was. */
int gunzip(const void *data, size_t n, size_t limit, struct strbuf *out, struct error *err);
