#include "init/reason.h"

#include <stdio.h>
#include <string.h>

static bool begins(const char *line, size_t n, const char *words)
{
	size_t len = strlen(words);

	return n >= len && !memcmp(line, words, len);
}

bool reason_is(const char *line, size_t n)
{
	if (begins(line, n, "panic: ") || begins(line, n, "fatal error: "))
		return true;
	/* F1122 17:30:01.123456 … (k8s.io/klog) */
	if (n > 6 && line[0] == 'F' && strspn(line + 1, "0123456789") == 4 && line[5] == ' ')
		return true;
	if (n > 6 && line[0] == 'E' && memmem(line, n, "] \"command failed\" err=", 23))
		return true;
	return memmem(line, n, "level=fatal", 11) || memmem(line, n, "level=panic", 11);
}

static const char *last_lines(const char *text, size_t n, int lines)
{
	const char *start = text + n;

	if (n && start[-1] == '\n')
		start--;
	while (start > text && (start[-1] != '\n' || --lines > 0))
		start--;
	return start;
}

const char *reason_find(const char *text, size_t n, bool cut, int lines)
{
	const char *end = text + n, *line = text, *newline;

	if (cut) {
		newline = memchr(text, '\n', n);
		/* One line longer than all of it: its end is better than nothing. */
		if (newline && newline + 1 < end)
			line = newline + 1;
	}
	n = (size_t)(end - line);
	for (const char *p = line; p < end; p = newline + 1) {
		newline = memchr(p, '\n', (size_t)(end - p));
		if (!newline)
			newline = end;
		if (reason_is(p, (size_t)(newline - p)))
			return p;
	}
	return last_lines(line, n, lines);
}

void reason_after(const char *text, const char *key, char *out, size_t size)
{
	const char *found = NULL;
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, key)); p++)
		found = p;
	if (found)
		for (found += strlen(key); (unsigned char)found[n] >= ' ' && found[n] != 0x7f; n++)
			;
	snprintf(out, size, "%.*s", (int)n, n ? found : "");
}
