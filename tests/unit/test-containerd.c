#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "builder/cni-config.h"
#include "builder/containerd-config.h"
#include "golden.h"

static void test_golden(void **state)
{
	static const struct version versions[] = {{1, 6}, {1, 7}, {2, 0}, {2, 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++) {
		_cleanup_strbuf_ struct strbuf text = {0};
		_cleanup_error_ struct error err = {0};
		struct arena a = {0};
		char name[64];
		const struct containerd_settings s = {
			.version = versions[i],
			.sandbox_image = "registry.k8s.io/pause:3.9",
			.cri = true,
			.cni_conf_dir = CNI_CONF_DIR,
		};

		assert_int_equal(containerd_config(&a, &s, &text, &err), 0);
		snprintf(name, sizeof(name), "containerd-%u.%u.toml", versions[i].major, versions[i].minor);
		assert_golden(name, &text);
		arena_free(&a);
	}
}

static void test_choices(void **state)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error err = {0};
	struct arena a = {0};
	const struct containerd_settings s = {
		.version = {1, 7},
		.snapshotter = "zfs",
		.cri = true,
		.cni_conf_dir = CNI_RUN_CONF_DIR,
		.cni_template = CNI_TEMPLATE_FILE,
	};

	(void)state;
	assert_int_equal(containerd_config(&a, &s, &text, &err), 0);
	assert_null(strstr(text.data, "snapshotter.v1.zfs"));
	assert_non_null(strstr(text.data, "snapshotter.v1.btrfs"));
	assert_non_null(strstr(text.data, "  snapshotter = \"zfs\"\n"));
	assert_null(strstr(text.data, "sandbox_image"));
	assert_non_null(strstr(text.data, "  conf_dir = \"/run/cni/net.d\"\n  conf_template = \"/etc/cni/mkdl.conflist.template\"\n"));
	arena_free(&a);
}

/* Nobody speaks CRI to it: the plugins are off, and need no settings. */
static void test_no_cri(void **state)
{
	(void)state;
	for (unsigned major = 1; major <= 2; major++) {
		_cleanup_strbuf_ struct strbuf text = {0};
		_cleanup_error_ struct error err = {0};
		struct arena a = {0};
		const struct containerd_settings s = {.version = {major, major == 1 ? 6 : 0}, .cni_conf_dir = CNI_CONF_DIR};

		assert_int_equal(containerd_config(&a, &s, &text, &err), 0);
		assert_non_null(strstr(text.data, "  \"io.containerd.grpc.v1.cri\",\n"));
		assert_int_equal(strstr(text.data, "io.containerd.cri.v1.runtime") != NULL, major == 2);
		assert_null(strstr(text.data, "[plugins"));
		assert_non_null(strstr(text.data, "address = \"/run/containerd/containerd.sock\"\n"));
		arena_free(&a);
	}
}

static void test_too_old(void **state)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error err = {0};
	struct arena a = {0};

	(void)state;
	assert_int_equal(containerd_config(&a, &(struct containerd_settings){.version = {1, 5}}, &text, &err), -1);
	assert_string_equal(error_text(&err), "containerd 1.5 is too old: 1.6 is the first whose configuration is known here");
	assert_null(text.data);
	arena_free(&a);
}

static void test_kubelets(void **state)
{
	_cleanup_error_ struct error err = {0};

	(void)state;
	assert_int_equal(containerd_check_kubelet((struct version){1, 6}, (struct version){1, 20}, &err), 0);
	assert_int_equal(containerd_check_kubelet((struct version){2, 1}, (struct version){1, 36}, &err), 0);
	assert_int_equal(containerd_check_kubelet((struct version){1, 7}, (struct version){1, 37}, &err), 0);
	assert_int_equal(containerd_check_kubelet((struct version){2, 0}, (struct version){1, 22}, &err), -1);
	assert_non_null(strstr(error_text(&err), "v1alpha2"));
	assert_int_equal(containerd_check_kubelet((struct version){1, 7}, (struct version){1, 38}, &err), -1);
	assert_non_null(strstr(error_text(&err), "RuntimeConfig"));
}

static void test_cni(void **state)
{
	_cleanup_strbuf_ struct strbuf full = {0}, bare = {0};

	(void)state;
	cni_config(&(struct cni_settings){.pod_cidr = CNI_POD_CIDR, .masquerade = true, .portmap = true}, &full);
	assert_golden("cni-standalone.conflist", &full);
	cni_config(&(struct cni_settings){.pod_cidr = "{{.PodCIDR}}"}, &bare);
	assert_golden("cni-worker.conflist.template", &bare);
}

static void test_cidr(void **state)
{
	(void)state;
	assert_true(cni_check_cidr(CNI_POD_CIDR));
	assert_true(cni_check_cidr("10.0.0.0/8"));
	assert_false(cni_check_cidr("10.88.0.0"));
	assert_false(cni_check_cidr("10.88.0.1/24"));
	assert_false(cni_check_cidr("10.88.0.0/30"));
	assert_false(cni_check_cidr("10.88.0.0/+24"));
	assert_false(cni_check_cidr("10.88.0.0/24x"));
	assert_false(cni_check_cidr("10.88.0/24"));
	assert_false(cni_check_cidr("fd00::/64"));
	assert_false(cni_check_cidr("/24"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden), cmocka_unit_test(test_choices), cmocka_unit_test(test_no_cri),
		cmocka_unit_test(test_too_old),
		cmocka_unit_test(test_kubelets), cmocka_unit_test(test_cni), cmocka_unit_test(test_cidr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
