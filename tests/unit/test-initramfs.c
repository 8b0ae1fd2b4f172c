#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "builder/initramfs.h"
#include "builder/usr-merge.h"

static struct arena arena;

static const uint64_t MIB = 1 << 20;

static uint64_t memory(uint64_t size, uint64_t unpacked, uint64_t window, const char *argument)
{
	struct initramfs i = {.size = size * MIB, .unpacked = unpacked * MIB, .window = window * MIB};
	struct strings cmdline = {.items = &argument, .count = argument ? 1 : 0};

	return initramfs_memory(&i, &cmdline) / MIB;
}

/* What was seen to boot, and what was seen to panic. */
static void test_memory(void **state)
{
	const char *most = "initramfs_options=size=90%";

	(void)state;
	assert_int_equal(memory(38, 141, 8, most), 288);
	assert_int_equal(memory(44, 166, 8, most), 320);
	assert_int_equal(memory(35, 166, 128, most), 448);
	/* Half of the RAM for the files, unless told otherwise; nonsense counts as nothing. */
	assert_int_equal(memory(44, 166, 8, NULL), 384);
	assert_int_equal(memory(44, 166, 8, "initramfs_options=size=0%"), 384);
	assert_int_equal(memory(44, 166, 8, "initramfs_options=size=90M"), 384);
	assert_int_equal(memory(0, 0, 0, NULL), 96);
}

static const char *merged_link(const char *path, const char *target)
{
	struct node n = {.path = path, .type = NODE_SYMLINK, .target = target};

	return usr_merge_node(&arena, &n) ? arena_printf(&arena, "%s %s", n.path, n.target) : NULL;
}

static void test_usr_merge(void **state)
{
	(void)state;
	assert_string_equal(usr_merged(&arena, "/lib64/ld.so"), "/usr/lib64/ld.so");
	assert_string_equal(usr_merged(&arena, "/lib"), "/usr/lib");
	assert_string_equal(usr_merged(&arena, "/library/x"), "/library/x");
	assert_string_equal(usr_merged(&arena, "/usr/bin/x"), "/usr/bin/x");
	assert_string_equal(usr_unmerged(&arena, "/usr/sbin/x"), "/sbin/x");
	assert_null(usr_unmerged(&arena, "/usr/sbin"));
	assert_null(usr_unmerged(&arena, "/usr/share/x"));
	/* A relative link keeps its words when it still leads to the same file. */
	assert_string_equal(merged_link("/sbin/x", "../bin/busybox"), "/usr/sbin/x ../bin/busybox");
	assert_string_equal(merged_link("/bin/x", "busybox"), "/usr/bin/x busybox");
	assert_string_equal(merged_link("/lib/a/x", "../../usr/share/y"), "/usr/lib/a/x /usr/share/y");
	assert_string_equal(merged_link("/etc/x", "../bin/y"), "/etc/x ../bin/y");
	/* The links that make the layout are the image's own. */
	assert_null(merged_link("/lib", "usr/lib"));
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_usr_merge),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
