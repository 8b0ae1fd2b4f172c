#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "builder/run-program.h"
#include "fixture.h"

static void test_capture(void **state)
{
	const char *argv[] = {"sh", "-c", "printf out; printf err >&2; cat; exit 3", NULL};
	struct strbuf out = {0}, errors = {0};
	struct program p = {.argv = argv, .out = &out, .err = &errors};
	int status = -1;

	(void)state;
	assert_int_equal(run_program(&p, &status, &err), 0);
	assert_int_equal(status, 3);
	assert_string_equal(out.data, "out");
	assert_string_equal(errors.data, "err");
	assert_int_equal(run_program(&p, NULL, &err), -1);
	assert_string_equal(error_text(&err), "sh: exit status 3:\nerr");
	strbuf_free(&out);
	strbuf_free(&errors);
}

/* More than a pipe holds, on both streams at once, must not block. */
static void test_much_output(void **state)
{
	const char *argv[] = {"sh", "-c", "head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero", NULL};
	struct strbuf out = {0}, errors = {0};
	struct program p = {.argv = argv, .out = &out, .err = &errors};

	(void)state;
	assert_int_equal(run_program(&p, NULL, &err), 0);
	assert_int_equal(out.len, 300000);
	assert_int_equal(errors.len, 300000);
	p.limit = 1000;
	assert_int_equal(run_program(&p, NULL, &err), -1);
	assert_string_equal(error_text(&err), "sh: wrote more than 1000 bytes");
	strbuf_free(&out);
	strbuf_free(&errors);
}

static void test_environment(void **state)
{
	const char *argv[] = {"env", NULL}, *extra[] = {"HOME=/elsewhere", "A=b", NULL};
	struct strbuf out = {0};
	struct program p = {.argv = argv, .env = program_environment(&arena, extra), .out = &out, .directory = "/"};

	(void)state;
	setenv("MKDL_TEST_SECRET", "1", 1);
	assert_int_equal(run_program(&p, NULL, &err), 0);
	assert_non_null(strstr(out.data, "HOME=/elsewhere\n"));
	assert_non_null(strstr(out.data, "A=b\n"));
	assert_non_null(strstr(out.data, "LC_ALL=C.UTF-8\n"));
	assert_null(strstr(out.data, "HOME=/\n"));
	assert_null(strstr(out.data, "SECRET"));
	strbuf_free(&out);
}

static void test_signals(void **state)
{
	const char *killed[] = {"sh", "-c", "kill -9 $$", NULL}, *pipe[] = {"sh", "-c", "kill -PIPE $$; exit 0", NULL};
	struct program p = {.argv = killed};
	int status = -1;

	(void)state;
	assert_int_equal(run_program(&p, &status, &err), 0);
	assert_int_equal(status, 128 + SIGKILL);
	/* We ignore SIGPIPE, the child must not. */
	signal(SIGPIPE, SIG_IGN);
	p.argv = pipe;
	assert_int_equal(run_program(&p, &status, &err), 0);
	assert_int_equal(status, 128 + SIGPIPE);
}

static void test_missing(void **state)
{
	const char *argv[] = {"mkdl-no-such-program", NULL}, *path[] = {"/nowhere/x", NULL};
	struct program p = {.argv = argv};
	int status = 77;

	(void)state;
	assert_int_equal(run_program(&p, &status, &err), -1);
	assert_string_equal(error_text(&err),
			    "mkdl-no-such-program: not found in PATH; install the package that has it");
	p.argv = path;
	assert_int_equal(run_program(&p, &status, &err), -1);
	assert_int_equal(status, 77);
}

static void test_tail(void **state)
{
	(void)state;
	assert_string_equal(text_tail(&arena, "a\nb\nc\n", 6, 2), "b\nc");
	assert_string_equal(text_tail(&arena, "a\nb\nc", 5, 9), "a\nb\nc");
	assert_string_equal(text_tail(&arena, "", 0, 2), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_capture, fixture_teardown), cmocka_unit_test_teardown(test_much_output, fixture_teardown),
		cmocka_unit_test_teardown(test_environment, fixture_teardown), cmocka_unit_test_teardown(test_signals, fixture_teardown),
		cmocka_unit_test_teardown(test_missing, fixture_teardown), cmocka_unit_test_teardown(test_tail, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
