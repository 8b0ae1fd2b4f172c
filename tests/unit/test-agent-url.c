#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "node/agent/url.h"

#include "fixture.h"

static const struct names_variable variables[] = {
	{"mac", "52:54:00:12:34:56"}, {"serial", "A/B c\xc3\xa4?"}, {"uuid", NULL}, {"hostname", ""}, {NULL, NULL},
};

static void test_fill(void **state)
{
	const char *url;

	(void)state;
	assert_int_equal(url_fill(&arena, "http://h/${mac}/${serial}.yml?$x", variables, &url, &err), 0);
	assert_string_equal(url, "http://h/52:54:00:12:34:56/A%2FB%20c%C3%A4%3F.yml?$x");
}

static void expect_refused(const char *template, const char *message)
{
	const char *url = "untouched";

	assert_int_equal(url_fill(&arena, template, variables, &url, &err), -1);
	assert_string_equal(error_text(&err), message);
	assert_string_equal(url, "untouched");
	error_clear(&err);
}

static void test_bad_templates(void **state)
{
	(void)state;
	expect_refused("http://u:secret@h/${mac", "http://h/${mac: a ${ without its }");
	expect_refused("http://h/${uuid}", "http://h/${uuid}: this machine has no ${uuid} of its own");
	expect_refused("http://h/${hostname}", "http://h/${hostname}: this machine has no ${hostname} of its own");
	expect_refused("http://h/${ip}",
		       "http://h/${ip}: unknown variable ${ip}; there are ${mac} ${serial} ${uuid} ${hostname}");
}

static void test_scheme(void **state)
{
	static const char *const bad[] = {"ftp://h/x", "http:/h", "http:///x", "", "h/x", "http://h/a b", "file://h/x", "tftp://"};
	enum url_scheme scheme;

	(void)state;
	assert_int_equal(url_scheme("HTTP://h", &scheme, &err), 0);
	assert_int_equal(scheme, URL_HTTP);
	assert_int_equal(url_scheme("tftp://h/x", &scheme, &err), 0);
	assert_int_equal(scheme, URL_TFTP);
	assert_int_equal(url_scheme("/etc/x", &scheme, &err), 0);
	assert_int_equal(scheme, URL_FILE);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(url_scheme(bad[i], &scheme, &err), -1);
		error_clear(&err);
	}
}

static void test_file(void **state)
{
	const char *path;

	(void)state;
	assert_int_equal(url_file_path(&arena, "file:///etc/a%20b", &path, &err), 0);
	assert_string_equal(path, "/etc/a b");
	assert_int_equal(url_file_path(&arena, "/etc/a%20b", &path, &err), 0);
	assert_string_equal(path, "/etc/a%20b");
	assert_int_equal(url_file_path(&arena, "file:///etc/%2e%2e/x", &path, &err), -1);
	error_clear(&err);
	assert_int_equal(url_file_path(&arena, "file:///etc/%0", &path, &err), -1);
	error_clear(&err);
	assert_int_equal(url_file_path(&arena, "file:///etc/%00", &path, &err), -1);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(url_show(&arena, "https://u:p@w@h:1/x@y"), "https://h:1/x@y");
	assert_string_equal(url_show(&arena, "/etc/x"), "/etc/x");
	assert_string_equal(url_append(&arena, "http://h/x?a=b", ".sig"), "http://h/x.sig?a=b");
	assert_string_equal(url_append(&arena, "tftp://h/x?y", ".sig"), "tftp://h/x?y.sig");
	assert_string_equal(url_seed(&arena, "http://h/s", "user-data"), "http://h/s/user-data");
	assert_string_equal(url_seed(&arena, "http://h/s/", "user-data"), "http://h/s/user-data");
	assert_string_equal(url_seed(&arena, "http://h/?f=", "user-data"), "http://h/?f=user-data");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fill), cmocka_unit_test(test_bad_templates), cmocka_unit_test(test_scheme),
		cmocka_unit_test(test_file), cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, fixture_teardown);
}
