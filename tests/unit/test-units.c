#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "builder/units.h"

static void test_bytes(void **state)
{
	char text[UNITS_SIZE];

	(void)state;
	assert_string_equal(units_bytes(text, 0), "0 B");
	assert_string_equal(units_bytes(text, 999), "999 B");
	assert_string_equal(units_bytes(text, 1000), "1.0 KB");
	assert_string_equal(units_bytes(text, 999949), "999.9 KB");
	assert_string_equal(units_bytes(text, 999999), "1.0 MB");
	assert_string_equal(units_bytes(text, UINT64_MAX), "18.4 EB");
}

static void test_parse(void **state)
{
	uint64_t n = 7;

	(void)state;
	assert_true(units_parse("512M", &n) && n == 512ULL << 20);
	assert_true(units_parse("1g", &n) && n == 1ULL << 30);
	assert_true(units_parse("4096", &n) && n == 4096);
	n = 7;
	assert_false(units_parse("", &n));
	assert_false(units_parse("-1", &n));
	assert_false(units_parse("1MB", &n));
	assert_false(units_parse("1x", &n));
	assert_false(units_parse("99999999999999999999", &n));
	assert_false(units_parse("18446744073709551615k", &n));
	assert_int_equal(n, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_bytes), cmocka_unit_test(test_parse)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
