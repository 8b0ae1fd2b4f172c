#include "base/place.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

static __attribute__((format(printf, 2, 0))) int vset(struct error *err, const char *fmt, va_list ap, const char *why)
{
	_cleanup_free_ char *text = NULL;

	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	return error_set(err, "%s%s%s", text ? text : "out of memory", why ? ": " : "", why ? why : "");
}

int place_wrap(struct error *err, struct place at)
{
	return at.file ? error_wrap(err, "%s:%u:%u", at.file, at.line, at.column) : -1;
}

int place_error(struct error *err, struct place at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vset(err, fmt, ap, NULL);
	va_end(ap);
	return place_wrap(err, at);
}

int place_errno(struct error *err, struct place at, const char *fmt, ...)
{
	const char *why = strerror(errno);
	va_list ap;

	va_start(ap, fmt);
	vset(err, fmt, ap, why);
	va_end(ap);
	return place_wrap(err, at);
}
