#include <string.h>

#include "init/notify.h"

static bool value_of(const char *line, size_t length, const char *key, const char **value, size_t *n)
{
	size_t k = strlen(key);

	if (length <= k || memcmp(line, key, k) != 0 || line[k] != '=')
		return false;
	*value = line + k + 1;
	*n = length - k - 1;
	return true;
}

static void keep_status(struct notify *n, const char *value, size_t length)
{
	length = length < NOTIFY_STATUS - 1 ? length : NOTIFY_STATUS - 1;
	for (size_t i = 0; i < length; i++)
		n->status[i] = (unsigned char)value[i] < ' ' || value[i] == 0x7f ? '?' : value[i];
	/* Not in the middle of a character (UTF-8). */
	if (length == NOTIFY_STATUS - 1)
		while (length && ((unsigned char)value[length] & 0xc0) == 0x80)
			length--;
	n->status[length] = '\0';
}

void notify_read(struct notify *n, const char *message, size_t length)
{
	const char *end = message + length;

	while (message < end) {
		const char *newline = memchr(message, '\n', (size_t)(end - message)), *value;
		size_t line = (size_t)((newline ? newline : end) - message), m;

		if (value_of(message, line, "READY", &value, &m))
			n->ready = n->ready || (m == 1 && *value == '1');
		else if (value_of(message, line, "STATUS", &value, &m))
			keep_status(n, value, m);
		message += line + 1;
	}
}
