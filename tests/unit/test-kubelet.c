#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <yaml.h>

#include "builder/kubelet-config.h"
#include "golden.h"

static struct kubelet_settings settings(struct version version, enum kubelet_role role)
{
	static const char *dns[] = {"10.96.0.10"}, *args[] = {"--v=2"};
	static struct pair labels[] = {{.key = "rack", .value = "a1"}, {.key = "diskless", .value = "true"}};

	return (struct kubelet_settings){
		.version = version,
		.role = role,
		.endpoint = "unix:///run/containerd/containerd.sock",
		.sandbox_image = "registry.k8s.io/pause:3.9",
		.node_ip = "${node_ip}",
		.pod_cidr = "10.88.0.0/24",
		.dns = {.items = dns, .count = 1},
		.domain = "cluster.local",
		.max_pods = 64,
		.labels = {.items = labels, .count = 2},
		.args = {.items = args, .count = 1},
	};
}

/* The configuration must also be what a YAML parser takes. */
static void assert_yaml(const struct strbuf *text)
{
	yaml_parser_t parser;
	yaml_document_t doc;

	assert_true(yaml_parser_initialize(&parser));
	yaml_parser_set_input_string(&parser, (const unsigned char *)text->data, text->len);
	assert_true(yaml_parser_load(&parser, &doc));
	assert_int_equal(yaml_document_get_root_node(&doc)->type, YAML_MAPPING_NODE);
	yaml_document_delete(&doc);
	yaml_parser_delete(&parser);
}

static void check_version(struct version version, enum kubelet_role role, const char *role_name)
{
	_cleanup_strbuf_ struct strbuf flags = {0}, config = {0};
	struct kubelet_settings s = settings(version, role);
	struct arena a = {0};
	struct strings list = kubelet_flags(&a, &s);
	char name[64];

	for (size_t i = 0; i < list.count; i++)
		strbuf_printf(&flags, "%s\n", list.items[i]);
	snprintf(name, sizeof(name), "kubelet-%u.%u-%s.flags", version.major, version.minor, role_name);
	assert_golden(name, &flags);
	kubelet_config(&a, &s, &config);
	assert_yaml(&config);
	snprintf(name, sizeof(name), "kubelet-%u.%u-%s.yaml", version.major, version.minor, role_name);
	assert_golden(name, &config);
	arena_free(&a);
}

static void test_golden(void **state)
{
	static const struct version versions[] = {{1, 20}, {1, 24}, {1, 28}, {1, 32}, {1, 36}};

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++) {
		check_version(versions[i], KUBELET_STANDALONE, "standalone");
		check_version(versions[i], KUBELET_JOINED, "worker");
	}
}

static bool has_flag(struct version version, const char *flag)
{
	struct kubelet_settings s = settings(version, KUBELET_JOINED);
	struct arena a = {0};
	struct strings list = kubelet_flags(&a, &s);
	bool found = false;

	for (size_t i = 0; i < list.count; i++)
		found = found || !strcmp(list.items[i], flag);
	arena_free(&a);
	return found;
}

static bool has_line(struct version version, const char *line)
{
	struct kubelet_settings s = settings(version, KUBELET_JOINED);
	_cleanup_strbuf_ struct strbuf config = {0};
	struct arena a = {0};

	kubelet_config(&a, &s, &config);
	arena_free(&a);
	return strstr(config.data, line) != NULL;
}

/* A flag that a kubelet does not know keeps it from starting: the edges matter most. */
static void test_edges(void **state)
{
	const char *endpoint = "--container-runtime-endpoint=unix:///run/containerd/containerd.sock";
	const char *pause = "--pod-infra-container-image=registry.k8s.io/pause:3.9";

	(void)state;
	assert_true(has_flag((struct version){1, 26}, "--container-runtime=remote"));
	assert_false(has_flag((struct version){1, 27}, "--container-runtime=remote"));
	assert_true(has_flag((struct version){1, 26}, endpoint));
	assert_false(has_line((struct version){1, 26}, "\ncontainerRuntimeEndpoint:"));
	assert_false(has_flag((struct version){1, 27}, endpoint));
	assert_true(has_line((struct version){1, 27}, "\ncontainerRuntimeEndpoint: \"unix:///run/containerd/containerd.sock\"\n"));
	assert_true(has_flag((struct version){1, 34}, pause));
	assert_false(has_flag((struct version){1, 35}, pause));
	assert_false(has_line((struct version){1, 30}, "failCgroupV1"));
	assert_true(has_line((struct version){1, 31}, "failCgroupV1: true"));
	assert_false(has_line((struct version){1, 26}, "seccompDefault"));
	assert_true(has_line((struct version){1, 27}, "seccompDefault: true"));
}

static void test_quoting(void **state)
{
	struct kubelet_settings s = settings((struct version){1, 36}, KUBELET_STANDALONE);
	_cleanup_strbuf_ struct strbuf config = {0};
	struct arena a = {0};

	(void)state;
	s.domain = "a\"b\\c\nstaticPodPath: /evil";
	kubelet_config(&a, &s, &config);
	assert_yaml(&config);
	assert_non_null(strstr(config.data, "clusterDomain: \"a\\\"b\\\\c\\u000astaticPodPath: /evil\"\n"));
	arena_free(&a);
}

static void assert_version(const char *text, unsigned major, unsigned minor)
{
	struct version v;

	assert_true(version_parse(text, &v));
	assert_int_equal(v.major, major);
	assert_int_equal(v.minor, minor);
}

static void test_versions(void **state)
{
	struct version v = {7, 7};

	(void)state;
	assert_version("v1.36.4", 1, 36);
	assert_version("1.20.2", 1, 20);
	assert_version("1.6.20~ds1-1+deb12u3", 1, 6);
	assert_version("1.20.5+really1.19.2-1.1+deb12u1", 1, 19);
	assert_version("2:20.10", 20, 10);
	assert_false(version_parse("", &v));
	assert_false(version_parse("1", &v));
	assert_false(version_parse("v1.", &v));
	assert_false(version_parse("latest", &v));
	assert_false(version_parse("99999999999.1", &v));
	assert_true(version_parse_url("https://example.org/release/v1.36.4/bin/linux/amd64/kubelet", &v));
	assert_int_equal(v.minor, 36);
	assert_false(version_parse_url("https://10.0.0.1:8080/kubelet", &v));
	assert_true(version_parse_url("https://10.0.0.1/v1.35.0/kubelet", &v));
	assert_int_equal(v.minor, 35);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden), cmocka_unit_test(test_edges), cmocka_unit_test(test_quoting),
		cmocka_unit_test(test_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
