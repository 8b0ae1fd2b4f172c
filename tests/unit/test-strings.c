#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/strings.h"

static void test_grows(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	struct strings list = {0};

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(list.count, i);
		strings_add(&a, &list, arena_printf(&a, "%d", i));
	}
	assert_string_equal(list.items[0], "0");
	assert_string_equal(list.items[999], "999");
	assert_true(strings_has(&list, "500"));
	assert_false(strings_has(&list, "1000"));
}

/* A list that somebody else made, of any length, is left as it is. */
static void test_foreign_array(void **state)
{
	_cleanup_arena_ struct arena a = {0};

	(void)state;
	for (size_t n = 0; n <= 20; n++) {
		const char *items[21] = {0};
		struct strings list = {.items = items, .count = n};

		for (size_t i = 0; i < n; i++)
			items[i] = "theirs";
		strings_add(&a, &list, "ours");
		assert_ptr_not_equal(list.items, items);
		assert_int_equal(list.count, n + 1);
		assert_string_equal(list.items[n], "ours");
		assert_null(items[n]);
		for (size_t i = 0; i < n; i++)
			assert_string_equal(list.items[i], "theirs");
	}
}

static void test_equal(void **state)
{
	(void)state;
	assert_true(string_equal(NULL, NULL));
	assert_false(string_equal("", NULL));
	assert_false(string_equal(NULL, ""));
	assert_true(string_equal("a", "a"));
	assert_false(string_equal("a", "b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_foreign_array),
		cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
