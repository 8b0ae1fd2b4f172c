#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/reader.h"
#include "config/registries.h"
#include "golden.h"

#define PEM "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"

static const char good[] =
	"docker.io: [\"http://10.0.0.1:5000\", \"https://mirror.example.org/v2/hub\", \"http://10.0.0.1:5000\"]\n"
	"\"10.0.0.1:5000\": \"http://10.0.0.1:5000\"\n"
	"reg.example.org: {ca: \"-----BEGIN CERTIFICATE-----\\nx\\n-----END CERTIFICATE-----\\n\"}\n";

static size_t read_text(struct arena *a, const char *text, struct registries *out)
{
	struct diagnostics diag = {.arena = a};
	struct reader r = {.arena = a, .diag = &diag};
	const struct value *v = yaml_parse(a, "x.yml", text, strlen(text), &diag);
	const struct value name = {.type = VALUE_SCALAR, .text = "registries"};

	assert_non_null(v);
	registries_read(&r, &name, v, out);
	return diag.errors;
}

static void test_containerd(void **state)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_arena_ struct arena a = {0};
	const struct registry_file *files;
	struct registries all = {0};
	size_t count;

	(void)state;
	assert_int_equal(read_text(&a, good, &all), 0);
	count = registries_files(&a, &all, false, &files);
	for (size_t i = 0; i < count; i++)
		strbuf_printf(&text, "== %s\n%s", files[i].path, files[i].text);
	assert_golden("registries-containerd", &text);
}

static void test_docker(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	const struct registry_file *files;
	struct registries all = {0};
	struct strings flags = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(read_text(&a, good, &all), 0);
	assert_int_equal(registries_docker(&a, &all, &flags, &err), 0);
	assert_int_equal(flags.count, 4);
	assert_string_equal(flags.items[0], "--insecure-registry=10.0.0.1:5000");
	assert_string_equal(flags.items[1], "--registry-mirror=http://10.0.0.1:5000");
	assert_string_equal(flags.items[2], "--registry-mirror=https://mirror.example.org/v2/hub");
	assert_string_equal(flags.items[3], "--insecure-registry=10.0.0.1:5000");
	assert_int_equal(registries_files(&a, &all, true, &files), 1);
	assert_string_equal(files[0].path, "/etc/docker/certs.d/reg.example.org/ca.crt");
	assert_string_equal(files[0].text, PEM);
}

static void test_docker_mirrors_one(void **state)
{
	static const char *const bad[] = {"quay.io: \"http://10.0.0.1:5000\"\n", "_default: \"https://10.0.0.1:5000\"\n"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		_cleanup_arena_ struct arena a = {0};
		_cleanup_error_ struct error err = {0};
		struct registries all = {0};
		struct strings flags = {0};

		assert_int_equal(read_text(&a, bad[i], &all), 0);
		assert_int_equal(registries_docker(&a, &all, &flags, &err), -1);
		assert_non_null(strstr(error_text(&err), "x.yml:1:1: registries: dockerd mirrors docker.io only"));
	}
}

static void test_bad(void **state)
{
	static const char *const bad[] = {
		"docker.io: [5000]\n", "docker.io: \"http://a\\\"b\"\n", "docker.io: \"ftp://a\"\n", "docker.io: \"http://u:p@a\"\n",
		"../x: \"http://a\"\n", "docker.io: []\n", "docker.io: {mirror: \"http://a\"}\n", "docker.io: {ca: [x]}\n",
		"_default: {ca: x}\n", "docker.io: \"http://a\\nb\"\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		_cleanup_arena_ struct arena a = {0};
		struct registries all = {0};

		if (read_text(&a, bad[i], &all) == 0)
			fail_msg("taken: %s", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_containerd), cmocka_unit_test(test_docker), cmocka_unit_test(test_docker_mirrors_one),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
