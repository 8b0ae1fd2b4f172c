#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cluster/yaml-text.h"
#include "config/yaml.h"

/* Whatever is written, config/'s reader (libyaml) reads back the same. */
static void test_back(void **state)
{
	static const char *const texts[] = {
		"", "plain", "true", "~", "- a", "a: b", "# no comment", "\"quoted\"", "back\\slash", "tab\there", "bell\a",
		"one line\n", "two\nlines\n", "a\n\nb\n", "no end", "two ends\n\n", " begins with a blank\n", "\nbegins empty\n", "\n",
		"key: |\n  block\n", "{\"json\": [1, 2]}\n", "umlaut \xc3\xbc\n", "%TAG\n", "---\n...\n", "a \n b\n", "delete\x7f\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		_cleanup_strbuf_ struct strbuf out = {0};
		struct arena a = {0};
		struct diagnostics diag = {.arena = &a};
		const struct strings list = {.items = (const char **)&texts[i], .count = 1};
		const struct value *root, *list_value;

		strbuf_puts(&out, "quoted: ");
		yaml_quoted(&out, texts[i]);
		strbuf_puts(&out, "\nlist: ");
		yaml_list(&out, &list);
		strbuf_puts(&out, "\nmap:\n  block:");
		yaml_block(&out, 4, texts[i]);
		strbuf_puts(&out, "last: 1\n");
		root = yaml_parse(&a, "t", out.data, out.len, &diag);
		assert_non_null(root);
		assert_int_equal(diag.errors, 0);
		assert_string_equal(value_get(root, "quoted", NULL)->text, texts[i]);
		list_value = value_get(root, "list", NULL);
		assert_int_equal(list_value->count, 1);
		assert_string_equal(list_value->items[0]->text, texts[i]);
		assert_string_equal(value_get(value_get(root, "map", NULL), "block", NULL)->text, texts[i]);
		assert_string_equal(value_get(root, "last", NULL)->text, "1");
		arena_free(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_back)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
