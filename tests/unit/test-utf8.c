#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"

static void test_good(void **state)
{
	(void)state;
	assert_int_equal(utf8_length("a", 1), 1);
	assert_int_equal(utf8_length("", 1), 1); /* U+0000 is a character */
	assert_int_equal(utf8_length("\x7f", 1), 1);
	assert_int_equal(utf8_length("\xc2\x80", 2), 2);
	assert_int_equal(utf8_length("\xdf\xbf", 4), 2);
	assert_int_equal(utf8_length("\xe0\xa0\x80", 3), 3);
	assert_int_equal(utf8_length("\xed\x9f\xbf", 3), 3);
	assert_int_equal(utf8_length("\xee\x80\x80", 3), 3);
	assert_int_equal(utf8_length("\xf0\x90\x80\x80", 4), 4);
	assert_int_equal(utf8_length("\xf4\x8f\xbf\xbf", 4), 4);
}

static void test_bad(void **state)
{
	static const char *const bad[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xc2",
		"\xc2z",
		"\xe0\x9f\xbf",
		"\xed\xa0\x80",
		"\xe2\x82",
		"\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xff",
		"\xfe",
		"\xf0\x90\x80",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(utf8_length(bad[i], 4), 0);
	assert_int_equal(utf8_length("a", 0), 0);
	assert_int_equal(utf8_length("\xe2\x82\xac", 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_bad)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
