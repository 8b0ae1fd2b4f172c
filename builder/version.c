#include "builder/version.h"

#include <ctype.h>
#include <string.h>

enum { VERSION_LIMIT = 100000 };

static bool parse_number(const char **p, unsigned *out)
{
	unsigned n = 0;

	if (!isdigit((unsigned char)**p))
		return false;
	for (; isdigit((unsigned char)**p); (*p)++) {
		n = n * 10 + (unsigned)(**p - '0');
		if (n > VERSION_LIMIT)
			return false;
	}
	*out = n;
	return true;
}

bool version_parse(const char *text, struct version *out)
{
	const char *really = strstr(text, "+really"), *colon = strchr(text, ':');
	struct version v;

	/* Debian: an epoch before, and "+really" where a version number had to be taken back. */
	if (really)
		text = really + strlen("+really");
	else if (colon)
		text = colon + 1;
	if (*text == 'v')
		text++;
	if (!parse_number(&text, &v.major) || *text++ != '.' || !parse_number(&text, &v.minor))
		return false;
	*out = v;
	return true;
}

bool version_parse_url(const char *url, struct version *out)
{
	bool found = false;

	for (const char *p = strchr(url, '/'); p; p = strchr(p, '/')) {
		struct version v;

		p++;
		if ((*p == 'v' || isdigit((unsigned char)*p)) && !memchr(p, ':', strcspn(p, "/")) && version_parse(p, &v)) {
			*out = v;
			found = true;
		}
	}
	return found;
}

int version_compare(struct version a, struct version b)
{
	if (a.major != b.major)
		return a.major < b.major ? -1 : 1;
	if (a.minor != b.minor)
		return a.minor < b.minor ? -1 : 1;
	return 0;
}

bool version_within(struct version v, struct version since, struct version until)
{
	if (version_compare(v, since) < 0)
		return false;
	return version_compare(until, VERSION_ANY) == 0 || version_compare(v, until) < 0;
}
