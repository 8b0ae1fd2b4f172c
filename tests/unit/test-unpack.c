/* Archives made here, friendly and hostile, unpacked into a store of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "builder/unpack.h"

static struct arena arena;
static struct error err;
static struct store store;
static char folder[64], file[96];

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/mkdl-unpack-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/archive", folder);
	setenv("MKDL_CACHE", folder, 1);
	return store_open(&store, &arena, &err);
}

static int teardown(void **state)
{
	struct error ignored = {0};

	(void)state;
	store_close(&store);
	dir_remove_at(AT_FDCWD, folder, &ignored);
	error_clear(&ignored);
	error_clear(&err);
	arena_free(&arena);
	return 0;
}

/* One member: "f" file, "d" folder, "l" link, "h" hard link, "i" one of the names of inode 5, "c" device, "p" FIFO. */
struct member {
	char type;
	const char *path, *content; /* or the target */
	mode_t mode;
	int64_t uid;
};

static void write_member(struct archive *a, const struct member *m)
{
	struct archive_entry *e = archive_entry_new();
	size_t n = m->type == 'f' || m->type == 'i' ? strlen(m->content) : 0;

	archive_entry_set_pathname(e, m->path);
	archive_entry_set_filetype(e, m->type == 'd' ? AE_IFDIR : m->type == 'l' ? AE_IFLNK : m->type == 'c' ? AE_IFCHR
					: m->type == 'p' ? AE_IFIFO : AE_IFREG);
	archive_entry_set_mtime(e, 1500000000, 0);
	archive_entry_set_perm(e, m->mode ? m->mode : m->type == 'd' ? 0755 : 0644);
	archive_entry_set_uid(e, m->uid);
	archive_entry_set_size(e, (int64_t)n);
	if (m->type == 'l')
		archive_entry_set_symlink(e, m->content);
	if (m->type == 'i') {
		archive_entry_set_ino64(e, 5);
		archive_entry_set_nlink(e, 3);
	}
	if (m->type == 'h')
		archive_entry_set_hardlink(e, m->content);
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	if (n)
		assert_int_equal(archive_write_data(a, m->content, n), n);
	archive_entry_free(e);
}

/* Writes `path` in a format of libarchive ("gnutar", "pax", "newc", "zip", "ar") with a filter ("none", "xz", …). */
static void make(const char *path, const char *format, const char *filter, const struct member *members, size_t count)
{
	struct archive *a = archive_write_new();

	assert_int_equal(archive_write_set_format_by_name(a, format), ARCHIVE_OK);
	if (strcmp(filter, "none"))
		assert_int_equal(archive_write_add_filter_by_name(a, filter), ARCHIVE_OK);
	archive_write_set_bytes_in_last_block(a, 1);
	assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
	for (size_t i = 0; i < count; i++)
		write_member(a, &members[i]);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
}

static int unpack(struct tree *t)
{
	int fd = open(file, O_RDONLY);
	int result;

	*t = (struct tree){.arena = &arena};
	result = unpack_archive(&store, fd, "evil.tar", t, &err);
	close(fd);
	return result;
}

#define COUNT(m) (sizeof(m) / sizeof((m)[0]))

static void refuse(const char *format, const struct member *members, size_t count, const char *message)
{
	struct tree t;

	make(file, format, "none", members, count);
	assert_int_equal(unpack(&t), -1);
	assert_int_equal(t.count, 0);
	assert_string_equal(error_text(&err), message);
	error_clear(&err);
}

static void check_content(struct tree *t, const char *path, const char *content)
{
	struct node *n = tree_find(t, path);
	struct strbuf b = {0};

	assert_non_null(n);
	assert_int_equal(n->size, strlen(content));
	assert_int_equal(store_read_blob(&store, &n->content, 1 << 20, &b, &err), 0);
	assert_string_equal(b.data, content);
	strbuf_free(&b);
}

static const struct member good[] = {
	{'d', "./", NULL, 0, 0},
	{'d', "./usr/bin/", NULL, 0, 0},
	{'f', "./usr/bin/sudo", "program", 04755, 0},
	{'l', "./usr/bin/link", "../../etc/x", 0, 0},
	{'h', "./usr/bin/again", "./usr/bin/sudo", 04755, 0},
	{'f', "./etc/empty", "", 0600, 1000},
};

static void check_good(struct tree *t)
{
	check_content(t, "/usr/bin/sudo", "program");
	check_content(t, "/usr/bin/again", "program");
	check_content(t, "/etc/empty", "");
	assert_int_equal(tree_find(t, "/usr/bin/sudo")->mode, 04755);
	assert_int_equal(tree_find(t, "/etc/empty")->uid, 1000);
	assert_string_equal(tree_find(t, "/usr/bin/link")->target, "../../etc/x");
	assert_int_equal(tree_find(t, "/usr")->type, NODE_DIR);
	assert_null(tree_find(t, "/"));
}

static void test_formats(void **state)
{
	static const char *const formats[][2] = {
		{"gnutar", "none"}, {"gnutar", "gzip"}, {"gnutar", "xz"}, {"gnutar", "zstd"}, {"gnutar", "bzip2"},
		{"pax", "none"},
	};
	struct tree t;

	(void)state;
	for (size_t i = 0; i < COUNT(formats); i++) {
		make(file, formats[i][0], formats[i][1], good, COUNT(good));
		assert_int_equal(unpack(&t), 0);
		check_good(&t);
	}
}

/* cpio has the content with one of the names of a file, mostly the last. */
static void test_cpio(void **state)
{
	static const struct member last[] = {{'i', "a", "", 0, 0}, {'i', "b", "", 0, 0}, {'i', "c", "content", 0, 0}};
	static const struct member first[] = {{'i', "a", "content", 0, 0}, {'i', "b", "", 0, 0}, {'i', "c", "", 0, 0}};
	struct tree t;

	(void)state;
	for (int i = 0; i < 2; i++) {
		make(file, "newc", i ? "gzip" : "none", i ? first : last, 3);
		assert_int_equal(unpack(&t), 0);
		check_content(&t, "/a", "content");
		check_content(&t, "/b", "content");
		check_content(&t, "/c", "content");
	}
}

static void test_zip(void **state)
{
	static const struct member m[] = {{'f', "a/b", "zipped", 0, 0}, {'l', "a/c", "b", 0, 0}};
	struct tree t;

	(void)state;
	make(file, "zip", "none", m, COUNT(m));
	assert_int_equal(unpack(&t), 0);
	check_content(&t, "/a/b", "zipped");
	assert_string_equal(tree_find(&t, "/a/c")->target, "b");
}

static void test_large_member(void **state)
{
	size_t n = 3 * 1024 * 1024 + 17;
	char *big = malloc(n + 1);
	struct member m[] = {{'f', "big", big, 0, 0}};
	struct tree t;
	struct hash h;

	(void)state;
	for (size_t i = 0; i < n; i++)
		big[i] = (char)('a' + i % 23);
	big[n] = '\0';
	h = hash_bytes(big, n);
	make(file, "gnutar", "zstd", m, 1);
	assert_int_equal(unpack(&t), 0);
	assert_true(hash_equal(&tree_find(&t, "/big")->content, &h));
	assert_true(store_has_blob_of(&store, &h, n));
	free(big);
}

static void test_hostile_names(void **state)
{
	static const struct member up[] = {{'f', "usr/../../etc/passwd", "x", 0, 0}};
	static const struct member control[] = {{'f', "a\nb", "x", 0, 0}};
	static const struct member through[] = {{'l', "etc", "/etc", 0, 0}, {'f', "etc/passwd", "x", 0, 0}};
	static const struct member below[] = {{'f', "etc", "x", 0, 0}, {'f', "etc/passwd", "x", 0, 0}};
	static const struct member device[] = {{'c', "dev/kmem", NULL, 0, 0}};
	static const struct member fifo[] = {{'p', "run/fifo", NULL, 0, 0}};
	static const struct member dangling[] = {{'h', "a", "/etc/shadow", 0, 0}};
	static const struct member escaping[] = {{'h', "a", "../../etc/shadow", 0, 0}};

	(void)state;
	refuse("gnutar", up, 1, "evil.tar: path with \"..\" in it: usr/../../etc/passwd");
	refuse("newc", up, 1, "evil.tar: path with \"..\" in it: usr/../../etc/passwd");
	refuse("gnutar", control, 1, "evil.tar: path with a control character: a\nb");
	refuse("gnutar", through, 2, "evil.tar: /etc/passwd lies below /etc, which is a symbolic link");
	refuse("gnutar", below, 2, "evil.tar: /etc/passwd lies below /etc, which is not a folder");
	refuse("gnutar", device, 1,
	       "evil.tar: /dev/kmem is a device, FIFO or socket; only files, folders and links are taken");
	refuse("gnutar", fifo, 1, "evil.tar: /run/fifo is a device, FIFO or socket; only files, folders and links are taken");
	refuse("gnutar", dangling, 1, "evil.tar: /a is a hard link to /etc/shadow, which is not a file of the archive");
	refuse("gnutar", escaping, 1, "evil.tar: /a: target of the hard link: path with \"..\" in it: ../../etc/shadow");
}

/* An absolute name stays within the tree; the last of two members counts. */
static void test_tame_names(void **state)
{
	static const struct member m[] = {
		{'f', "/etc/passwd", "first", 0, 0}, {'f', "etc/passwd", "second", 0, 0}, {'f', "\xff\xfe", "bytes", 0, 0},
	};
	struct tree t;

	(void)state;
	make(file, "gnutar", "none", m, COUNT(m));
	assert_int_equal(unpack(&t), 0);
	check_content(&t, "/etc/passwd", "second");
	check_content(&t, "/\xff\xfe", "bytes");
}

static void write_file(const char *path, const void *data, size_t n)
{
	assert_int_equal(file_write_atomic_at(AT_FDCWD, path, data, n, 0644, &err), 0);
}

static void test_damaged(void **state)
{
	struct strbuf b = {0};
	struct tree t;
	char header[512] = "huge", sum[8];
	unsigned total = 0;

	(void)state;
	make(file, "gnutar", "none", good, COUNT(good));
	assert_int_equal(file_read_at(AT_FDCWD, file, 1 << 20, &b, &err), 0);
	write_file(file, b.data, 3 * 512 + 3); /* in the middle of a member's data */
	assert_int_equal(unpack(&t), -1);
	assert_non_null(strstr(error_text(&err), "evil.tar: "));
	strbuf_free(&b);
	make(file, "gnutar", "xz", good, COUNT(good));
	assert_int_equal(file_read_at(AT_FDCWD, file, 1 << 20, &b, &err), 0);
	write_file(file, b.data, b.len / 2);
	assert_int_equal(unpack(&t), -1);
	strbuf_free(&b);
	write_file(file, "not an archive, whatever its name says", 38);
	assert_int_equal(unpack(&t), -1);
	/* A header that promises five gigabytes. */
	memcpy(header + 100, "0000644", 8);
	memcpy(header + 108, "0000000", 8);
	memcpy(header + 116, "0000000", 8);
	memcpy(header + 124, "50000000000", 12);
	memcpy(header + 136, "00000000000", 12);
	memset(header + 148, ' ', 8);
	header[156] = '0';
	memcpy(header + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof(header); i++)
		total += (unsigned char)header[i];
	snprintf(sum, sizeof(sum), "%06o", total);
	memcpy(header + 148, sum, 7);
	write_file(file, header, sizeof(header));
	assert_int_equal(unpack(&t), -1);
	assert_string_equal(error_text(&err), "evil.tar: /huge is larger than the limit of 4 GiB");
}

/* A .deb: an ar archive of debian-binary, control.tar and data.tar. */
static void make_deb(const char *filter, const char *data_name, const struct member *members, size_t count)
{
	char path[128];
	struct strbuf data = {0};
	struct archive *a = archive_write_new();
	const struct {
		const char *name;
		struct strbuf content;
	} parts[] = {{"debian-binary", {(char[]){"2.0\n"}, 4, 0}}, {"control.tar", {(char[]){"x"}, 1, 0}}};

	snprintf(path, sizeof(path), "%s/data", folder);
	make(path, "gnutar", filter, members, count);
	assert_int_equal(file_read_at(AT_FDCWD, path, 1 << 22, &data, &err), 0);
	archive_write_set_format_ar_svr4(a);
	assert_int_equal(archive_write_open_filename(a, file), ARCHIVE_OK);
	for (size_t i = 0; i < 3; i++) {
		struct archive_entry *e = archive_entry_new();
		const struct strbuf *content = i < 2 ? &parts[i].content : &data;

		if (i == 2 && !data_name) {
			archive_entry_free(e);
			break;
		}
		archive_entry_set_pathname(e, i < 2 ? parts[i].name : data_name);
		archive_entry_set_filetype(e, AE_IFREG);
		archive_entry_set_perm(e, 0644);
		archive_entry_set_size(e, (int64_t)content->len);
		assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
		assert_int_equal(archive_write_data(a, content->data, content->len), content->len);
		archive_entry_free(e);
	}
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	strbuf_free(&data);
}

static void test_deb(void **state)
{
	static const char *const names[][2] = {
		{"none", "data.tar"}, {"gzip", "data.tar.gz"}, {"xz", "data.tar.xz"}, {"zstd", "data.tar.zst"},
	};
	static const struct member evil[] = {{'f', "./../../root/.ssh/authorized_keys", "x", 0, 0}};
	static const struct member ar[] = {{'f', "something", "x", 0, 0}};
	struct strbuf b = {0};
	struct tree t;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		make_deb(names[i][0], names[i][1], good, COUNT(good));
		assert_int_equal(unpack(&t), 0);
		check_good(&t);
	}
	make_deb("xz", "data.tar.xz", evil, 1);
	assert_int_equal(unpack(&t), -1);
	assert_string_equal(error_text(&err), "evil.tar: path with \"..\" in it: ./../../root/.ssh/authorized_keys");
	make_deb("xz", NULL, good, COUNT(good));
	assert_int_equal(unpack(&t), -1);
	assert_string_equal(error_text(&err), "evil.tar: no data.tar in this Debian package");
	make_deb("xz", "data.tar.xz", good, COUNT(good));
	assert_int_equal(file_read_at(AT_FDCWD, file, 1 << 20, &b, &err), 0);
	write_file(file, b.data, b.len - 60);
	assert_int_equal(unpack(&t), -1);
	strbuf_free(&b);
	make(file, "arbsd", "none", ar, 1);
	assert_int_equal(unpack(&t), -1);
	assert_string_equal(error_text(&err),
			    "evil.tar: an ar archive, but not a Debian package: no debian-binary at its start");
}

static void test_once(void **state)
{
	struct tree first = {.arena = &arena}, second = {.arena = &arena}, third = {.arena = &arena};
	struct hash archive, content;
	const char *path;
	int fd;

	(void)state;
	make(file, "gnutar", "gzip", good, COUNT(good));
	fd = open(file, O_RDONLY);
	assert_int_equal(store_put_fd(&store, fd, file, &archive, NULL, &err), 0);
	close(fd);
	assert_false(unpack_is_done(&store, &archive));
	assert_int_equal(unpack_blob(&store, &archive, "a.tar.gz", &first, &err), 0);
	assert_true(unpack_is_done(&store, &archive));
	/* The archive itself is not needed any more, */
	path = store_blob_path(&store, &arena, &archive);
	assert_int_equal(rename(path, file), 0);
	assert_int_equal(unpack_blob(&store, &archive, "a.tar.gz", &second, &err), 0);
	check_good(&second);
	assert_int_equal(first.newest, 1500000000);
	assert_int_equal(second.newest, first.newest);
	/* until a content is lost or cut short: then it is read again, */
	content = tree_find(&second, "/usr/bin/sudo")->content;
	assert_int_equal(chmod(store_blob_path(&store, &arena, &content), 0644), 0);
	assert_int_equal(truncate(store_blob_path(&store, &arena, &content), 3), 0);
	assert_false(unpack_is_done(&store, &archive));
	assert_int_equal(unpack_blob(&store, &archive, "a.tar.gz", &third, &err), -1);
	/* if it is there. */
	assert_int_equal(rename(file, path), 0);
	assert_int_equal(unpack_blob(&store, &archive, "a.tar.gz", &third, &err), 0);
	check_good(&third);
}

static void test_names(void **state)
{
	(void)state;
	assert_true(unpack_name_is_archive("containerd-1.7.0-linux-amd64.tar.gz"));
	assert_true(unpack_name_is_archive("x.DEB"));
	assert_true(unpack_name_is_archive("x.tzst"));
	assert_false(unpack_name_is_archive("kubelet"));
	assert_false(unpack_name_is_archive("config.gz"));
	assert_false(unpack_name_is_archive(".tar"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_formats, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cpio, setup, teardown),
		cmocka_unit_test_setup_teardown(test_zip, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large_member, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tame_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_deb, setup, teardown),
		cmocka_unit_test_setup_teardown(test_once, setup, teardown),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
