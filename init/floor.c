#include "init/floor.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Between what is no date of a kernel of ours and what overflows nothing. */
enum { FIRST_YEAR = 2005, LAST_YEAR = 2105 };

static bool make(int year, int month, int day, int64_t *out)
{
	struct tm tm = {.tm_year = year - 1900, .tm_mon = month, .tm_mday = day};

	if (year < FIRST_YEAR || year > LAST_YEAR || month < 0 || month > 11 || day < 1 || day > 31)
		return false;
	*out = (int64_t)timegm(&tm);
	return true;
}

static bool read_debian(const char *version, int64_t *out)
{
	const char *open = strrchr(version, '(');
	int year, month, day, end = 0;

	if (!open || sscanf(open, "(%4d-%2d-%2d)%n", &year, &month, &day, &end) != 3 || end == 0)
		return false;
	return make(year, month - 1, day, out);
}

/* As date(1) has it in the C locale; the day alone is enough. */
static bool read_upstream(const char *version, int64_t *out)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (const char *p = version; (p = strchr(p, ' ')); p++) {
		char month[4] = "", *found;
		int day, year, end = 0;

		if (sscanf(p, " %*3s %3[A-Za-z] %2d %*8[0-9:] %*5s %4d%n", month, &day, &year, &end) != 3 || end == 0)
			continue;
		found = strlen(month) == 3 ? strstr(months, month) : NULL;
		if (found && (found - months) % 3 == 0 && make(year, (int)(found - months) / 3, day, out))
			return true;
	}
	return false;
}

bool floor_of_kernel(const char *version, int64_t *out)
{
	return read_debian(version, out) || read_upstream(version, out);
}
