#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"

static void test_document(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct json j = json_begin(&out);

	(void)state;
	json_open_object(&j, NULL);
	json_string(&j, "name", "a\"b\\c\n\x01");
	json_string(&j, "none", NULL);
	json_open_array(&j, "list");
	json_number(&j, NULL, UINT64_MAX);
	json_bool(&j, NULL, false);
	json_open_object(&j, NULL);
	json_close_object(&j);
	json_close_array(&j);
	json_open_array(&j, "empty");
	json_close_array(&j);
	json_close_object(&j);
	json_end(&j);
	assert_string_equal(out.data, "{\n  \"name\": \"a\\\"b\\\\c\\n\\u0001\",\n  \"none\": null,\n  \"list\": [\n"
				      "    18446744073709551615,\n    false,\n    {}\n  ],\n  \"empty\": []\n}\n");
}

static void expect_text(const char *text, const char *json)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct json j = json_begin(&out);

	json_string(&j, NULL, text);
	assert_string_equal(out.data, json);
}

/* Whatever a package's file names hold, the document stays valid UTF-8. */
static void test_bad_utf8(void **state)
{
	(void)state;
	expect_text("gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\"");
	expect_text("\xff", "\"\xef\xbf\xbd\"");
	expect_text("\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	expect_text("\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	expect_text("\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_document), cmocka_unit_test(test_bad_utf8)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
