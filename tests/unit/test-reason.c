/* Why a program ended, from what it wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "init/reason.h"

static void expect(const char *text, bool cut, int lines, const char *want)
{
	assert_string_equal(reason_find(text, strlen(text), cut, lines), want);
}

static void test_fatal_lines(void **state)
{
	(void)state;
	expect("Usage:\n  --flag\nF1122 17:31:58.885767     120 server.go:156] unknown flag\ngoroutine 1\n", false, 3,
	       "F1122 17:31:58.885767     120 server.go:156] unknown flag\ngoroutine 1\n");
	expect("a\ntime=\"x\" level=fatal msg=no\nb\nc\nd\ne", false, 2, "time=\"x\" level=fatal msg=no\nb\nc\nd\ne");
	expect("panic: oops\n\ngoroutine 1\n", false, 1, "panic: oops\n\ngoroutine 1\n");
	expect("x\nE1122 1:2:3 1 run.go:74] \"command failed\" err=\"no\"\n", false, 1,
	       "E1122 1:2:3 1 run.go:74] \"command failed\" err=\"no\"\n");
}

static void test_last_lines(void **state)
{
	(void)state;
	expect("1\n2\n3\n4\n", false, 3, "2\n3\n4\n");
	expect("1\n2", false, 3, "1\n2");
	expect("F not a date\nFlags:\nfatal\n", false, 1, "fatal\n");
	expect("", false, 3, "");
	expect("\n", false, 3, "\n");
}

static void test_cut(void **state)
{
	(void)state;
	/* The first line's beginning is missing. */
	expect("F1122 x\n2\n3\n", true, 3, "2\n3\n");
	expect("one long line", true, 3, "one long line");
	expect("one long line\n", true, 3, "one long line\n");
}

static void test_after(void **state)
{
	char out[16];

	(void)state;
	reason_after("<5>[ 1.0] a failed: one\n<5>[ 1.1] a failed: two\r\nrest", "a failed: ", out, sizeof(out));
	assert_string_equal(out, "two");
	reason_after("a failed: much longer than there is room", "a failed: ", out, sizeof(out));
	assert_string_equal(out, "much longer tha");
	reason_after("nothing", "a failed: ", out, sizeof(out));
	assert_string_equal(out, "");
	reason_after("a failed: \n", "a failed: ", out, sizeof(out));
	assert_string_equal(out, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fatal_lines),
		cmocka_unit_test(test_last_lines),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
