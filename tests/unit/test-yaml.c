#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "config/yaml.h"

struct fixture {
	struct arena arena;
	struct diagnostics d;
};

static struct value *parse_n(struct fixture *f, const char *text, size_t n)
{
	*f = (struct fixture){0};
	f->d.arena = &f->arena;
	return yaml_parse(&f->arena, "t.yml", text, n, &f->d);
}

static struct value *parse(struct fixture *f, const char *text)
{
	return parse_n(f, text, strlen(text));
}

static void refuse_n(const char *text, size_t n, const char *where, const char *message)
{
	struct fixture f;
	char at[64];

	assert_null(parse_n(&f, text, n));
	assert_int_equal(f.d.errors, 1);
	snprintf(at, sizeof(at), "%u:%u", f.d.items[0].at.line, f.d.items[0].at.column);
	assert_string_equal(f.d.items[0].text, message);
	assert_string_equal(at, where);
	arena_free(&f.arena);
}

static void refuse(const char *text, const char *where, const char *message)
{
	refuse_n(text, strlen(text), where, message);
}

static void test_tree(void **state)
{
	struct fixture f;
	const struct value *key;
	struct value *root = parse(&f, "a: 0755\nb:\n  - x y\n  - \"\"\n  - ~\n  -\nc: {d: 'null', é: !replace [1]}\n"),
		     *v;

	(void)state;
	assert_non_null(root);
	assert_int_equal(root->type, VALUE_MAP);
	assert_int_equal(root->count, 3);
	v = value_get(root, "a", &key);
	assert_string_equal(v->text, "0755");
	assert_int_equal(v->at.line, 1);
	assert_int_equal(v->at.column, 4);
	assert_int_equal(v->width, 4);
	assert_string_equal(key->text, "a");
	v = value_get(root, "b", NULL);
	assert_int_equal(v->type, VALUE_LIST);
	assert_int_equal(v->count, 4);
	assert_string_equal(v->items[0]->text, "x y");
	assert_int_equal(v->items[1]->type, VALUE_SCALAR); /* quoted: an empty text, no null */
	assert_int_equal(v->items[2]->type, VALUE_NULL);
	assert_int_equal(v->items[3]->type, VALUE_NULL);
	v = value_get(root, "c", NULL);
	assert_int_equal(value_get(v, "d", NULL)->type, VALUE_SCALAR);
	v = value_get(v, "é", &key);
	assert_true(v->replace);
	assert_int_equal(key->at.line, 7);
	assert_int_equal(key->at.column, 16); /* characters, not bytes */
	assert_null(value_get(root, "missing", NULL));
	assert_null(value_get(v, "a", NULL)); /* not a map */
	assert_null(value_get(NULL, "a", NULL));
	arena_free(&f.arena);
}

static void test_aliases(void **state)
{
	struct fixture f;
	struct value *root = parse(&f, "a: &x {k: 1}\nb: *x\nc: &x 2\nd: *x\n");

	(void)state;
	assert_non_null(root);
	assert_ptr_equal(value_get(root, "a", NULL), value_get(root, "b", NULL));
	assert_string_equal(value_get(root, "d", NULL)->text, "2");
	arena_free(&f.arena);
}

static void test_duplicates(void **state)
{
	struct fixture f;
	struct value *root = parse(&f, "a: 1\nb: 2\na: 3\nb: 4\n");

	(void)state;
	/* Both are reported, and what came first stays. */
	assert_non_null(root);
	assert_int_equal(f.d.errors, 2);
	assert_string_equal(f.d.items[0].text, "\"a\" is written twice, first at t.yml:1:1");
	assert_int_equal(f.d.items[0].at.line, 3);
	assert_string_equal(value_get(root, "a", NULL)->text, "1");
	arena_free(&f.arena);
}

static void test_bom_and_windows_lines(void **state)
{
	struct fixture f;
	struct value *root = parse(&f, "\xef\xbb\xbf"
				       "a: 1\r\nb: 2\r\n");

	(void)state;
	assert_non_null(root);
	assert_string_equal(value_get(root, "a", NULL)->text, "1");
	assert_string_equal(value_get(root, "b", NULL)->text, "2");
	assert_int_equal(value_get(root, "b", NULL)->at.line, 2);
	arena_free(&f.arena);
}

static void test_refused(void **state)
{
	(void)state;
	refuse("", "0:0", "the file is empty");
	refuse("# only a comment\n", "0:0", "the file is empty");
	refuse("--- a\n--- b\n", "2:1", "a second YAML document begins here; a file holds one");
	refuse("a: *b\n", "1:4", "*b: no &b comes before it in this file");
	refuse("a: &b [*b]\n", "1:8", "*b stands inside of what it names");
	refuse("? [a]\n: b\n", "1:3", "a list or a map cannot be a key");
	refuse("a: \"x\\0y\"\n", "1:4", "text with a NUL character in it");
	refuse_n("a: x\0y\n", 7, "1:5", "control character 0x00");
	refuse("a: caf\xe9\n", "1:7", "byte 0xe9 is not UTF-8 text");
	refuse("é: \xed\xa0\x80\n", "1:4", "byte 0xed is not UTF-8 text");
	refuse("a: !x b\n", "1:4", "unknown tag \"!x\", only !replace means something here");
	refuse("a: !replace b\n", "1:4", "!replace belongs before a list or a map; other values override anyway");
	refuse("a: [b\n", "2:1",
	       "not YAML: did not find expected ',' or ']', while parsing a flow sequence that begins in line 1");
}

/* A text made of head, n times middle, tail. */
static void refuse_repeated(const char *head, const char *middle, int n, const char *tail, const char *message)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	struct fixture f;

	strbuf_puts(&b, head);
	for (int i = 0; i < n; i++)
		strbuf_puts(&b, middle);
	strbuf_puts(&b, tail);
	assert_null(parse_n(&f, b.data, b.len));
	assert_int_equal(f.d.errors, 1);
	assert_string_equal(f.d.items[0].text, message);
	arena_free(&f.arena);
}

static void test_limits(void **state)
{
	struct fixture f;

	(void)state;
	refuse_repeated("a: ", "[", 32, "", "more than 32 lists and maps in each other");
	refuse_repeated("a: ", "[", 100000, "", "more than 32 lists and maps in each other");
	refuse_repeated("a: ", "{b: ", 32, "", "more than 32 lists and maps in each other");
	refuse_repeated("a: [", "x, ", 20000, "x]\n",
			"too large: more than 20000 values, or more than 32 lists and maps in each other");
	refuse_repeated("a: &a [x, x, x]\nb: [", "*a, ", 5000, "*a]\n",
			"too large: more than 20000 values, or more than 32 lists and maps in each other, with this "
			"alias expanded");
	refuse_repeated("a: [", "&a x, ", 1001, "x]\n", "more than 1000 anchors");
	refuse_repeated("#", "################", 65536, "\n", "larger than 1048576 bytes, no profile is");
	/* As deep as it goes. */
	assert_non_null(parse(&f, "a: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n"));
	arena_free(&f.arena);
}

static void test_missing_file(void **state)
{
	struct fixture f = {0};

	(void)state;
	f.d.arena = &f.arena;
	assert_null(yaml_read(&f.arena, "shown.yml", "/nonexistent/x.yml", &f.d));
	assert_string_equal(f.d.items[0].text, "No such file or directory");
	assert_string_equal(f.d.items[0].at.file, "shown.yml");
	arena_free(&f.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),	     cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_duplicates),   cmocka_unit_test(test_bom_and_windows_lines),
		cmocka_unit_test(test_refused),	     cmocka_unit_test(test_limits),
		cmocka_unit_test(test_missing_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
