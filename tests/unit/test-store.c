#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "builder/store.h"
#include "builder/tree.h"

static struct arena arena;
static struct error err;
static char folder[64];

static struct store fresh(void)
{
	struct store s;

	assert_int_equal(store_open(&s, &arena, &err), 0);
	return s;
}

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/mkdl-store-XXXXXX");
	assert_non_null(mkdtemp(folder));
	return setenv("MKDL_CACHE", folder, 1);
}

static int teardown(void **state)
{
	struct error ignored = {0};

	(void)state;
	dir_remove_at(AT_FDCWD, folder, &ignored);
	error_clear(&ignored);
	error_clear(&err);
	arena_free(&arena);
	return 0;
}

static unsigned entries_of_tmp(void)
{
	char path[80];
	unsigned n = 0;
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "%s/tmp", folder);
	d = opendir(path);
	while ((e = readdir(d)))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static void test_put(void **state)
{
	struct store s = fresh();
	struct strbuf b = {0};
	struct hash h, same;
	uint64_t size = 0;
	int fd;

	(void)state;
	assert_int_equal(store_put(&s, "hello", 5, &h, &err), 0);
	assert_true(store_has_blob_of(&s, &h, 5));
	assert_false(store_has_blob_of(&s, &h, 6));
	assert_int_equal(store_open_blob(&s, &h, &fd, &err), 0);
	assert_int_equal(store_put_fd(&s, fd, "x", &same, &size, &err), 0);
	close(fd);
	assert_true(hash_equal(&h, &same));
	assert_int_equal(size, 5);
	assert_int_equal(store_read_blob(&s, &h, 5, &b, &err), 0);
	assert_string_equal(b.data, "hello");
	assert_int_equal(store_read_blob(&s, &h, 4, &b, &err), -1);
	strbuf_free(&b);
	h.bytes[0] ^= 1;
	assert_false(store_has_blob(&s, &h));
	assert_int_equal(store_open_blob(&s, &h, &fd, &err), -1);
	store_close(&s);
	assert_int_equal(entries_of_tmp(), 0);
}

static void test_empty_blob_is_not_trusted(void **state)
{
	struct store s = fresh();
	struct hash h, nothing;
	const char *path;

	(void)state;
	assert_int_equal(store_put(&s, "hello", 5, &h, &err), 0);
	path = store_blob_path(&s, &arena, &h);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(truncate(path, 0), 0);
	assert_false(store_has_blob(&s, &h));
	assert_int_equal(store_put(&s, "hello", 5, &h, &err), 0);
	assert_true(store_has_blob_of(&s, &h, 5));
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(truncate(path, 3), 0);
	/* Short, and the size is known: written again. */
	assert_int_equal(store_put(&s, "hello", 5, &h, &err), 0);
	assert_true(store_has_blob_of(&s, &h, 5));
	assert_int_equal(store_put(&s, "", 0, &nothing, &err), 0);
	assert_true(store_has_blob_of(&s, &nothing, 0));
	store_close(&s);
}

static void test_has_files(void **state)
{
	struct store s = fresh();
	struct tree t = {.arena = &arena};
	struct node n = {.path = "/a", .type = NODE_FILE, .mode = 0644, .size = 5}, dir = {.path = "/d", .type = NODE_DIR};

	(void)state;
	assert_int_equal(store_put(&s, "hello", 5, &n.content, &err), 0);
	tree_add(&t, &n);
	tree_add(&t, &dir);
	assert_true(store_has_files(&s, &t));
	t.nodes[0].size = 6;
	assert_false(store_has_files(&s, &t));
	store_close(&s);
}

static void test_results(void **state)
{
	struct store s = fresh();
	struct hash key = hash_bytes("k", 1);
	struct store_blob blob;
	struct strbuf b = {0};
	int fd;

	(void)state;
	assert_int_equal(store_get_result(&s, "elf", &key, &b, &err), 0);
	assert_int_equal(store_put_result(&s, "elf", &key, "one\n", 4, &err), 0);
	assert_int_equal(store_put_result(&s, "elf", &key, "two\n", 4, &err), 0);
	assert_int_equal(store_get_result(&s, "elf", &key, &b, &err), 1);
	assert_string_equal(b.data, "two\n");
	strbuf_free(&b);
	assert_int_equal(store_blob_begin(&s, &blob, &err), 0);
	assert_int_equal(fd_write_all(blob.fd, "big", 3, "x", &err), 0);
	assert_int_equal(store_adopt_result(&s, "segment", &key, &blob, &err), 0);
	fd = store_open_result(&s, "segment", &key);
	assert_true(fd >= 0);
	close(fd);
	store_drop_result(&s, "segment", &key);
	assert_int_equal(store_open_result(&s, "segment", &key), -1);
	assert_int_equal(errno, ENOENT);
	/* What a power cut leaves. */
	assert_int_equal(store_put_result(&s, "elf", &key, "", 0, &err), 0);
	assert_int_equal(store_get_result(&s, "elf", &key, &b, &err), 0);
	store_close(&s);
}

static void test_dirs(void **state)
{
	struct store s = fresh();
	const char *one, *two;
	char path[128];

	(void)state;
	assert_int_equal(store_make_dir(&s, &arena, &one, &err), 0);
	assert_int_equal(store_make_dir(&s, &arena, &two, &err), 0);
	assert_string_not_equal(one, two);
	snprintf(path, sizeof(path), "%s/f", one);
	assert_int_equal(file_write_atomic_at(AT_FDCWD, path, "x", 1, 0444, &err), 0);
	snprintf(path, sizeof(path), "%s/f", two);
	assert_int_equal(file_write_atomic_at(AT_FDCWD, path, "y", 1, 0444, &err), 0);
	assert_false(store_use_dir(&s, "modules/6.1/x"));
	assert_int_equal(store_adopt_dir(&s, one, "modules/6.1/x", &err), 0);
	assert_int_equal(store_adopt_dir(&s, two, "modules/6.1/x", &err), 0);
	assert_true(store_use_dir(&s, "modules/6.1/x"));
	assert_int_equal(access(two, F_OK), -1);
	store_close(&s);
}

/* A process that dies in the middle leaves its folder; the next one takes it away, but not that of a living one. */
static void test_sweep(void **state)
{
	struct store alive = fresh();
	struct store_blob b;
	struct store next;
	pid_t pid;
	int status;

	(void)state;
	assert_int_equal(store_blob_begin(&alive, &b, &err), 0);
	pid = fork();
	if (pid == 0) {
		struct store s;
		struct store_blob mine;

		if (store_open(&s, &arena, &err) < 0 || store_blob_begin(&s, &mine, &err) < 0)
			_exit(1);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(entries_of_tmp(), 2);
	next = fresh();
	assert_int_equal(entries_of_tmp(), 2);
	assert_int_equal(fd_write_all(b.fd, "x", 1, "x", &err), 0);
	struct hash h = hash_bytes("x", 1);

	assert_int_equal(store_blob_end(&alive, &b, &h, &err), 0);
	assert_true(store_has_blob(&next, &h));
	store_close(&next);
	store_close(&alive);
}

static void test_lock(void **state)
{
	struct store s = fresh();
	char path[128];
	int fd, other;

	(void)state;
	fd = store_lock(&s, "recipe-1", &err);
	assert_true(fd >= 0);
	snprintf(path, sizeof(path), "%s/lock/recipe-1", folder);
	other = open(path, O_RDWR);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
	close(fd);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	close(other);
	assert_int_equal(store_lock(&s, "a/b", &err), -1);
	store_close(&s);
}

static void make_old(struct store *s, const struct hash *h, unsigned days)
{
	struct timespec times[2] = {{.tv_sec = time(NULL) - (time_t)days * 86400 - 60}};

	times[1] = times[0];
	assert_int_equal(utimensat(AT_FDCWD, store_blob_path(s, &arena, h), times, 0), 0);
}

static void test_prune(void **state)
{
	struct store s = fresh(), other;
	struct store_usage removed = {0}, *usage = NULL;
	struct hash old, young, used;
	size_t count = 0;

	(void)state;
	assert_int_equal(store_put(&s, "old", 3, &old, &err), 0);
	assert_int_equal(store_put(&s, "used", 4, &used, &err), 0);
	assert_int_equal(store_put(&s, "young", 5, &young, &err), 0);
	make_old(&s, &old, 40);
	make_old(&s, &used, 40);
	make_old(&s, &young, 20);
	assert_true(store_has_blob(&s, &used));
	assert_int_equal(store_measure(&s, &arena, &usage, &count, &err), 0);
	for (size_t i = 0; i < count; i++)
		if (!strcmp(usage[i].kind, "blob"))
			assert_int_equal(usage[i].entries, 3);
	other = fresh();
	assert_int_equal(store_prune(&s, 30, &removed, &err), -1);
	assert_non_null(strstr(error_text(&err), "a build is using the cache"));
	store_close(&other);
	assert_int_equal(store_prune(&s, 30, &removed, &err), 0);
	assert_int_equal(removed.entries, 1);
	assert_true(removed.bytes > 0);
	assert_false(store_has_blob(&s, &old));
	assert_true(store_has_blob(&s, &used));
	assert_true(store_has_blob(&s, &young));
	store_close(&s);
}

/* A file that cannot grow stands for a full disk. */
static void test_cannot_write(void **state)
{
	struct store s = fresh();
	struct rlimit small = {.rlim_cur = 1000, .rlim_max = RLIM_INFINITY}, before;
	char data[2000] = "x";
	struct hash h = {.bytes = {7}};

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	small.rlim_max = before.rlim_max;
	setrlimit(RLIMIT_FSIZE, &small);
	assert_int_equal(store_put(&s, data, sizeof(data), &h, &err), -1);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_non_null(strstr(error_text(&err), "cannot write to the cache /tmp/mkdl-store-"));
	assert_int_equal(h.bytes[0], 7);
	h = hash_bytes(data, sizeof(data));
	assert_false(store_has_blob(&s, &h));
	store_close(&s);
	assert_int_equal(entries_of_tmp(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_put, setup, teardown),
		cmocka_unit_test_setup_teardown(test_empty_blob_is_not_trusted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_has_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_results, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dirs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sweep, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lock, setup, teardown),
		cmocka_unit_test_setup_teardown(test_prune, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cannot_write, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
