#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes text; on a failed allocation err keeps its old message, which is better than none. */
static void replace(struct error *err, char *text)
{
	if (!text)
		return;
	free(err->text);
	err->text = text;
}

static __attribute__((format(printf, 1, 0))) char *vformat(const char *fmt, va_list ap)
{
	char *text = NULL;

	return vasprintf(&text, fmt, ap) < 0 ? NULL : text;
}

int error_set(struct error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	replace(err, vformat(fmt, ap));
	va_end(ap);
	return -1;
}

/* Joins "head: tail" into err and frees head. */
static int join(struct error *err, char *head, const char *tail)
{
	char *text = NULL;

	if (head && asprintf(&text, "%s: %s", head, tail) >= 0)
		replace(err, text);
	free(head);
	return -1;
}

int error_errno(struct error *err, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;
	char *head;

	va_start(ap, fmt);
	head = vformat(fmt, ap);
	va_end(ap);
	join(err, head, strerror(saved));
	errno = saved;
	return -1;
}

int error_wrap(struct error *err, const char *fmt, ...)
{
	va_list ap;
	char *head;

	va_start(ap, fmt);
	head = vformat(fmt, ap);
	va_end(ap);
	return join(err, head, error_text(err));
}

const char *error_text(const struct error *err)
{
	return err->text ? err->text : "unknown error";
}

void error_clear(struct error *err)
{
	free(err->text);
	err->text = NULL;
}
