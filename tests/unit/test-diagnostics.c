#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "config/diagnostics.h"

static const char *const keys[] = {"services", "name", "components", "state", "to", "sysctl"};

static const char *suggestion(const char *word)
{
	return did_you_mean(word, keys, sizeof(keys) / sizeof(keys[0]));
}

static void test_did_you_mean(void **state)
{
	char long_word[200];

	(void)state;
	assert_string_equal(suggestion("servces"), "services");
	assert_string_equal(suggestion("serivces"), "services"); /* a swap is one step */
	assert_string_equal(suggestion("nmae"), "name");
	assert_string_equal(suggestion("Name"), "name");
	assert_string_equal(suggestion("SYSCTL"), "sysctl");
	assert_string_equal(suggestion("component"), "components");
	assert_string_equal(suggestion("stat"), "state");
	assert_null(suggestion("t"));	 /* a third of one letter is none */
	assert_null(suggestion("neim")); /* two steps away from name, one allowed */
	assert_null(suggestion(""));
	assert_null(suggestion("kubernetes"));
	memset(long_word, 'n', sizeof(long_word) - 1);
	long_word[sizeof(long_word) - 1] = '\0';
	assert_null(suggestion(long_word));
	assert_null(did_you_mean("name", NULL, 0));
}

/* What diagnostics_print writes to stderr. */
static char *printed(const struct diagnostics *d, bool color)
{
	_cleanup_error_ struct error err = {0};
	struct strbuf text = {0};
	char name[] = "/tmp/mkdl-diagnostics-XXXXXX";
	_cleanup_close_ int fd = mkstemp(name), saved = dup(STDERR_FILENO);

	assert_true(fd >= 0 && saved >= 0);
	fflush(stderr);
	dup2(fd, STDERR_FILENO);
	diagnostics_print(d, color);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	assert_int_equal(file_read_at(AT_FDCWD, name, 1 << 20, &text, &err), 0);
	unlink(name);
	return text.data;
}

struct fixture {
	struct arena arena;
	struct diagnostics d;
	char file[40];
};

static void fixture_begin(struct fixture *f, const char *source)
{
	_cleanup_close_ int fd = -1;

	*f = (struct fixture){.file = "/tmp/mkdl-diagnostics-XXXXXX"};
	fd = mkstemp(f->file);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, source, strlen(source)), (ssize_t)strlen(source));
	f->d.arena = &f->arena;
}

static void fixture_end(struct fixture *f)
{
	unlink(f->file);
	arena_free(&f->arena);
}

static void expect(const struct fixture *f, bool color, const char *fmt)
{
	_cleanup_free_ char *text = printed(&f->d, color);
	_cleanup_strbuf_ struct strbuf want = {0};

	/* "@" stands for the name of the temporary file. */
	for (const char *p = fmt; *p; p++)
		strbuf_add(&want, *p == '@' ? f->file : p, *p == '@' ? strlen(f->file) : 1);
	assert_string_equal(text, want.data ? want.data : "");
}

static void test_order_and_carets(void **state)
{
	struct fixture f;

	(void)state;
	fixture_begin(&f, "name: a\n\tbé: xyz\nlast");
	assert_int_equal(diagnose(&f.d, SEVERITY_ERROR, (struct place){f.file, 3, 1}, 4, "third"), -1);
	assert_int_equal(diagnose(&f.d, SEVERITY_WARNING, (struct place){f.file, 2, 6}, 3, "second"), 0);
	assert_int_equal(diagnose(&f.d, SEVERITY_ERROR, (struct place){f.file, 1, 7}, 99, "first %d", 1), -1);
	assert_int_equal(diagnose(&f.d, SEVERITY_ERROR, (struct place){f.file, 1, 7}, 99, "first %d", 1), -1);
	assert_int_equal(diagnose(&f.d, SEVERITY_ERROR, (struct place){f.file, 1, 8}, 1, "end"), -1);
	assert_int_equal(f.d.errors, 3);
	expect(&f, false,
	       "@:1:7: error: first 1\n   1 | name: a\n     |       ^\n"
	       "@:1:8: error: end\n   1 | name: a\n     |        ^\n"
	       "@:2:6: warning: second\n   2 |  bé: xyz\n     |      ^~~\n"
	       "@:3:1: error: third\n   3 | last\n     | ^~~~\n");
	fixture_end(&f);
}

static void test_no_place(void **state)
{
	struct fixture f;

	(void)state;
	fixture_begin(&f, "a\n");
	diagnose(&f.d, SEVERITY_ERROR, (struct place){f.file, 0, 0}, 0, "cannot \033[1m be read\n");
	diagnose(&f.d, SEVERITY_ERROR, (struct place){f.file, 9, 9}, 3, "past the end");
	expect(&f, false, "@: error: cannot \\x1b[1m be read\\x0a\n@:9:9: error: past the end\n");
	unlink(f.file);
	expect(&f, false, "@: error: cannot \\x1b[1m be read\\x0a\n@:9:9: error: past the end\n");
	arena_free(&f.arena);
}

static void test_color(void **state)
{
	struct fixture f;

	(void)state;
	fixture_begin(&f, "abc\n");
	diagnose(&f.d, SEVERITY_ERROR, (struct place){f.file, 1, 2}, 2, "x");
	expect(&f, true, "\033[1m@:1:2: \033[1;31merror\033[0m: x\n   1 | abc\n     |  \033[1;31m^~\033[0m\n");
	fixture_end(&f);
}

static void test_limits(void **state)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	_cleanup_free_ char *text = NULL;
	struct fixture f;

	(void)state;
	for (int i = 0; i < 5000; i++)
		strbuf_puts(&line, "0123456789");
	fixture_begin(&f, line.data);
	for (unsigned i = 0; i < 150; i++)
		diagnose(&f.d, SEVERITY_ERROR, (struct place){f.file, 1, 40000 + i}, 1000, "e");
	assert_int_equal(f.d.errors, 150);
	assert_int_equal(f.d.count, 100);
	text = printed(&f.d, false);
	assert_true(strlen(text) < 100 * 450);
	assert_non_null(strstr(text, "… and 50 more errors\n"));
	assert_non_null(strstr(text, "   1 | …"));
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_did_you_mean), cmocka_unit_test(test_order_and_carets),
		cmocka_unit_test(test_no_place),     cmocka_unit_test(test_color),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
