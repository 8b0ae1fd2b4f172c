#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "builder/compress.h"
#include "builder/newc.h"
#include "builder/segment.h"
#include "store-fixture.h"

static const struct compression fast = {.level = 1};

static int to_strbuf(void *context, const void *data, size_t n, struct error *err)
{
	(void)err;
	strbuf_add(context, data, n);
	return 0;
}

static struct tree sample(void)
{
	struct tree t = {.arena = &fixture.arena};
	_cleanup_error_ struct error err = {0};
	struct node console = {.path = "/dev/console", .type = NODE_CHAR, .mode = 0600, .major = 5, .minor = 1};
	struct node link = {.path = "/usr/bin/sh", .type = NODE_SYMLINK, .mode = 0777, .target = "busybox",
			    .layer = LAYER_USERLAND};
	struct node setuid = {.path = "/tmp", .type = NODE_DIR, .mode = 01777, .layer = LAYER_SITE};

	assert_int_equal(store_fixture_file(&fixture, &t, "/usr/bin/busybox", "ELF…", 6, LAYER_USERLAND), 0);
	assert_int_equal(store_fixture_file(&fixture, &t, "/etc/empty", "", 0, LAYER_SITE), 0);
	assert_int_equal(store_fixture_file(&fixture, &t, "/etc/caf\303\251", "x", 1, LAYER_SITE), 0);
	console.layer = LAYER_SITE;
	tree_add(&t, &console);
	tree_add(&t, &link);
	tree_add(&t, &setuid);
	assert_int_equal(tree_finish(&t, &err), 0);
	return t;
}

static size_t pointers(struct tree *t, const struct node *out[])
{
	for (size_t i = 0; i < t->count; i++)
		out[i] = &t->nodes[i];
	return t->count;
}

/* The archive is read back by libarchive's reader, entry by entry, against the tree. */
static void check_listing(struct strbuf *data, struct tree *t)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	size_t i = 0;
	int r;

	archive_read_support_format_cpio(a);
	archive_read_support_filter_all(a);
	assert_int_equal(archive_read_open_memory(a, data->data, data->len), ARCHIVE_OK);
	while ((r = archive_read_next_header(a, &e)) == ARCHIVE_OK) {
		const struct node *n = &t->nodes[i++];

		assert_true(i <= t->count);
		assert_string_equal(archive_entry_pathname(e), n->path + 1);
		assert_int_equal(archive_entry_perm(e), n->type == NODE_SYMLINK ? 0777 : n->mode);
		assert_int_equal(archive_entry_mtime(e), 0);
		assert_int_equal(archive_entry_uid(e), 0);
		assert_int_equal(archive_entry_ino(e), i);
		if (n->type == NODE_FILE)
			assert_int_equal(archive_entry_size(e), n->size);
		if (n->type == NODE_SYMLINK)
			assert_string_equal(archive_entry_symlink(e), n->target);
		if (n->type == NODE_CHAR)
			assert_int_equal(archive_entry_rdevmajor(e), n->major);
	}
	assert_int_equal(r, ARCHIVE_EOF);
	assert_int_equal(i, t->count);
	archive_read_free(a);
}

static void test_read_back(void **state)
{
	_cleanup_strbuf_ struct strbuf data = {0};
	_cleanup_error_ struct error err = {0};
	struct tree t = sample();
	const struct node *nodes[32];
	size_t n = pointers(&t, nodes);

	(void)state;
	assert_int_equal(newc_write(&fixture.store, nodes, n, true, to_strbuf, &data, &err), 0);
	assert_int_equal(data.len, newc_size(nodes, n, true));
	check_listing(&data, &t);
}

/* Two archives without trailers and a last one with it are one archive. */
static void test_joined(void **state)
{
	_cleanup_strbuf_ struct strbuf data = {0};
	_cleanup_error_ struct error err = {0};
	struct tree t = sample();
	const struct node *nodes[32];
	size_t n = pointers(&t, nodes), half = n / 2;

	(void)state;
	assert_int_equal(newc_write(&fixture.store, nodes, half, false, to_strbuf, &data, &err), 0);
	assert_int_equal(data.len, newc_size(nodes, half, false));
	assert_int_equal(data.len % 4, 0);
	assert_null(memmem(data.data, data.len, "TRAILER", 7));
	assert_int_equal(newc_write(&fixture.store, nodes + half, n - half, true, to_strbuf, &data, &err), 0);
	assert_int_equal(data.len, newc_size(nodes, half, false) + newc_size(nodes + half, n - half, true));
}

static void test_damaged_store(void **state)
{
	_cleanup_strbuf_ struct strbuf data = {0};
	_cleanup_error_ struct error err = {0};
	struct tree t = sample();
	struct node *n = tree_find(&t, "/usr/bin/busybox");
	const struct node *one = n;

	(void)state;
	n->size++;
	assert_int_equal(newc_write(&fixture.store, &one, 1, true, to_strbuf, &data, &err), -1);
	assert_non_null(strstr(err.text, "/usr/bin/busybox"));
	error_clear(&err);
	n->size--;
	n->content.bytes[0] ^= 1;
	assert_int_equal(newc_write(&fixture.store, &one, 1, true, to_strbuf, &data, &err), -1);
	error_clear(&err);
	n->size = (uint64_t)1 << 32;
	assert_int_equal(newc_write(&fixture.store, &one, 1, true, to_strbuf, &data, &err), -1);
	assert_non_null(strstr(err.text, "4 GiB"));
}

static int full_sink(void *context, const void *data, size_t n, struct error *err)
{
	(void)context;
	(void)data;
	(void)n;
	return error_set(err, "disk full");
}

static void test_full_disk(void **state)
{
	_cleanup_error_ struct error err = {0};
	struct tree t = sample();
	const struct node *nodes[32];
	size_t n = pointers(&t, nodes);

	(void)state;
	assert_int_equal(newc_write(&fixture.store, nodes, n, true, full_sink, NULL, &err), -1);
	assert_string_equal(err.text, "disk full");
}

static void compress_with(unsigned threads, const char *input, size_t n, char hex[static HASH_HEX_SIZE])
{
	_cleanup_error_ struct error err = {0};
	_cleanup_fclose_ FILE *f = tmpfile();
	struct compressor *z;
	struct hash hash;
	uint64_t written;

	assert_non_null(f);
	z = compressor_new(&fast, n, threads, fileno(f), &err);
	assert_non_null(z);
	for (size_t at = 0; at < n; at += 1000)
		assert_int_equal(compressor_add(z, input + at, n - at < 1000 ? n - at : 1000, &err), 0);
	assert_int_equal(compressor_end(z, &written, &err), 0);
	compressor_free(z);
	assert_int_equal(lseek(fileno(f), 0, SEEK_END), written);
	assert_int_equal(lseek(fileno(f), 0, SEEK_SET), 0);
	assert_int_equal(hash_fd(fileno(f), "tmp", &hash, &err), 0);
	hash_hex(&hash, hex);
}

/* Several of libzstd's jobs, by one thread or by five: the same bytes. */
static void test_threads(void **state)
{
	size_t n = 9 << 20;
	_cleanup_free_ char *input = malloc(n);
	char one[HASH_HEX_SIZE], five[HASH_HEX_SIZE];
	uint32_t random = 1;

	(void)state;
	assert_non_null(input);
	for (size_t i = 0; i < n; i++) {
		random = random * 1664525 + 1013904223;
		input[i] = (char)("abcdefgh"[random >> 29]);
	}
	compress_with(1, input, n, one);
	compress_with(5, input, n, five);
	assert_string_equal(one, five);
}

static void test_segments(void **state)
{
	_cleanup_error_ struct error err = {0};
	struct tree t = sample();
	struct segment s[2], again;
	struct node *n;

	(void)state;
	segment_plan(&t, LAYER_USERLAND, &fast, &s[0]);
	segment_plan(&t, LAYER_SITE, &fast, &s[1]);
	assert_int_equal(s[0].count, 4); /* /usr /usr/bin and the two in it */
	assert_int_equal(segments_make(&fixture.store, s, 2, &fast, 2, NULL, &err), 0);
	assert_true(s[0].fresh && s[1].fresh && s[0].size && s[1].size);

	/* Nothing changed: found by its key. */
	segment_plan(&t, LAYER_USERLAND, &fast, &again);
	assert_true(hash_equal(&again.key, &s[0].key));
	assert_int_equal(segments_make(&fixture.store, &again, 1, &fast, 2, NULL, &err), 0);
	assert_false(again.fresh);
	assert_int_equal(again.size, s[0].size);

	/* A mode changed in one layer leaves the other's key alone. */
	n = tree_find(&t, "/etc/empty");
	n->mode = 0600;
	segment_plan(&t, LAYER_USERLAND, &fast, &again);
	assert_true(hash_equal(&again.key, &s[0].key));
	segment_plan(&t, LAYER_SITE, &fast, &again);
	assert_false(hash_equal(&again.key, &s[1].key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_back), cmocka_unit_test(test_joined),  cmocka_unit_test(test_damaged_store),
		cmocka_unit_test(test_full_disk), cmocka_unit_test(test_threads), cmocka_unit_test(test_segments),
	};

	return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
