#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/flat.h"
#include "init/control.h"

/* In place of PID 1's table. */
const struct control_request *control_find(const char *name)
{
	static const struct control_request status = {.name = "status"}, restart = {.name = "restart", .least = 1, .most = 1};

	return !strcmp(name, "status") ? &status : !strcmp(name, "restart") ? &restart : NULL;
}

static const char *read_text(struct control_call *call, const char *text)
{
	return control_read(call, text, strlen(text));
}

static void test_good(void **state)
{
	struct control_call call;

	(void)state;
	assert_null(read_text(&call, "status\n"));
	assert_int_equal(call.count, 1);
	assert_string_equal(call.request->name, "status");
	assert_null(read_text(&call, "restart a\\sb\\\\\n"));
	assert_int_equal(call.count, 2);
	assert_string_equal(call.words[1], "a b\\");
	assert_null(call.words[2]);
}

static void test_bad(void **state)
{
	struct control_call call = {.count = 77};
	char line[2 * CONTROL_LINE];

	(void)state;
	assert_non_null(control_read(&call, "", 0));
	assert_non_null(read_text(&call, "status"));
	assert_string_equal(read_text(&call, "what\n"), "unknown request");
	assert_string_equal(read_text(&call, "\n"), "two spaces, or a space at the line's edge");
	assert_string_equal(read_text(&call, "restart\n"), "wrong number of words for this request");
	assert_string_equal(read_text(&call, "status x\n"), "wrong number of words for this request");
	assert_string_equal(read_text(&call, "restart a b c d e f\n"), "too many words");
	assert_string_equal(read_text(&call, "restart \\\n"), "bad escape");
	assert_string_equal(control_read(&call, "restart a\0b\n", 12), "control character");
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	assert_string_equal(control_read(&call, line, sizeof(line)), "a request is one line of at most 511 bytes");
	line[CONTROL_LINE - 1] = '\n';
	assert_string_equal(control_read(&call, line, CONTROL_LINE), "unknown request");
}

static void test_garbage(void **state)
{
	struct control_call call;
	char line[CONTROL_LINE];

	(void)state;
	srand(7);
	for (int i = 0; i < 100000; i++) {
		size_t n = (size_t)rand() % sizeof(line) + 1;

		for (size_t k = 0; k < n; k++)
			line[k] = (char)(rand() % 4 ? " \\xstartu0\n"[rand() % 11] : rand());
		line[n - 1] = '\n';
		control_read(&call, line, n);
	}
}

static void test_record(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_error_ struct error err = {0};
	char word[3 * RECORD_SIZE];
	struct record r;
	struct flat flat;

	(void)state;
	record_begin(&r, "service");
	record_word(&r, "");
	record_word(&r, "a b\n\x01#");
	record_number(&r, -1);
	record_end(&r);
	assert_int_equal(flat_parse(&a, "r", r.text, r.len, &flat, &err), 0);
	assert_int_equal(flat.lines[0].count, 4);
	assert_string_equal(flat.lines[0].words[1], "");
	assert_string_equal(flat.lines[0].words[2], "a b\n\x01#");
	assert_string_equal(flat.lines[0].words[3], "-1");
	/* Whatever is put in, it stays one record that can be read. */
	for (int c = 1; c < 256; c++) {
		memset(word, c, sizeof(word));
		word[sizeof(word) - 1] = '\0';
		record_begin(&r, "k");
		record_word(&r, word);
		record_word(&r, word);
		record_end(&r);
		assert_true(r.len <= RECORD_SIZE);
		assert_int_equal(flat_parse(&a, "r", r.text, r.len, &flat, &err), 0);
		assert_int_equal(flat.count, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
