#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "builder/apt-text.h"
#include "builder/download-proxy.h"
#include "fixture.h"

#define H1 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_uri(void **state)
{
	struct download d = {0};
	const char *name, *version, *arch;

	(void)state;
	assert_int_equal(apt_parse_uri(&arena, "'http://m.example/p%3a1.deb' pxelinux_3%3a6.04+dfsg1-3_all.deb 12345 SHA256:" H1, &d,
				       &err), 0);
	assert_string_equal(d.uri, "http://m.example/p%3a1.deb");
	assert_int_equal(d.size, 12345);
	assert_true(apt_split_file_name(&arena, d.name, &name, &version, &arch));
	assert_string_equal(name, "pxelinux");
	assert_string_equal(version, "3:6.04+dfsg1-3");
	assert_string_equal(arch, "all");
	assert_false(apt_split_file_name(&arena, "a_b.deb", &name, &version, &arch));
	assert_false(apt_split_file_name(&arena, "_1_amd64.deb", &name, &version, &arch));
	assert_false(apt_split_file_name(&arena, ".deb", &name, &version, &arch));
	assert_int_equal(apt_parse_uri(&arena, "'http://m.example/x' x_1_all.deb 1 MD5Sum:abc", &d, &err), -1);
	assert_non_null(strstr(error_text(&err), "no sha256"));
	assert_int_equal(apt_parse_uri(&arena, "'http://m.example/x", &d, &err), -1);
	assert_int_equal(apt_parse_uri(&arena, "'http://m.example/x' ../x 1 SHA256:" H1, &d, &err), -1);
	assert_int_equal(apt_parse_uri(&arena, "Reading package lists...", &d, &err), -1);
}

static struct package *add(struct lock *l, const char *name, const char *version)
{
	struct package *p = arena_new(&arena, struct package);

	*p = (struct package){.repository = "host", .name = name, .version = version};
	lock_add_package(l, p);
	return p;
}

static void test_depends(void **state)
{
	static const char stanzas[] =
		"Package: app\nVersion: 1\nDepends: libb (>= 1) | libc6, awk,\n perl:any, missing, libc6, app\n"
		"Pre-Depends: libc6 (>= 2.30)\nDescription: x\n Depends: not-a-field\n\n"
		"Package: app\nVersion: 2\nDepends: libd\n\n"
		"Package: mawk\nVersion: 1\nProvides: awk (= 1), other\n\n"
		"Package: libc6\nVersion: 2.36\n\nPackage: perl\nVersion: 5\n";
	struct lock l = {.arena = &arena};
	struct package *app = add(&l, "app", "1");

	(void)state;
	add(&l, "libc6", "2.36");
	add(&l, "mawk", "1");
	add(&l, "perl", "5");
	add(&l, "libd", "1");
	apt_link_depends(&l, "host", stanzas);
	assert_int_equal(app->depend_count, 3);
	assert_string_equal(app->depends[0], "libc6");
	assert_string_equal(app->depends[1], "mawk");
	assert_string_equal(app->depends[2], "perl");
}

static void sources(const char *text, bool deb822, const char *expected)
{
	struct strbuf b = {0};

	apt_add_source_types(text, deb822, &b);
	assert_string_equal(b.data, expected);
	strbuf_free(&b);
}

static void test_source_types(void **state)
{
	(void)state;
	sources("# deb x\ndeb [arch=amd64 signed-by=/k.gpg] http://m.example/ bookworm main\n deb\thttp://n.example/ s c", false,
		"# deb x\ndeb [arch=amd64 signed-by=/k.gpg] http://m.example/ bookworm main\n"
		"deb-src [arch=amd64 signed-by=/k.gpg] http://m.example/ bookworm main\n"
		" deb\thttp://n.example/ s c\ndeb-src\thttp://n.example/ s c\n");
	sources("deb-src http://m.example/ bookworm main\n", false, "deb-src http://m.example/ bookworm main\n");
	sources("types: deb\nURIs: http://m.example/\n\nTypes: deb deb-src\nTypes: deb-src\n", true,
		"types: deb deb-src\nURIs: http://m.example/\n\nTypes: deb deb-src\nTypes: deb-src\n");
}

static void test_names(void **state)
{
	(void)state;
	assert_true(apt_name_is_valid("libstdc++6"));
	assert_true(apt_name_is_valid("containerd=1.6.20~ds1-1+deb12u1"));
	assert_true(apt_name_is_valid("pxelinux=3:6.04"));
	assert_false(apt_name_is_valid("-oDir=/"));
	assert_false(apt_name_is_valid("foo-"));
	assert_false(apt_name_is_valid("foo/sid"));
	assert_false(apt_name_is_valid("foo*"));
	assert_false(apt_name_is_valid("foo="));
	assert_false(apt_name_is_valid("foo=1 bar"));
	assert_false(apt_name_is_valid("Foo"));
	assert_false(apt_name_is_valid("f"));
	assert_false(apt_name_is_valid(""));
	assert_false(apt_name_is_valid("./foo.deb"));
}

static void test_proxy(void **state)
{
	struct proxies p;

	(void)state;
	proxies_parse(&p, &arena,
		      "APT::Foo x\nAcquire::http::Proxy http://proxy.example:3128/\nacquire::HTTP::proxy::inside.example DIRECT\n"
		      "Acquire::https::Proxy::tls.example http://other.example:1/\n");
	assert_string_equal(proxy_for(&p, "http://mirror.example/x"), "http://proxy.example:3128/");
	assert_string_equal(proxy_for(&p, "http://inside.example/x"), "");
	assert_string_equal(proxy_for(&p, "https://tls.example/x"), "http://other.example:1/");
	assert_string_equal(proxy_for(&p, "https://mirror.example/x"), "http://proxy.example:3128/");
	assert_null(proxy_for(&p, "file:///x"));
	proxies_parse(&p, &arena, "");
	assert_null(proxy_for(&p, "http://mirror.example/x"));
	assert_null(proxy_for(&p, "not a url"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_uri, fixture_teardown), cmocka_unit_test_teardown(test_depends, fixture_teardown),
		cmocka_unit_test_teardown(test_source_types, fixture_teardown), cmocka_unit_test(test_names),
		cmocka_unit_test_teardown(test_proxy, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
