#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "init/plan.h"

static const char whole[] = "mkdl-manifest 1\n"
			    "image worker 0123abcd\n"
			    "kernel 6.1.0\n"
			    "dir /usr\n"
			    "file /usr/kubelet 5\n"
			    "link /usr/link kubelet\n"
			    "end 3\n";

static void test_parse(void **state)
{
	_cleanup_error_ struct error err = {0};
	struct arena a = {0};
	struct plan_manifest m;

	(void)state;
	if (plan_parse_manifest(&a, "manifest", whole, strlen(whole), &m, &err) < 0)
		fail_msg("%s", error_text(&err));
	assert_string_equal(m.image, "worker");
	assert_string_equal(m.id, "0123abcd");
	assert_string_equal(m.kernel, "6.1.0");
	assert_int_equal(m.count, 3);
	assert_int_equal(m.entries[1].size, 5);
	assert_string_equal(m.entries[2].target, "kubelet");
	/* No start of a manifest passes for the whole. */
	for (size_t n = 0; n < strlen(whole); n++)
		assert_int_equal(plan_parse_manifest(&a, "manifest", whole, n, &m, &err), -1);
	arena_free(&a);
}

static void refuse(const char *body, const char *message)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	_cleanup_error_ struct error err = {0};
	struct arena a = {0};
	struct plan_manifest m = {.count = 77};

	strbuf_printf(&b, "mkdl-manifest 1\n%s", body);
	assert_int_equal(plan_parse_manifest(&a, "m", b.data, b.len, &m, &err), -1);
	assert_string_equal(error_text(&err), message);
	assert_int_equal(m.count, 77);
	arena_free(&a);
}

static void test_bad(void **state)
{
	(void)state;
	refuse("image a b\n", "m: its last record is not \"end COUNT\"");
	refuse("end 0\n", "m: has no image record");
	refuse("image a b\nend 1\n", "m: holds 0 entries, its end says 1");
	refuse("image a b\nimage a b\nend 0\n", "m:3: image: one record with a name and an id is wanted");
	refuse("image a b\nfile /x -1\nend 1\n", "m:3: \"-1\" is no size in bytes");
	refuse("image a b\nfile /x 99999999999999999999\nend 1\n", "m:3: \"99999999999999999999\" is no size in bytes");
	refuse("image a b\nfile ../x 1\nend 1\n", "m:3: \"../x\" is no clean absolute path");
	refuse("image a b\nfile /x\nend 1\n", "m:3: file: 1 words where 2 are wanted");
	refuse("image a b\nfifo /x\nend 1\n", "m:3: unknown record \"fifo\"");
}

static void test_check(void **state)
{
	char dir[] = "/tmp/test-manifest-XXXXXX";
	_cleanup_error_ struct error err = {0};
	_cleanup_close_ int root = -1;
	struct arena a = {0};
	struct plan_manifest m;

	(void)state;
	assert_non_null(mkdtemp(dir));
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(root >= 0);
	assert_int_equal(plan_parse_manifest(&a, "m", whole, strlen(whole), &m, &err), 0);
	assert_int_equal(plan_check_manifest(&m, root, &err), -1);
	assert_string_equal(error_text(&err), "/usr is missing");
	assert_int_equal(mkdirat(root, "usr", 0755), 0);
	assert_int_equal(plan_check_manifest(&m, root, &err), -1);
	assert_string_equal(error_text(&err), "/usr/kubelet is missing");
	assert_int_equal(file_write_atomic_at(root, "usr/kubelet", "abc", 3, 0644, &err), 0);
	assert_int_equal(plan_check_manifest(&m, root, &err), -1);
	assert_string_equal(error_text(&err), "/usr/kubelet has 3 of 5 bytes");
	assert_int_equal(file_write_atomic_at(root, "usr/kubelet", "abcde", 5, 0644, &err), 0);
	assert_int_equal(symlinkat("elsewhere", root, "usr/link"), 0);
	assert_int_equal(plan_check_manifest(&m, root, &err), -1);
	assert_string_equal(error_text(&err), "/usr/link does not point to kubelet");
	assert_int_equal(unlinkat(root, "usr/link", 0), 0);
	assert_int_equal(mkdirat(root, "usr/link", 0755), 0);
	assert_int_equal(plan_check_manifest(&m, root, &err), -1);
	assert_string_equal(error_text(&err), "/usr/link is no symbolic link");
	assert_int_equal(unlinkat(root, "usr/link", AT_REMOVEDIR), 0);
	assert_int_equal(symlinkat("kubelet", root, "usr/link"), 0);
	assert_int_equal(plan_check_manifest(&m, root, &err), 0);
	assert_int_equal(dir_remove_at(AT_FDCWD, dir, &err), 0);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse), cmocka_unit_test(test_bad), cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
