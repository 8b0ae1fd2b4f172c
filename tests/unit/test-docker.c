#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "builder/cni-config.h"
#include "builder/docker-config.h"
#include "builder/kubelet-config.h"
#include "builder/runtime.h"
#include "golden.h"
#include "node/docker/answers.h"
#include "node/docker/http.h"
#include "node/docker/image-list.h"
#include "node/docker/tar.h"

static void test_daemon_golden(void **state)
{
	static const struct version versions[] = {{20, 10}, {28, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++) {
		const struct docker_settings s = {.version = versions[i], .storage_driver = i ? "vfs" : NULL};
		_cleanup_strbuf_ struct strbuf text = {0};
		char name[64];

		docker_config(&s, &text);
		snprintf(name, sizeof(name), "docker-%u.%u.json", versions[i].major, versions[i].minor);
		assert_golden(name, &text);
	}
}

static void test_flags_golden(void **state)
{
	const struct kubelet_settings s = {
		.version = {1, 20},
		.role = KUBELET_JOINED,
		.runtime = RUNTIME_DOCKERSHIM,
		.endpoint = "unix://" DOCKER_SOCKET,
		.sandbox_image = "registry.k8s.io/pause:3.6",
		.node_ip = "${node_ip}",
	};
	_cleanup_strbuf_ struct strbuf kubelet = {0}, dockerd = {0}, cri = {0};
	_cleanup_arena_ struct arena a = {0};
	const struct {
		struct strings list;
		struct strbuf *text;
		const char *name;
	} all[] = {
		{kubelet_flags(&a, &s), &kubelet, "docker-kubelet-1.20.flags"},
		{docker_flags(&a), &dockerd, "docker.flags"},
		{cri_dockerd_flags(&a, s.sandbox_image), &cri, "docker-cri-dockerd.flags"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		for (size_t j = 0; j < all[i].list.count; j++)
			strbuf_printf(all[i].text, "%s\n", all[i].list.items[j]);
		assert_golden(all[i].name, all[i].text);
	}
}

/* All three are told the same driver of cgroups, whichever version. */
static void test_cgroup_driver(void **state)
{
	static const struct version kubelets[] = {{1, 20}, {1, 23}, {1, 24}, {1, 32}, {1, 36}};
	static const enum container_runtime runtimes[] = {RUNTIME_CONTAINERD, RUNTIME_DOCKERSHIM, RUNTIME_CRI_DOCKERD};
	_cleanup_strbuf_ struct strbuf docker = {0};

	(void)state;
	docker_config(&(struct docker_settings){.version = {20, 10}}, &docker);
	assert_non_null(strstr(docker.data, "\"native.cgroupdriver=cgroupfs\""));
	for (size_t i = 0; i < sizeof(kubelets) / sizeof(*kubelets); i++)
		for (size_t j = 0; j < sizeof(runtimes) / sizeof(*runtimes); j++) {
			_cleanup_strbuf_ struct strbuf config = {0};
			_cleanup_arena_ struct arena a = {0};
			const struct kubelet_settings s = {
				.version = kubelets[i], .role = KUBELET_STANDALONE, .runtime = runtimes[j], .endpoint = "unix:///x",
			};

			kubelet_config(&a, &s, &config);
			assert_non_null(strstr(config.data, "\ncgroupDriver: cgroupfs\n"));
		}
}

/* In a cluster the shim and cri-dockerd give the addresses with each call, and want to be asked for it. */
static void test_cni_golden(void **state)
{
	const struct cni_settings s = {.masquerade = false, .portmap = true};
	_cleanup_strbuf_ struct strbuf text = {0};

	(void)state;
	cni_config(&s, &text);
	assert_golden("cni-docker-worker.conflist", &text);
}

static void test_choice(void **state)
{
	static const struct {
		struct runtime_parts parts;
		enum container_runtime runtime; /* 0: refused */
		const char *message;
	} cases[] = {
		{{.containerd = true, .kubelet = {1, 36}}, RUNTIME_CONTAINERD, NULL},
		{{.containerd = true, .docker = true, .kubelet = {1, 20}, .dockerd = {20, 10}}, RUNTIME_DOCKERSHIM, NULL},
		{{.containerd = true, .docker = true, .kubelet = {1, 23}, .dockerd = {24, 0}}, RUNTIME_DOCKERSHIM, NULL},
		{{.containerd = true, .docker = true, .cri_dockerd = true, .kubelet = {1, 24}, .dockerd = {20, 10},
		  .cri_dockerd_version = {0, 2}}, RUNTIME_CRI_DOCKERD, NULL},
		{{.containerd = true, .docker = true, .cri_dockerd = true, .kubelet = {1, 36}, .dockerd = {28, 0},
		  .cri_dockerd_version = {0, 3}}, RUNTIME_CRI_DOCKERD, NULL},
		{{.containerd = true, .docker = true, .kubelet = {1, 24}, .dockerd = {20, 10}}, 0, "kubelet 1.24 cannot drive dockerd"},
		{{.containerd = true, .docker = true, .shimless = true, .kubelet = {1, 20}, .dockerd = {20, 10}}, 0,
		 "with: {docker: \"yes\"}"},
		{{.containerd = true, .docker = true, .cri_dockerd = true, .kubelet = {1, 20}, .dockerd = {20, 10},
		  .cri_dockerd_version = {0, 3}}, 0, "has a docker shim of its own"},
		{{.containerd = true, .docker = true, .cri_dockerd = true, .kubelet = {1, 26}, .dockerd = {24, 0},
		  .cri_dockerd_version = {0, 2}}, 0, "take cri-dockerd 0.3"},
		{{.containerd = true, .docker = true, .kubelet = {1, 20}, .dockerd = {19, 3}}, 0, "docker 19.3 is too old"},
		{{.docker = true, .kubelet = {1, 20}, .dockerd = {20, 10}}, 0, "add the component containerd"},
		{{.containerd = true, .cri_dockerd = true, .kubelet = {1, 28}}, 0, "add the component docker"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_error_ struct error err = {0};
		enum container_runtime runtime = 0;
		int result = runtime_choose(&cases[i].parts, &runtime, &err);

		assert_int_equal(result, cases[i].runtime ? 0 : -1);
		assert_int_equal(runtime, cases[i].runtime);
		if (cases[i].message && !strstr(error_text(&err), cases[i].message))
			fail_msg("case %zu: %s", i, error_text(&err));
	}
}

static const char containers[] =
	"[{\"Id\": \"c1\", \"Labels\": {\"io.kubernetes.docker.type\": \"container\", \"io.kubernetes.sandbox.id\": \"5a\","
	"  \"io.kubernetes.container.name\": \"web\", \"annotation.io.kubernetes.pod.terminationGracePeriod\": \"60\"}},"
	" {\"Id\": \"c2\", \"Labels\": {\"io.kubernetes.docker.type\": \"container\","
	"  \"annotation.io.kubernetes.pod.terminationGracePeriod\": \"-7\"}},"
	" {\"Id\": \"5a\", \"Labels\": {\"io.kubernetes.docker.type\": \"podsandbox\", \"io.kubernetes.pod.name\": \"p\","
	"  \"io.kubernetes.pod.namespace\": \"default\"}},"
	" {\"Id\": \"../x\", \"Labels\": {\"io.kubernetes.docker.type\": \"container\"}},"
	" {\"Id\": \"c3\", \"Labels\": {}}, {\"Id\": 7}, 8]";

static void test_containers(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	struct error err = {0};
	struct pods pods;

	(void)state;
	assert_int_equal(docker_read_containers(&a, containers, strlen(containers), &pods, &err), 0);
	assert_int_equal(pods.containers.count, 2);
	assert_string_equal(pods.containers.items[0].id, "c1");
	assert_string_equal(pods.containers.items[0].sandbox_id, "5a");
	assert_string_equal(pods.containers.items[0].name, "web");
	assert_int_equal(pods.containers.items[0].grace, 60);
	assert_int_equal(pods.containers.items[1].grace, 30);
	assert_int_equal(pods.sandboxes.count, 1);
	assert_string_equal(pods.sandboxes.items[0].name, "p");
	assert_string_equal(pods.sandboxes.items[0].namespace, "default");
}

static void test_answers(void **state)
{
	static const char ended[] = "{\"State\": {\"Running\": false, \"ExitCode\": 137}}",
			  runs[] = "{\"State\": {\"Running\": true, \"ExitCode\": 0}}",
			  loaded[] = "{\"stream\":\"Loaded image: demo:1\\n\"}\r\n{\"status\":\"x\"}\n",
			  failed[] = "{\"stream\":\"x\"}\n{\"errorDetail\":{\"message\":\"no space\"},\"error\":\"no space\"}\n",
			  refused[] = "{\"message\":\"no such container\"}";
	struct error err = {0};
	int64_t code = 0;

	(void)state;
	assert_int_equal(docker_read_exit_code(ended, strlen(ended), &code, &err), 0);
	assert_int_equal(code, 137);
	assert_int_equal(docker_read_exit_code(runs, strlen(runs), &code, &err), 0);
	assert_int_equal(code, -1);
	assert_int_equal(docker_check_load(loaded, strlen(loaded), &err), 0);
	assert_int_equal(docker_check_load("", 0, &err), 0);
	assert_int_equal(docker_check_load(failed, strlen(failed), &err), -1);
	assert_string_equal(error_text(&err), "docker: no space");
	error_clear(&err);
	docker_refused(404, refused, strlen(refused), &err);
	assert_string_equal(error_text(&err), "docker: no such container (status 404)");
	error_clear(&err);
}

/* Whatever comes is an answer or an error, never a crash: every beginning of them. */
static void test_cut_off(void **state)
{
	static const char http[] = "HTTP/1.0 404 Not Found\r\nServer: x\r\n\r\n{\"message\": \"gone\"}";

	(void)state;
	for (size_t n = 0; n < strlen(containers); n++) {
		_cleanup_arena_ struct arena a = {0};
		_cleanup_error_ struct error err = {0};
		struct pods pods;

		assert_int_equal(docker_read_containers(&a, containers, n, &pods, &err), -1);
	}
	for (size_t n = 0; n <= strlen(http); n++) {
		_cleanup_error_ struct error err = {0};
		struct http_answer answer = {0};
		int result = http_parse(http, n, &answer, &err);

		assert_int_equal(result, n < strlen(http) - strlen("{\"message\": \"gone\"}") ? -1 : 0);
		if (result == 0)
			assert_int_equal(answer.status, 404);
		strbuf_free(&answer.body);
	}
}

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_list(void **state)
{
	static const char good[] = "mkdl-docker-images 1\nimage docker.io/library/demo:1 sha256:" HEX "\n"
				   "member manifest.json 12 " HEX "\nmember a.tar 0 " HEX "\n";
	static const char *const bad[] = {
		"", "mkdl-images 1\n", "mkdl-docker-images 1\nmember a 1 " HEX "\n", "mkdl-docker-images 1\nimage x sha256:12\n",
		"mkdl-docker-images 1\nimage x sha256:" HEX "\nmember a 99999999999 " HEX "\n",
		"mkdl-docker-images 1\nimage x sha256:" HEX "\nmember a 1 ../" HEX "\n",
		"mkdl-docker-images 1\nimage x sha256:" HEX "\nmember a 1\n",
	};
	_cleanup_arena_ struct arena a = {0};
	_cleanup_error_ struct error err = {0};
	struct docker_images images;

	(void)state;
	assert_int_equal(docker_images_parse(&a, "list", good, strlen(good), &images, &err), 0);
	assert_int_equal(images.count, 1);
	assert_int_equal(images.items[0].count, 2);
	assert_int_equal(images.items[0].members[0].size, 12);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		_cleanup_error_ struct error problem = {0};

		assert_int_equal(docker_images_parse(&a, "list", bad[i], strlen(bad[i]), &images, &problem), -1);
	}
}

static void test_tar(void **state)
{
	char block[TAR_BLOCK];
	unsigned sum = 0;

	(void)state;
	tar_header(block, "manifest.json", 1000);
	assert_string_equal(block, "manifest.json");
	assert_memory_equal(block + 124, "00000001750", 12);
	assert_memory_equal(block + 257, "ustar\00000", 8);
	for (int i = 0; i < TAR_BLOCK; i++)
		sum += i >= 148 && i < 156 ? ' ' : (unsigned char)block[i];
	assert_int_equal(strtoul(block + 148, NULL, 8), sum);
	assert_int_equal(tar_space(0), 512);
	assert_int_equal(tar_space(1), 1024);
	assert_int_equal(tar_space(512), 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_daemon_golden), cmocka_unit_test(test_flags_golden), cmocka_unit_test(test_cgroup_driver),
		cmocka_unit_test(test_cni_golden), cmocka_unit_test(test_choice), cmocka_unit_test(test_containers),
		cmocka_unit_test(test_answers), cmocka_unit_test(test_cut_off), cmocka_unit_test(test_list), cmocka_unit_test(test_tar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
