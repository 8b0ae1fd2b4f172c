#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/flat.h"

static void test_round_trip(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	_cleanup_error_ struct error err = {0};
	struct arena a = {0};
	struct flat flat;
	const char *words[] = {"#run", "", "a b", "tab\t", "back\\slash", "new\nline", "\x01", "ünï", NULL};

	(void)state;
	for (size_t i = 0; words[i]; i++)
		flat_word(&b, words[i]);
	flat_end(&b);
	flat_add(&b, "second", "line", NULL);
	assert_int_equal(flat_parse(&a, "t", b.data, b.len, &flat, &err), 0);
	assert_int_equal(flat.count, 2);
	for (size_t i = 0; words[i]; i++)
		assert_string_equal(flat.lines[0].words[i], words[i]);
	assert_null(flat.lines[0].words[8]);
	assert_int_equal(flat.lines[1].number, 2);
	arena_free(&a);
}

static void refuse(const char *text, const char *message)
{
	_cleanup_error_ struct error err = {0};
	struct arena a = {0};
	struct flat flat = {.count = 77};

	assert_int_equal(flat_parse(&a, "f", text, strlen(text), &flat, &err), -1);
	assert_string_equal(error_text(&err), message);
	assert_int_equal(flat.count, 77);
	arena_free(&a);
}

static void test_bad(void **state)
{
	(void)state;
	refuse("a b", "f:1: the last line is cut off");
	refuse("ok\na  b\n", "f:2: two spaces, or a space at the line's edge");
	refuse(" a\n", "f:1: two spaces, or a space at the line's edge");
	refuse("a \n", "f:1: two spaces, or a space at the line's edge");
	refuse("a\\q\n", "f:1: bad escape");
	refuse("a\\x0\n", "f:1: bad escape");
	refuse("a\\x00\n", "f:1: bad escape");
	refuse("a\\\n", "f:1: bad escape");
	refuse("a\tb\n", "f:1: control character");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip), cmocka_unit_test(test_bad)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
