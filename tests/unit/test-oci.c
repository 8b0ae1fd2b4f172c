#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "builder/images.h"
#include "builder/oci-reference.h"
#include "builder/oci.h"
#include "node/images/image-list.h"
#include "store-fixture.h"

#define OCI "application/vnd.oci.image."

static struct archive *writer;
static char *written;
static size_t used;

enum { ARCHIVE_SIZE = 1 << 20 };

static void begin(void)
{
	free(written);
	written = calloc(1, ARCHIVE_SIZE);
	writer = archive_write_new();
	archive_write_set_format_ustar(writer);
	assert_int_equal(archive_write_open_memory(writer, written, ARCHIVE_SIZE, &used), ARCHIVE_OK);
}

static void add_member(const char *name, unsigned type, const void *data, size_t n)
{
	struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, name);
	archive_entry_set_filetype(e, type);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_size(e, (la_int64_t)n);
	if (type == AE_IFLNK)
		archive_entry_set_symlink(e, "/etc/shadow");
	assert_int_equal(archive_write_header(writer, e), ARCHIVE_OK);
	if (n)
		assert_int_equal(archive_write_data(writer, data, n), (la_ssize_t)n);
	archive_entry_free(e);
}

static void add_text(const char *name, const char *text)
{
	add_member(name, AE_IFREG, text, strlen(text));
}

static const char *hex_of(const char *text)
{
	struct hash h = hash_bytes(text, strlen(text));
	char hex[HASH_HEX_SIZE];

	return arena_strdup(&fixture.arena, hash_hex(&h, hex));
}

/* A blob, and the descriptor that names it. */
static const char *add_blob(const char *type, const char *text)
{
	add_text(arena_printf(&fixture.arena, "blobs/sha256/%s", hex_of(text)), text);
	return arena_printf(&fixture.arena, "\"mediaType\": \"%s\", \"digest\": \"sha256:%s\", \"size\": %zu", type, hex_of(text),
			    strlen(text));
}

static const char *add_manifest(const char *arch, const char *content)
{
	const char *layer = add_blob(OCI "layer.v1.tar", content);
	const char *config = add_blob(OCI "config.v1+json",
				      arena_printf(&fixture.arena, "{\"os\": \"linux\", \"architecture\": \"%s\", \"rootfs\": "
						   "{\"type\": \"layers\", \"diff_ids\": [\"sha256:%s\"]}}", arch, hex_of(content)));

	return add_blob(OCI "manifest.v1+json",
			arena_printf(&fixture.arena, "{\"schemaVersion\": 2, \"config\": {%s}, \"layers\": [{%s}]}", config, layer));
}

/* The two files of the layout; manifests is the inside of the index's list. */
static void add_layout(const char *manifests)
{
	add_text("oci-layout", "{\"imageLayoutVersion\": \"1.0.0\"}");
	add_text("./index.json", arena_printf(&fixture.arena, "{\"schemaVersion\": 2, \"manifests\": [%s]}", manifests));
}

static int finish(struct oci_image *out, struct error *err, size_t cut)
{
	_cleanup_fclose_ FILE *file = tmpfile();
	int fd = fileno(file);

	archive_write_free(writer);
	assert_int_equal(write(fd, written, used - cut), (ssize_t)(used - cut));
	lseek(fd, 0, SEEK_SET);
	return oci_read(&fixture.store, &fixture.arena, fd, "a.tar", out, err);
}

static void refused(const char *message)
{
	_cleanup_error_ struct error err = {0};
	struct oci_image image = {.layer_count = 77};

	assert_int_equal(finish(&image, &err, 0), -1);
	assert_int_equal(image.layer_count, 77);
	if (!strstr(error_text(&err), message))
		fail_msg("\"%s\" is not in \"%s\"", message, error_text(&err));
	assert_memory_equal(error_text(&err), "a.tar: ", 7);
}

static void test_plain(void **state)
{
	_cleanup_error_ struct error err = {0};
	struct oci_image image;

	(void)state;
	begin();
	add_layout(arena_printf(&fixture.arena, "{%s, \"annotations\": {\"org.opencontainers.image.ref.name\": \"demo:1\"}}",
				add_manifest("amd64", "layer")));
	assert_int_equal(finish(&image, &err, 0), 0);
	assert_string_equal(image.reference, "demo:1");
	assert_int_equal(image.layer_count, 1);
	assert_int_equal(image.layers[0].size, 5);
	assert_true(store_has_blob(&fixture.store, &image.layers[0].digest));
	assert_true(store_has_blob(&fixture.store, &image.config.digest));
	assert_true(store_has_blob(&fixture.store, &image.manifest.digest));
}

/* Read once, found again, and read anew when the store has lost a blob. */
static void test_kept(void **state)
{
	_cleanup_error_ struct error err = {0};
	struct oci_image image, again;
	struct hash archive;

	(void)state;
	begin();
	add_layout(arena_printf(&fixture.arena, "{%s, \"annotations\": {\"org.opencontainers.image.ref.name\": \"a name:1\"}}",
				add_manifest("amd64", "kept")));
	archive_write_free(writer);
	assert_int_equal(store_put(&fixture.store, written, used, &archive, &err), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(oci_read_kept(&fixture.store, &fixture.arena, &archive, "a.tar", &image, &err), 0);
		assert_string_equal(image.reference, "a name:1");
		assert_int_equal(image.layer_count, 1);
		assert_int_equal(image.layers[0].size, 4);
		assert_string_equal(image.layers[0].media_type, OCI "layer.v1.tar");
		assert_true(store_has_blob(&fixture.store, &image.layers[0].digest));
		if (i == 1)
			assert_int_equal(unlink(store_blob_path(&fixture.store, &fixture.arena, &image.layers[0].digest)), 0);
	}
	assert_int_equal(oci_read_kept(&fixture.store, &fixture.arena, &archive, "a.tar", &again, &err), 0);
	assert_true(hash_equal(&again.manifest.digest, &image.manifest.digest));
	assert_true(hash_equal(&again.config.digest, &image.config.digest));
}

static void test_many_machines(void **state)
{
	_cleanup_error_ struct error err = {0};
	const char *arm, *amd, *index;
	struct oci_image image;

	(void)state;
	begin();
	arm = add_manifest("arm64", "arm's layer");
	amd = add_manifest("amd64", "ours");
	index = add_blob(OCI "index.v1+json",
			 arena_printf(&fixture.arena, "{\"manifests\": [{%s, \"platform\": {\"os\": \"linux\", \"architecture\": \"arm64\"}}, "
				      "{%s, \"platform\": {\"os\": \"linux\", \"architecture\": \"amd64\"}}]}", arm, amd));
	add_layout(arena_printf(&fixture.arena, "{%s, \"annotations\": {\"io.containerd.image.name\": \"x.org/a:1\"}}", index));
	assert_int_equal(finish(&image, &err, 0), 0);
	assert_string_equal(image.reference, "x.org/a:1");
	assert_int_equal(image.layers[0].size, 4);
	begin();
	add_layout(arena_printf(&fixture.arena, "{%s, \"platform\": {\"os\": \"linux\", \"architecture\": \"arm64\"}}",
				add_manifest("arm64", "arm's layer")));
	refused("holds no image for linux/amd64, only for linux/arm64");
	begin();
	add_layout(arena_printf(&fixture.arena, "{%s}", add_manifest("arm64", "arm's layer")));
	refused("the image is for linux/arm64");
	begin();
	amd = add_manifest("amd64", "ours");
	add_layout(arena_printf(&fixture.arena, "{%s}, {%s}", amd, add_manifest("amd64", "another")));
	refused("holds 2 images");
}

static void test_other_formats(void **state)
{
	(void)state;
	begin();
	add_text("manifest.json", "[]");
	refused("is a docker archive; make an OCI archive of it: skopeo copy docker-archive:");
	begin();
	add_text("etc/passwd", "x");
	refused("is no OCI archive: oci-layout is missing");
	begin();
	add_text("oci-layout", "{\"imageLayoutVersion\": \"1.0.0\"}");
	refused("is no OCI archive: index.json is missing");
	begin();
	add_text("oci-layout", "{\"imageLayoutVersion\": \"2.0.0\"}");
	add_text("index.json", "{}");
	refused("oci-layout: version 2.0.0 is not known");
}

static void test_hostile_members(void **state)
{
	const char *name = arena_printf(&fixture.arena, "blobs/sha256/%s", hex_of("content"));

	(void)state;
	begin();
	add_text(name, "other");
	refused(name);
	begin();
	add_text("blobs/sha256/../../../etc/passwd", "x");
	refused("path with \"..\" in it");
	begin();
	add_text("blobs/sha256/abc", "x");
	refused("blobs/sha256/abc: is not named by a SHA-256");
	begin();
	add_member(name, AE_IFLNK, NULL, 0);
	refused("is no regular file");
	begin();
	add_member("index.json", AE_IFLNK, NULL, 0);
	refused("index.json: is no regular file");
	begin();
	add_layout("");
	add_text("index.json", "{}");
	refused("index.json: is in the archive twice");
}

static void test_hostile_json(void **state)
{
	static const struct {
		const char *index, *message;
	} cases[] = {
		{"{", "index.json: line 1"},
		{"[]", "index.json: is no JSON object"},
		{"{\"manifests\": 3}", "index.json: has no manifests"},
		{"{\"manifests\": []}", "holds no image for linux/amd64"},
		{"{\"manifests\": [], \"manifests\": []}", "duplicate"},
		{"{\"manifests\": [7]}", "a descriptor wants mediaType, digest and size"},
		{"{\"manifests\": [{\"mediaType\": \"a\", \"digest\": \"sha256:zz\", \"size\": 1}]}", "\"sha256:zz\" is no sha256 digest"},
		{"{\"manifests\": [{\"mediaType\": \"a\", \"digest\": \"md5:1\", \"size\": 1}]}", "\"md5:1\" is no sha256 digest"},
		{"{\"manifests\": [{\"mediaType\": \"a\", \"digest\": \"sha256:"
		 "0000000000000000000000000000000000000000000000000000000000000000\", \"size\": 1}]}", "the archive lacks blobs/sha256/0000"},
		{"{\"manifests\": [{\"mediaType\": \"a\", \"digest\": \"x\", \"size\": -1}]}", "a descriptor wants"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		begin();
		add_text("oci-layout", "{\"imageLayoutVersion\": \"1.0.0\"}");
		add_text("index.json", cases[i].index);
		refused(cases[i].message);
	}
}

static void test_lies(void **state)
{
	const char *blob;

	(void)state;
	begin();
	blob = add_blob(OCI "manifest.v1+json", "{\"schemaVersion\": 2}");
	add_layout(arena_printf(&fixture.arena, "{%s9}", blob));
	refused("are announced");
	begin();
	add_layout(arena_printf(&fixture.arena, "{%s}", add_blob("text/plain", "{}")));
	refused("media type text/plain is no image manifest");
	begin();
	add_layout(arena_printf(&fixture.arena, "{%s}", add_blob(OCI "manifest.v1+json", "{\"schemaVersion\": 1}")));
	refused("schema version");
	begin();
	blob = add_blob(OCI "config.v1+json", "{\"os\": \"linux\", \"architecture\": \"amd64\", \"rootfs\": {\"diff_ids\": []}}");
	blob = add_blob(OCI "manifest.v1+json", arena_printf(&fixture.arena, "{\"schemaVersion\": 2, \"config\": {%s}, \"layers\": [{%s}]}",
							     blob, add_blob("layer", "layer")));
	add_layout(arena_printf(&fixture.arena, "{%s}", blob));
	refused("config: names 0 layers, the manifest has 1");
	begin();
	blob = add_blob(OCI "index.v1+json", "{\"manifests\": []}");
	for (int i = 0; i < 6; i++)
		blob = add_blob(OCI "index.v1+json", arena_printf(&fixture.arena, "{\"manifests\": [{%s}]}", blob));
	add_layout(arena_printf(&fixture.arena, "{%s}", blob));
	refused("nested too deep");
}

static void test_damaged(void **state)
{
	_cleanup_error_ struct error err = {0};
	static const char zeros[65536];
	struct oci_image image;

	(void)state;
	begin();
	add_member("blobs/sha256/0000000000000000000000000000000000000000000000000000000000000000", AE_IFREG, zeros, sizeof(zeros));
	assert_int_equal(finish(&image, &err, 60000), -1);
	assert_non_null(strstr(error_text(&err), "a.tar: blobs/sha256/0000"));
	begin();
	assert_int_equal(archive_write_close(writer), ARCHIVE_OK);
	memset(written, 'x', 512);
	refused("is no tar archive");
}

static void check_name(const char *name, const char *full)
{
	_cleanup_error_ struct error err = {0};
	const char *out = NULL;

	if (oci_reference_normalize(&fixture.arena, name, &out, &err) < 0)
		fail_msg("%s", error_text(&err));
	assert_string_equal(out, full);
}

static void refuse_name(const char *name)
{
	_cleanup_error_ struct error err = {0};
	const char *out = "kept";

	assert_int_equal(oci_reference_normalize(&fixture.arena, name, &out, &err), -1);
	assert_string_equal(out, "kept");
}

#define DIGEST "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_names(void **state)
{
	static const char *const bad[] = {
		"", ":1", "a:", "A", "a b", "a:b:c", "-a", "a/", "/a", "a//b", "a:.x", "a:-x", "a@sha256:12", "a\n", "x.org/", "x.org:p/a",
		"a/../b", "a:t/x",
	};

	(void)state;
	check_name("demo", "docker.io/library/demo:latest");
	check_name("demo:1", "docker.io/library/demo:1");
	check_name("me/demo", "docker.io/me/demo:latest");
	check_name("registry.k8s.io/pause:3.9", "registry.k8s.io/pause:3.9");
	check_name("localhost/a/b:x", "localhost/a/b:x");
	check_name("10.0.0.1:5000/a:V_1.2-x", "10.0.0.1:5000/a:V_1.2-x");
	check_name("x.org/a" DIGEST, "x.org/a" DIGEST);
	check_name("a:1" DIGEST, "docker.io/library/a:1" DIGEST);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		refuse_name(bad[i]);
}

/* What the builder writes, the importer reads. */
static void test_list(void **state)
{
	struct image items[2] = {{.key = "pause", .name = "registry.k8s.io/pause:3.9"}, {.key = "demo", .name = "docker.io/library/demo:1"}};
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error err = {0};
	struct image_list list;

	(void)state;
	begin();
	add_layout(arena_printf(&fixture.arena, "{%s}", add_manifest("amd64", "layer")));
	assert_int_equal(finish(&items[0].oci, &err, 0), 0);
	items[1].oci = items[0].oci;
	images_list(&fixture.arena, &(struct images){items, 2}, "registry.k8s.io/pause:3.9", &text);
	assert_int_equal(image_list_parse(&fixture.arena, "list", text.data, text.len, &list, &err), 0);
	assert_int_equal(list.count, 5); /* three blobs once, two images */
	assert_string_equal(list.records[0].media_type, OCI "layer.v1.tar");
	assert_null(list.records[0].labels[0]);
	assert_non_null(strstr(list.records[2].labels[0], "containerd.io/gc.ref.content.config=sha256:"));
	assert_non_null(strstr(list.records[2].labels[1], "containerd.io/gc.ref.content.l.0=sha256:"));
	assert_true(list.records[3].is_image);
	assert_string_equal(list.records[3].labels[0], "io.cri-containerd.image=managed");
	assert_string_equal(list.records[3].labels[1], "io.cri-containerd.pinned=pinned");
	assert_string_equal(list.records[4].name, "docker.io/library/demo:1");
	assert_null(list.records[4].labels[1]);
}

static void test_bad_lists(void **state)
{
	static const char *const bad[] = {
		"", "mkdl-images 2\n", "mkdl-images 1\nblob\n", "mkdl-images 1\nblob x 1 t\n", "mkdl-images 1\nfile a b c\n",
		"mkdl-images 1\nblob sha256:../../../../../etc/passwd 1 t\n",
		"mkdl-images 1\nblob sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef -1 t\n",
		"mkdl-images 1\nblob sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef 1 t label\n",
		"mkdl-images 1\nblob sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef 99999999999999999999 t\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		_cleanup_error_ struct error err = {0};
		struct image_list list = {.count = 77};

		assert_int_equal(image_list_parse(&fixture.arena, "list", bad[i], strlen(bad[i]), &list, &err), -1);
		assert_int_equal(list.count, 77);
		assert_memory_equal(error_text(&err), "list:", 5);
	}
}

static int setup(void **state)
{
	(void)state;
	return store_fixture_open(&fixture);
}

static int teardown(void **state)
{
	(void)state;
	free(written);
	return store_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain), cmocka_unit_test(test_kept), cmocka_unit_test(test_many_machines),
		cmocka_unit_test(test_other_formats),
		cmocka_unit_test(test_hostile_members), cmocka_unit_test(test_hostile_json), cmocka_unit_test(test_lies),
		cmocka_unit_test(test_damaged), cmocka_unit_test(test_names), cmocka_unit_test(test_list),
		cmocka_unit_test(test_bad_lists),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
