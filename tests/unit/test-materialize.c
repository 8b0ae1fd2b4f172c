#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "builder/materialize.h"

/* A store, a folder to write into, and a folder beside it that must stay empty. */
struct place {
	struct arena arena;
	struct store store;
	struct tree tree;
	char dir[64];
	char *out, *outside;
};

static int set_up(void **state)
{
	_cleanup_error_ struct error err = {0};
	struct place *p = calloc(1, sizeof(*p));

	strcpy(p->dir, "/tmp/test-materialize-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	p->out = arena_printf(&p->arena, "%s/out", p->dir);
	p->outside = arena_printf(&p->arena, "%s/outside", p->dir);
	assert_int_equal(mkdir(p->out, 0755), 0);
	assert_int_equal(mkdir(p->outside, 0755), 0);
	setenv("MKDL_CACHE", arena_printf(&p->arena, "%s/store", p->dir), 1);
	assert_int_equal(store_open(&p->store, &p->arena, &err), 0);
	p->tree.arena = &p->arena;
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	_cleanup_error_ struct error err = {0};
	struct place *p = *state;

	store_close(&p->store);
	assert_int_equal(dir_remove_at(AT_FDCWD, p->dir, &err), 0);
	arena_free(&p->arena);
	free(p);
	return 0;
}

static void add(struct place *p, enum node_type type, const char *path, mode_t mode, const char *text)
{
	_cleanup_error_ struct error err = {0};
	struct node node = {.path = path, .type = type, .mode = mode};

	if (type == NODE_SYMLINK)
		node.target = text;
	if (type == NODE_FILE) {
		node.size = strlen(text);
		assert_int_equal(store_put(&p->store, text, node.size, &node.content, &err), 0);
	}
	tree_add(&p->tree, &node);
}

static void test_good(void **state)
{
	struct place *p = *state;
	_cleanup_error_ struct error err = {0};
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_close_ int out = -1;
	struct stat st;
	char target[16] = "";

	add(p, NODE_SYMLINK, "/bin/sh", 0777, "busybox");
	add(p, NODE_FILE, "/bin/busybox", 04755, "program");
	add(p, NODE_DIR, "/empty", 0700, NULL);
	add(p, NODE_FILE, "/a/deep/file", 0600, "text");
	assert_int_equal(materialize(&p->store, &p->tree, p->out, false, &err), 0);
	out = open(p->out, O_RDONLY | O_DIRECTORY);
	assert_int_equal(file_read_at(out, "a/deep/file", 100, &text, &err), 0);
	assert_string_equal(text.data, "text");
	assert_int_equal(fstatat(out, "bin/busybox", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(st.st_mtime, 0);
	assert_int_equal(fstatat(out, "a/deep/file", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(readlinkat(out, "bin/sh", target, sizeof(target) - 1), 7);
	assert_int_equal(fstatat(out, "empty", &st, 0), 0);
	assert_true(S_ISDIR(st.st_mode));
}

static void test_hard_links(void **state)
{
	struct place *p = *state;
	_cleanup_error_ struct error err = {0};
	struct stat st;

	add(p, NODE_FILE, "/data", 0644, "data");
	add(p, NODE_FILE, "/program", 0755, "program");
	assert_int_equal(materialize(&p->store, &p->tree, p->out, true, &err), 0);
	assert_int_equal(stat(arena_printf(&p->arena, "%s/data", p->out), &st), 0);
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(stat(arena_printf(&p->arena, "%s/program", p->out), &st), 0);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(st.st_mode & 07777, 0755);
}

static void assert_outside_untouched(struct place *p)
{
	/* rmdir only removes an empty folder. */
	assert_int_equal(rmdir(p->outside), 0);
	assert_int_equal(mkdir(p->outside, 0755), 0);
}

/* A link that leads out, and a file "below" it, in both orders of unpacking: links wait until all files are written. */
static void test_link_out(void **state)
{
	struct place *p = *state;
	_cleanup_error_ struct error err = {0};

	add(p, NODE_SYMLINK, "/lib", 0777, p->outside);
	add(p, NODE_FILE, "/lib/evil", 0644, "evil");
	assert_int_equal(materialize(&p->store, &p->tree, p->out, false, &err), -1);
	assert_outside_untouched(p);
}

/* A link that is there already, as from a package unpacked before. */
static void test_link_there_before(void **state)
{
	struct place *p = *state;
	_cleanup_error_ struct error err = {0};

	assert_int_equal(symlink(p->outside, arena_printf(&p->arena, "%s/lib", p->out)), 0);
	add(p, NODE_FILE, "/lib/evil", 0644, "evil");
	assert_int_equal(materialize(&p->store, &p->tree, p->out, false, &err), -1);
	assert_non_null(strstr(error_text(&err), "/lib: not a folder, but something lies below it"));
	assert_outside_untouched(p);
}

static void test_existing_file(void **state)
{
	struct place *p = *state;
	_cleanup_error_ struct error err = {0};

	assert_int_equal(symlink(arena_printf(&p->arena, "%s/evil", p->outside), arena_printf(&p->arena, "%s/x", p->out)), 0);
	add(p, NODE_FILE, "/x", 0644, "evil");
	assert_int_equal(materialize(&p->store, &p->tree, p->out, false, &err), -1);
	assert_outside_untouched(p);
}

static void test_device(void **state)
{
	struct place *p = *state;
	_cleanup_error_ struct error err = {0};

	add(p, NODE_CHAR, "/dev/null", 0666, NULL);
	assert_int_equal(materialize(&p->store, &p->tree, p->out, false, &err), -1);
	assert_string_equal(error_text(&err), "/dev/null: a device or FIFO, which only an image can hold");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_good),
		TEST(test_hard_links),
		TEST(test_link_out),
		TEST(test_link_there_before),
		TEST(test_existing_file),
		TEST(test_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
