#include "init/plan-words.h"

#include <string.h>

#include "base/path.h"

bool plan_word_is_path(const char *word)
{
	const char *p = word;

	if (*p != '/' || strlen(word) > PATH_LIMIT)
		return false;
	while (*p) {
		size_t n = strcspn(p + 1, "/");

		if (n == 0 || (n == 1 && p[1] == '.') || (n == 2 && p[1] == '.' && p[2] == '.'))
			return false;
		p += 1 + n;
	}
	return true;
}

bool plan_word_number(const char *word, uint64_t limit, uint64_t *out)
{
	uint64_t n = 0;

	if (!*word)
		return false;
	for (const char *p = word; *p; p++) {
		if (*p < '0' || *p > '9')
			return false;
		if (__builtin_mul_overflow(n, (uint64_t)10, &n) || __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			return false;
	}
	if (n > limit)
		return false;
	*out = n;
	return true;
}

static bool is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool plan_word_is_name(const char *word)
{
	if (!is_alphanumeric(word[0]) || strlen(word) > 63)
		return false;
	for (const char *p = word; *p; p++)
		if (!is_alphanumeric(*p) && !strchr("._-@", *p))
			return false;
	return true;
}
