#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/path.h"

static struct arena arena;

static const char *clean(const char *name)
{
	_cleanup_error_ struct error err = {0};
	const char *out = NULL;

	return path_clean(&arena, name, &out, &err) == 0 ? out : NULL;
}

static void test_clean(void **state)
{
	(void)state;
	assert_string_equal(clean("./usr//bin/"), "/usr/bin");
	assert_string_equal(clean("/"), "/");
	assert_string_equal(clean("./"), "/");
	assert_null(clean("usr/../etc"));
	assert_null(clean(".."));
	assert_null(clean(""));
	assert_null(clean("a\nb"));
	assert_string_equal(clean("..a/b.."), "/..a/b..");
}

static void test_link_target(void **state)
{
	(void)state;
	assert_string_equal(path_link_target(&arena, "/lib/x/y", "../../usr/z"), "/usr/z");
	assert_string_equal(path_link_target(&arena, "/a", "../../../etc/passwd"), "/etc/passwd");
	assert_string_equal(path_link_target(&arena, "/a/b", "/c/./d"), "/c/d");
	assert_string_equal(path_link_target(&arena, "/a/b", "c"), "/a/c");
	assert_string_equal(path_link_target(&arena, "/a", ".."), "/");
}

static void test_match(void **state)
{
	(void)state;
	assert_true(path_match("/usr/lib/cni/{bridge,host-local}", "/usr/lib/cni/bridge"));
	assert_true(path_match("/usr/lib/cni/{bridge,host-local}", "/usr/lib/cni/host-local"));
	assert_false(path_match("/usr/lib/cni/{bridge,host-local}", "/usr/lib/cni/host"));
	assert_false(path_match("/usr/*", "/usr/bin/x"));
	assert_true(path_match("/usr/**", "/usr/bin/x"));
	assert_true(path_match("/lib/**/*.so", "/lib/a/b/c.so"));
	assert_true(path_match("/lib/**/*.so", "/lib/c.so"));
	assert_true(path_match("/{a,{b,c}}/d", "/c/d"));
	assert_true(path_match("/boot/vmlinuz-*", "/boot/vmlinuz-6.1"));
}

static void test_below(void **state)
{
	(void)state;
	assert_true(path_is_below("/usr/bin", "/usr"));
	assert_false(path_is_below("/usrx", "/usr"));
	assert_true(path_is_below("/x", "/"));
	assert_string_equal(path_parent(&arena, "/usr"), "/");
	assert_string_equal(path_parent(&arena, "/usr/bin"), "/usr");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean), cmocka_unit_test(test_link_target), cmocka_unit_test(test_match),
		cmocka_unit_test(test_below),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	arena_free(&arena);
	return failed;
}
