#include "builder/units.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *units_bytes(char text[static UNITS_SIZE], uint64_t bytes)
{
	static const char *const names[] = {"KB", "MB", "GB", "TB", "PB", "EB"};
	double value = (double)bytes;
	size_t i = 0;

	if (bytes < 1000) {
		snprintf(text, UNITS_SIZE, "%u B", (unsigned)bytes);
		return text;
	}
	/* 999.95 would be printed as 1000.0 */
	for (value /= 1000; value >= 999.95; value /= 1000)
		i++;
	snprintf(text, UNITS_SIZE, "%.1f %s", value, names[i]);
	return text;
}

bool units_parse(const char *text, uint64_t *bytes)
{
	static const char suffixes[] = "kmgt";
	unsigned long long value;
	uint64_t result;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno)
		return false;
	result = value;
	if (*end) {
		const char *suffix = strchr(suffixes, tolower((unsigned char)*end));

		if (!suffix || end[1])
			return false;
		if (__builtin_mul_overflow(value, 1ULL << (10 * (suffix - suffixes + 1)), &result))
			return false;
	}
	*bytes = result;
	return true;
}
