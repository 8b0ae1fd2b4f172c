#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/strbuf.h"
#include "builder/tree.h"
#include "fixture.h"

static void add(struct tree *t, enum node_type type, const char *path, const char *target, enum layer layer)
{
	struct node n = {.path = path, .type = type, .mode = 0644, .target = target, .layer = layer};

	if (type == NODE_SYMLINK)
		n.mode = 0777;
	tree_add(t, &n);
}

static void test_last_one_stays(void **state)
{
	struct tree t = {.arena = &arena};

	(void)state;
	add(&t, NODE_FILE, "/b", "1", LAYER_SITE);
	add(&t, NODE_FILE, "/a", "2", LAYER_SITE);
	add(&t, NODE_FILE, "/b", "3", LAYER_SITE);
	add(&t, NODE_FILE, "/b", "4", LAYER_SITE);
	add(&t, NODE_FILE, "/a-b", "5", LAYER_SITE);
	tree_sort(&t);
	assert_int_equal(t.count, 3);
	assert_string_equal(t.nodes[0].path, "/a");
	assert_string_equal(t.nodes[1].path, "/a-b");
	assert_string_equal(tree_find(&t, "/b")->target, "4");
	assert_null(tree_find(&t, "/c"));
}

static void test_resolve(void **state)
{
	struct tree t = {.arena = &arena};

	(void)state;
	add(&t, NODE_DIR, "/usr", NULL, LAYER_SITE);
	add(&t, NODE_FILE, "/usr/lib/x/libc.so.6", NULL, LAYER_SITE);
	add(&t, NODE_SYMLINK, "/lib", "usr/lib", LAYER_SITE);
	add(&t, NODE_SYMLINK, "/lib64", "/lib/./x", LAYER_SITE);
	add(&t, NODE_SYMLINK, "/usr/lib/x/up", "../../../../..", LAYER_SITE);
	add(&t, NODE_SYMLINK, "/loop", "loop2", LAYER_SITE);
	add(&t, NODE_SYMLINK, "/loop2", "/loop", LAYER_SITE);
	add(&t, NODE_SYMLINK, "/dangling", "nowhere", LAYER_SITE);
	add(&t, NODE_SYMLINK, "/deep", "deep/deep/deep/deep/deep/deep/deep/deep", LAYER_SITE);
	assert_string_equal(tree_resolve(&t, "/lib64/libc.so.6")->path, "/usr/lib/x/libc.so.6");
	assert_string_equal(tree_resolve(&t, "/lib/x/libc.so.6")->path, "/usr/lib/x/libc.so.6");
	assert_string_equal(tree_resolve(&t, "/lib/x/up/usr")->path, "/usr");
	/* ".." goes up from where the link led. */
	assert_null(tree_resolve(&t, "/lib/../usr"));
	assert_string_equal(tree_resolve(&t, "/lib/../../usr")->path, "/usr");
	assert_null(tree_resolve(&t, "/loop"));
	assert_null(tree_resolve(&t, "/loop/x"));
	assert_null(tree_resolve(&t, "/dangling"));
	assert_null(tree_resolve(&t, "/deep"));
	assert_null(tree_resolve(&t, "/usr/lib/x/libc.so.6/y"));
	assert_null(tree_resolve(&t, "/usr/li"));
	assert_null(tree_resolve(&t, "/"));
}

static void test_finish(void **state)
{
	struct tree t = {.arena = &arena};

	(void)state;
	add(&t, NODE_FILE, "/usr/lib/containerd", NULL, LAYER_RUNTIME);
	add(&t, NODE_FILE, "/usr/lib/libc.so", NULL, LAYER_USERLAND);
	add(&t, NODE_FILE, "/usr/lib-x/y", NULL, LAYER_SITE);
	add(&t, NODE_DIR, "/etc", NULL, LAYER_SITE);
	add(&t, NODE_FILE, "/etc/passwd", NULL, LAYER_USERLAND);
	assert_int_equal(tree_finish(&t, &err), 0);
	assert_int_equal(t.count, 8);
	assert_int_equal(tree_find(&t, "/usr")->mode, 0755);
	assert_string_equal(tree_find(&t, "/usr")->origin, "folder");
	assert_int_equal(tree_find(&t, "/usr")->layer, LAYER_USERLAND);
	assert_int_equal(tree_find(&t, "/usr/lib")->layer, LAYER_USERLAND);
	assert_int_equal(tree_find(&t, "/usr/lib-x")->layer, LAYER_SITE);
	assert_int_equal(tree_find(&t, "/etc")->layer, LAYER_USERLAND);
}

static void refuse(enum node_type type, const char *message)
{
	struct tree t = {.arena = &arena};

	add(&t, type, "/a/b", "/etc", LAYER_SITE);
	add(&t, NODE_FILE, "/a/b/c/d", NULL, LAYER_SITE);
	assert_int_equal(tree_finish(&t, &err), -1);
	assert_string_equal(error_text(&err), message);
}

static void test_finish_refuses(void **state)
{
	struct tree t = {.arena = &arena};
	struct node odd = {.path = "/x", .type = NODE_FILE, .mode = 0100644};

	(void)state;
	refuse(NODE_SYMLINK, "/a/b/c lies below /a/b, which is a symbolic link");
	refuse(NODE_FILE, "/a/b/c lies below /a/b, which is not a folder");
	tree_add(&t, &odd);
	assert_int_equal(tree_finish(&t, &err), -1);
	assert_string_equal(error_text(&err), "/x: mode 100644 has more than permission bits");
}

static void test_listing(void **state)
{
	const char *text = "d 0755 0 0 /a\n"
			   "f 4755 1 4294967295 12 "
			   "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9 /a/b\\sc\n"
			   "l /a/l ../x\\sy\n"
			   "b 0660 0 6 8 1 /dev/sda\n"
			   "c 0666 0 0 1 3 /dev/null\n"
			   "p 0600 0 0 /fifo\n";
	struct tree t = {.arena = &arena};
	struct strbuf b = {0};

	(void)state;
	assert_int_equal(tree_read(&t, "listing", text, strlen(text), &err), 0);
	assert_int_equal(t.count, 6);
	assert_int_equal(tree_find(&t, "/a/b c")->gid, UINT32_MAX);
	assert_int_equal(tree_find(&t, "/dev/sda")->type, NODE_BLOCK);
	assert_string_equal(tree_find(&t, "/a/l")->target, "../x y");
	tree_write(&t, &b);
	struct tree again = {.arena = &arena};

	assert_int_equal(tree_read(&again, "listing", b.data, b.len, &err), 0);
	assert_int_equal(again.count, 6);
	assert_memory_equal(&tree_find(&again, "/a/b c")->content, &tree_find(&t, "/a/b c")->content, 32);
	strbuf_free(&b);
}

static void test_bad_listing(void **state)
{
	static const char *const bad[] = {
		"x 0755 0 0 /a\n", "d 0755 0 0\n", "d 0755 0 0 /a /b\n", "d 10000 0 0 /a\n", "d 0788 0 0 /a\n",
		"d -1 0 0 /a\n", "d 0755 4294967296 0 /a\n", "d 0755 0 0 /a/../b\n", "d 0755 0 0 a\n", "d 0755 0 0 /a/\n",
		"f 0644 0 0 1 12 /a\n", "l /a \\e\n", "d 0755 0 0 /a", "\\e 0755 0 0 /a\n", "d 0755 0 0 /a\\nb\n",
		"f 0644 0 0 99999999999999999999 b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9 /a\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct tree t = {.arena = &arena};

		assert_int_equal(tree_read(&t, "listing", bad[i], strlen(bad[i]), &err), -1);
		assert_int_equal(t.count, 0);
		assert_non_null(strstr(error_text(&err), "listing:1: "));
	}
}

static void test_layers(void **state)
{
	(void)state;
	assert_string_equal(layer_name(LAYER_EARLY), "early");
	for (int i = 0; i < LAYER_COUNT; i++)
		for (int k = 0; k < i; k++)
			assert_string_not_equal(layer_name((enum layer)i), layer_name((enum layer)k));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_last_one_stays, fixture_teardown), cmocka_unit_test_teardown(test_resolve, fixture_teardown),
		cmocka_unit_test_teardown(test_finish, fixture_teardown), cmocka_unit_test_teardown(test_finish_refuses, fixture_teardown),
		cmocka_unit_test_teardown(test_listing, fixture_teardown), cmocka_unit_test_teardown(test_bad_listing, fixture_teardown),
		cmocka_unit_test(test_layers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
