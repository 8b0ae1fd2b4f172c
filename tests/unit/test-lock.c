#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/strbuf.h"
#include "builder/lock.h"
#include "fixture.h"

#define H1 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define H2 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const char whole[] =
	"mkdl-lock 1\n"
	"request " H1 "\n"
	"package host zlib1g 1:1.2.13.dfsg-1 amd64 86288 " H2 " http://mirror.example/zlib1g_1%3a1.2.13_amd64.deb\n"
	"package host containerd 1.6.20~ds1-1 amd64 25885724 " H1 " http://mirror.example/c.deb direct used\n"
	"depends zlib1g runc\n"
	"source host kubernetes 1.20.2-1\n"
	"file kubernetes_1.20.2-1.dsc 3000 " H1 " http://mirror.example/k.dsc\n"
	"file kubernetes_1.20.2.orig.tar.gz 34000000 " H2 " http://mirror.example/k.orig.tar.gz\n"
	"recipe kubernetes key1 " H1 "\n"
	"tool go 1.19.8\n"
	"url https://host.example/kubelet " H2 "\n"
	"path overlays/x\\sy " H1 "\n";

static void test_round_trip(void **state)
{
	struct lock l = {0}, again = {0};
	struct strbuf one = {0}, two = {0};
	const struct package *p;
	const struct source_package *s;

	(void)state;
	assert_int_equal(lock_read(&l, &arena, "lock", whole, strlen(whole), &err), 0);
	p = lock_package(&l, "host", "containerd");
	assert_true(p->direct && p->used);
	assert_int_equal(p->depend_count, 2);
	assert_string_equal(p->depends[1], "runc");
	assert_int_equal(p->file.size, 25885724);
	assert_string_equal(p->file.name, "containerd_1.6.20~ds1-1_amd64.deb");
	assert_null(lock_package(&l, "other", "containerd"));
	s = lock_source(&l, "host", "kubernetes");
	assert_int_equal(s->file_count, 2);
	assert_string_equal(s->files[1].name, "kubernetes_1.20.2.orig.tar.gz");
	assert_non_null(lock_hash(&l, "recipe", "kubernetes", "key1"));
	assert_null(lock_hash(&l, "recipe", "kubernetes", "key2"));
	assert_non_null(lock_hash(&l, "path", "overlays/x y", NULL));
	assert_non_null(lock_hash(&l, "tool", "go", "1.19.8"));
	lock_write(&l, &one);
	assert_int_equal(lock_read(&again, &arena, "lock", one.data, one.len, &err), 0);
	lock_write(&again, &two);
	assert_string_equal(one.data, two.data);
	/* Sorted, whatever the order it was read in. */
	assert_true(strstr(one.data, "package host containerd") < strstr(one.data, "package host zlib1g"));
	strbuf_free(&one);
	strbuf_free(&two);
}

static void test_put_hash(void **state)
{
	struct lock l = {.arena = &arena};
	struct locked_hash h = {.kind = "path", .name = "a"};

	(void)state;
	lock_put_hash(&l, &h);
	h.hash.bytes[0] = 7;
	lock_put_hash(&l, &h);
	assert_int_equal(l.hash_count, 1);
	assert_int_equal(l.hashes[0].hash.bytes[0], 7);
	h.key = "k";
	lock_put_hash(&l, &h);
	assert_int_equal(l.hash_count, 2);
}

static void refuse(const char *text, const char *message)
{
	struct lock l = {.package_count = 77};

	assert_int_equal(lock_read(&l, &arena, "out/x/lock", text, strlen(text), &err), -1);
	assert_string_equal(error_text(&err), message);
	assert_int_equal(l.package_count, 77);
}

static void test_bad(void **state)
{
	(void)state;
	refuse("", "out/x/lock: no \"request\" in it: not a whole lock");
	refuse("hello 1\n", "out/x/lock: not a lock of mkdl");
	refuse("mkdl-lock 2\n", "out/x/lock: a lock of version 2; this mkdl reads version 1");
	refuse("mkdl-lock 1\nrequest zz\n", "out/x/lock:2: request: expected one sha256");
	refuse("mkdl-lock 1\nrequest " H1, "out/x/lock:2: the last line is cut off");
	refuse("mkdl-lock 1\npackage host x 1 amd64 12\n", "out/x/lock:2: package: too few words");
	refuse("mkdl-lock 1\npackage host x 1 amd64 -1 " H1 " http://x\n", "out/x/lock:2: bad size");
	refuse("mkdl-lock 1\npackage host x 1 amd64 1 12 http://x\n", "out/x/lock:2: bad sha256");
	refuse("mkdl-lock 1\npackage host x 1 amd64 1 " H1 " nowhere\n", "out/x/lock:2: bad URI");
	refuse("mkdl-lock 1\npackage host x 1 amd64 1 " H1 " http://x odd\n", "out/x/lock:2: unknown flag of a package");
	refuse("mkdl-lock 1\ndepends x\n", "out/x/lock:2: \"depends\" without its package");
	refuse("mkdl-lock 1\nfile a 1 " H1 " http://x\n", "out/x/lock:2: \"file\" without its source");
	refuse("mkdl-lock 1\nsource host x 1\nfile ../a 1 " H1 " http://x\n",
	       "out/x/lock:3: file: expected NAME SIZE SHA256 URI");
	refuse("mkdl-lock 1\nfoo\n", "out/x/lock:2: unknown record \"foo\"");
	refuse("mkdl-lock 1\npackage host x 1 amd64 1 " H1 " http://x\npackage host x 2 amd64 1 " H1 " http://x\n",
	       "out/x/lock:3: the package comes twice");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_round_trip, fixture_teardown), cmocka_unit_test_teardown(test_put_hash, fixture_teardown),
		cmocka_unit_test_teardown(test_bad, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
