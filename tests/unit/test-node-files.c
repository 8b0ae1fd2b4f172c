#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "node-fixture.h"

static void test_users(void **state)
{
	struct user users[] = {
		{.name = "me", .uid = 1000, .gid = 1000, .ssh_keys = STRINGS("ssh-ed25519 AAAA me"), .at = {"w.yml", 3, 3}},
		{.name = "root", .ssh_keys = STRINGS("ssh-ed25519 AAAA root", "ssh-rsa BBBB"), .at = {"w.yml", 4, 3}},
	};
	struct profile p = {.users = users, .user_count = 2, .failure_delay = 30};
	struct build b = build_with(&p);
	const struct node *n;

	(void)state;
	added(&b);
	assert_string_equal(text_of(&b, "/etc/passwd"), "root:x:0:0::/root:/bin/sh\nme:x:1000:1000::/home/me:/bin/sh\n"
							"nobody:x:65534:65534::/:/bin/false\n");
	assert_string_equal(text_of(&b, "/etc/group"), "root:x:0:\ntty:x:5:\nme:x:1000:\nnogroup:x:65534:\n");
	assert_string_equal(text_of(&b, "/etc/shadow"), "root:*:::::::\nme:*:::::::\nnobody:*:::::::\n");
	assert_string_equal(text_of(&b, "/root/.ssh/authorized_keys"), "ssh-ed25519 AAAA root\nssh-rsa BBBB\n");
	n = tree_find(&b.tree, "/home/me/.ssh/authorized_keys");
	assert_int_equal(n->mode, 0600);
	assert_int_equal(n->uid, 1000);
	assert_int_equal(n->layer, LAYER_SITE);
	assert_int_equal(tree_find(&b.tree, "/home/me/.ssh")->mode, 0700);
	assert_int_equal(tree_find(&b.tree, "/root")->mode, 0700);
	assert_int_equal(tree_find(&b.tree, "/etc/shadow")->mode, 0600);
	assert_null(tree_find(&b.tree, "/etc/containerd/config.toml"));
}

static void test_bad_users(void **state)
{
	struct user user = {.name = "a:b", .uid = 7, .at = {"w.yml", 3, 5}};
	struct profile p = {.users = &user, .user_count = 1};
	struct build b = build_with(&p);

	(void)state;
	refused(&b, "w.yml:3:5: user a:b: \"a:b\" cannot be its name");
	user.name = "a";
	user.shell = "sh";
	refused(&b, "w.yml:3:5: user a: \"sh\" cannot be its shell");
	user.shell = "/bin/sh";
	user.uid = 0;
	refused(&b, "w.yml:3:5: users root and a have the same uid 0");
	user.uid = 7;
	user.ssh_keys = (struct strings)STRINGS("one\ntwo");
	refused(&b, "w.yml:3:5: user a: SSH key 1 is not one line");
}

static void test_standalone(void **state)
{
	struct profile p = worker();
	struct build b = worker_build(&p);
	const char *text;
	struct plan plan;
	_cleanup_error_ struct error err = {0};

	(void)state;
	add_program(&b, "/opt/cni/bin/portmap");
	added(&b);
	text = text_of(&b, "/etc/mkdl/plan");
	assert_int_equal(plan_parse(&fixture.arena, "plan", text, strlen(text), &plan, &err), 0);
	assert_int_equal(plan.service_count, 2);
	assert_string_equal(plan.services[0].name, "containerd");
	assert_string_equal(plan.services[0].run.items[0], "/usr/bin/containerd");
	assert_string_equal(plan.services[0].run.items[2], "/etc/containerd/config.toml");
	assert_int_equal(plan.services[0].ready, PLAN_READY_SOCKET);
	assert_string_equal(plan.services[1].run.items[0], "/usr/bin/kubelet");
	assert_string_equal(plan.services[1].run.items[2], "--container-runtime=remote");
	assert_string_equal(plan.services[1].needs.items[0], "containerd");
	assert_int_equal(plan.services[1].ready, PLAN_READY_HTTP);
	assert_int_equal(plan.state_count, 2);
	assert_memory_equal(text_of(&b, "/etc/containerd/config.toml"), "version = 2\n", 12);
	text = text_of(&b, "/etc/cni/net.d/10-mkdl.conflist");
	assert_null(strstr(text, "portmap")); /* no iptables in the image */
	assert_non_null(strstr(text, "\"ipMasq\": false"));
	add_program(&b, "/usr/sbin/xtables-nft-multi");
	added(&b);
	text = text_of(&b, "/etc/cni/net.d/10-mkdl.conflist");
	assert_non_null(strstr(text, "portmap"));
	assert_non_null(strstr(text, "\"ipMasq\": true"));
}

/* What the profile says about a service stays; what it leaves out is filled in. */
static void test_own_services(void **state)
{
	struct plan_service services[] = {
		{.name = "kubelet", .run = STRINGS("/opt/kubelet", "--x"), .needs = STRINGS("containerd", "prepare"),
		 .ready_timeout = 60, .stop_timeout = 30},
		{.name = "prepare", .run = STRINGS("/bin/true"), .oneshot = true, .ready_timeout = 60, .at = {"w.yml", 20, 3}},
	};
	struct profile p = worker();
	struct build b;
	struct plan plan;
	_cleanup_error_ struct error err = {0};
	const char *text;

	(void)state;
	p.plan.services = services;
	p.plan.service_count = 2;
	b = worker_build(&p);
	added(&b);
	text = text_of(&b, "/etc/mkdl/plan");
	assert_int_equal(plan_parse(&fixture.arena, "plan", text, strlen(text), &plan, &err), 0);
	assert_int_equal(plan.service_count, 3);
	assert_string_equal(plan.services[0].run.items[1], "--x");
	assert_null(plan.services[0].run.items[2]);
	assert_string_equal(plan.services[0].needs.items[1], "prepare");
	assert_null(plan.services[0].needs.items[2]);
	assert_int_equal(plan.services[0].stop_timeout, 30);
	services[1].run = (struct strings){0};
	refused(&b, "w.yml:20:3: service prepare does not say what to run");
}

static void test_joined(void **state)
{
	struct profile p = worker();
	struct build b;

	(void)state;
	p.kubernetes.role = "worker";
	p.kubernetes.server = "https://10.0.0.1:6443";
	p.kubernetes.ca_cert_hash = (struct strings)STRINGS("sha256:00", "sha256:01");
	b = worker_build(&p);
	refused(&b, "w.yml:9:1: kubernetes: a worker with server: joins by /usr/libexec/mkdl/agent, which the image lacks: add the "
		    "component agent: {build: agent}");
	b = worker_build(&p);
	add_program(&b, "/usr/libexec/mkdl/agent");
	added(&b);
	assert_string_equal(text_of(&b, "/etc/mkdl/join"), "server https://10.0.0.1:6443\npin sha256:00\npin sha256:01\n");
	assert_int_equal(tree_find(&b.tree, "/etc/mkdl/join")->mode, 0600);
	assert_non_null(strstr(text_of(&b, "/etc/mkdl/plan"), "service join\nrun /usr/libexec/mkdl/agent join\noneshot\nlog console\n"));
	assert_non_null(strstr(text_of(&b, "/etc/mkdl/plan"), "needs containerd join\n"));
	assert_non_null(strstr(text_of(&b, "/etc/mkdl/plan"), "stop /usr/libexec/mkdl/agent cordon\n"));
	assert_non_null(strstr(text_of(&b, "/etc/mkdl/plan"), "--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubeconfig"));
	assert_non_null(strstr(text_of(&b, "/etc/containerd/config.toml"), "conf_template = \"/etc/cni/mkdl.conflist.template\""));
	assert_non_null(strstr(text_of(&b, "/etc/cni/mkdl.conflist.template"), "{{.PodCIDR}}"));
	assert_null(tree_find(&b.tree, "/etc/cni/net.d/10-mkdl.conflist"));
	p.kubernetes.server = NULL;
	b = worker_build(&p);
	added(&b);
	assert_null(strstr(text_of(&b, "/etc/mkdl/plan"), "kubeconfig"));
}

static void test_versions(void **state)
{
	struct component own[2] = {components[0], components[1]};
	struct profile p = worker();
	struct build b;

	(void)state;
	p.components = own;
	own[1].source.spec = NULL;
	b = worker_build(&p);
	refused(&b, "w.yml:6:3: the version of kubelet is not known, its flags and configuration depend on it; say it with "
		    "\"kubernetes: {version: …}\"");
	own[1].source = (struct source){.kind = SOURCE_URL, .spec = "https://example.org/release/v1.36.4/bin/linux/amd64/kubelet"};
	b = worker_build(&p);
	added(&b);
	assert_non_null(strstr(text_of(&b, "/etc/kubernetes/kubelet.yaml"), "containerRuntimeEndpoint"));
	own[1].version = "1.20";
	own[0].version = "2.1.0";
	b = worker_build(&p);
	refused(&b, "w.yml:9:1: kubelet 1.20 speaks CRI v1alpha2, which containerd 2.1 has no more: take containerd 1.7 or a kubelet "
		    "from 1.23 on");
	b = build_with(&p);
	own[0].version = "1.6";
	refused(&b, "w.yml:5:3: service containerd: no component brings a program containerd to the image's /usr/bin; add one, or say "
		    "what to run");
}

static const char *pod_file(const char *name, const char *text)
{
	const char *path = arena_printf(&fixture.arena, "%s/%s", fixture.folder, name);
	_cleanup_error_ struct error err = {0};

	assert_int_equal(file_write_atomic_at(AT_FDCWD, path, text, strlen(text), 0644, &err), 0);
	return path;
}

static void refuse_pod(const char *text, const char *message)
{
	_cleanup_error_ struct error err = {0};
	struct profile p = {.kubernetes = {.pods = STRINGS(pod_file("bad.yml", text))}};
	struct build b = build_with(&p);

	assert_int_equal(node_pods_add(&b, &err), -1);
	if (!strstr(error_text(&err), message))
		fail_msg("\"%s\" is not in \"%s\"", message, error_text(&err));
}

static void test_pods(void **state)
{
	static const char good[] = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: a, image: b}]}\n";
	struct profile p = {.kubernetes = {.pods = STRINGS(pod_file("web.yml", good))}};
	struct build b = build_with(&p);
	_cleanup_error_ struct error err = {0};

	(void)state;
	assert_int_equal(node_pods_add(&b, &err), 0);
	assert_string_equal(text_of(&b, "/etc/kubernetes/manifests/web.yml"), good);
	refuse_pod("", "bad.yml: is no map");
	refuse_pod("- a\n", "bad.yml: is no map");
	refuse_pod("a: [\n", "bad.yml: line ");
	refuse_pod("apiVersion: v1\nkind: Service\n", "is apiVersion: v1, kind: Service; the kubelet reads apiVersion: v1, kind: Pod here");
	refuse_pod("apiVersion: v1\nkind: Pod\n", "has no metadata: name:");
	refuse_pod("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n", "has no spec: containers:");
	refuse_pod(arena_printf(&fixture.arena, "%s---\n%s", good, good), "holds more than one document");
	p.kubernetes = (struct kubernetes){.at = {"w.yml", 9, 1}, .pods = STRINGS("/a/web.yml", "/b/web.yml")};
	b = build_with(&p);
	assert_int_equal(node_pods_add(&b, &err), -1);
	assert_string_equal(error_text(&err), "w.yml:9:1: pods: /a/web.yml and /b/web.yml have the same file name, one would replace the "
					      "other");
}

static void add_member(struct archive *w, const char *name, const char *text)
{
	struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, name);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_size(e, (la_int64_t)strlen(text));
	assert_int_equal(archive_write_header(w, e), ARCHIVE_OK);
	assert_int_equal(archive_write_data(w, text, strlen(text)), (la_ssize_t)strlen(text));
	archive_entry_free(e);
}

static const char *add_blob(struct archive *w, const char *type, const char *text)
{
	struct hash h = hash_bytes(text, strlen(text));
	char hex[HASH_HEX_SIZE];

	hash_hex(&h, hex);
	add_member(w, arena_printf(&fixture.arena, "blobs/sha256/%s", hex), text);
	return arena_printf(&fixture.arena, "{\"mediaType\": \"%s\", \"digest\": \"sha256:%s\", \"size\": %zu}", type, hex, strlen(text));
}

/* The smallest archive of an image without a name, as what sources deliver. */
static void make_image_source(void)
{
	struct archive *w = archive_write_new();
	static char archive[65536];
	const char *config, *manifest;
	size_t used;

	archive_write_set_format_ustar(w);
	assert_int_equal(archive_write_open_memory(w, archive, sizeof(archive), &used), ARCHIVE_OK);
	config = add_blob(w, "c", "{\"os\": \"linux\", \"architecture\": \"amd64\", \"rootfs\": {\"diff_ids\": []}}");
	manifest = add_blob(w, "application/vnd.oci.image.manifest.v1+json",
			    arena_printf(&fixture.arena, "{\"schemaVersion\": 2, \"config\": %s, \"layers\": []}", config));
	add_member(w, "oci-layout", "{\"imageLayoutVersion\": \"1.0.0\"}");
	add_member(w, "index.json", arena_printf(&fixture.arena, "{\"manifests\": [%s]}", manifest));
	archive_write_free(w);
	sources = (struct tree){.arena = &fixture.arena};
	assert_int_equal(store_fixture_file(&fixture, &sources, "/pause.tar", archive, used, LAYER_IMAGES), 0);
}

static void test_images(void **state)
{
	struct container_image image = {.key = "pause", .name = "registry.k8s.io/pause:3.6", .at = {"w.yml", 12, 3}};
	struct profile p = worker();
	struct build b;
	size_t count;

	(void)state;
	make_image_source();
	p.images = &image;
	p.image_count = 1;
	p.containerd = (struct containerd){.sandbox_image = "registry.k8s.io/pause:3.6", .at = {"w.yml", 14, 1}};
	b = worker_build(&p);
	assert_string_equal(implicit_components(&b, &count)->source.spec, "containerd-clients");
	assert_int_equal(count, 2);
	assert_string_equal(implicit_components(&b, &count)[1].to, "/usr/libexec/mkdl/drain");
	added(&b);
	assert_int_equal(tree_find(&b.tree, "/usr/share/mkdl/images/list")->layer, LAYER_IMAGES);
	assert_non_null(strstr(text_of(&b, "/etc/mkdl/plan"), "service images\nrun /usr/libexec/mkdl/image-import --socket "
				"/run/containerd/containerd.sock --list /usr/share/mkdl/images/list --blobs "
				"/usr/share/mkdl/images/blobs/sha256 --remove\nneeds containerd\noneshot\n"));
	assert_non_null(strstr(text_of(&b, "/etc/mkdl/plan"), "needs containerd images\n"));
	assert_non_null(strstr(text_of(&b, "/etc/mkdl/plan"), "stop /usr/libexec/mkdl/drain --timeout 120\nstop-timeout 180\n"));
	assert_non_null(strstr(text_of(&b, "/etc/containerd/config.toml"), "sandbox_image = \"registry.k8s.io/pause:3.6\""));
	p.containerd.sandbox_image = "registry.k8s.io/pause:3.9";
	b = worker_build(&p);
	refused(&b, "w.yml:12:3: image pause is registry.k8s.io/pause:3.6, but containerd's sandbox_image (w.yml:14) is "
		    "registry.k8s.io/pause:3.9: no pod could start; make them the same");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_users), cmocka_unit_test(test_bad_users), cmocka_unit_test(test_standalone),
		cmocka_unit_test(test_own_services), cmocka_unit_test(test_joined), cmocka_unit_test(test_versions),
		cmocka_unit_test(test_pods),
		cmocka_unit_test(test_images),
	};

	return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
