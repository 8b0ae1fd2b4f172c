#include "init/degraded.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static char notes[DEGRADED_NOTES][DEGRADED_TEXT];
static size_t count, lost;

void degraded_add(const char *fmt, ...)
{
	char text[DEGRADED_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < count; i++)
		if (!strcmp(notes[i], text))
			return;
	if (count == DEGRADED_NOTES)
		lost++;
	else
		strcpy(notes[count++], text);
}

size_t degraded_count(void)
{
	return count;
}

const char *degraded_at(size_t index)
{
	return notes[index];
}

size_t degraded_lost(void)
{
	return lost;
}
