#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "init/kmsg.h"

size_t kmsg_format(const char *record, size_t n, char *out, size_t size)
{
	char head[128];
	const char *text = memchr(record, ';', n), *end;
	unsigned long long usec;
	unsigned priority;
	size_t length;

	if (!text || (size_t)(text - record) >= sizeof(head))
		return 0;
	memcpy(head, record, (size_t)(text - record));
	head[text - record] = '\0';
	/* The facility, too, is in the number: priority & 7 is the level. */
	if (sscanf(head, "%7u,%*20[0-9],%18llu", &priority, &usec) != 2)
		return 0;
	text++;
	end = memchr(text, '\n', n - (size_t)(text - record));
	length = (size_t)((end ? end : record + n) - text);
	snprintf(out, size, "<%u>[%5llu.%06llu] %.*s", priority, usec / 1000000, usec % 1000000, (int)length, text);
	length = strlen(out);
	if (length + 1 == size)
		length--;
	out[length] = '\n';
	return length + 1;
}
