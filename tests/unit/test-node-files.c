#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "builder/node-files.h"
#include "builder/node-private.h"
#include "builder/source.h"
#include "init/plan.h"
#include "store-fixture.h"

#define STRINGS(...) \
	{.items = (const char *[]){__VA_ARGS__}, .count = sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)}

static struct tree sources;

/* In place of the real sources: every one delivers the same tree, and what it is called is its version. */
int source_open(struct build *b, const struct source *s, struct tree **out, struct error *err)
{
	(void)b;
	(void)s;
	(void)err;
	*out = &sources;
	return 0;
}

static const char *spec_is_version(struct build *b, const struct source *s)
{
	(void)b;
	return s->spec;
}

const struct source_handler *source_handler(enum source_kind kind)
{
	static const struct source_handler handler = {.name = "apt", .version = spec_is_version}, none = {.name = "url"};

	return kind == SOURCE_URL ? &none : &handler;
}

static struct build build_with(const struct profile *p)
{
	struct build b = {.arena = &fixture.arena, .store = fixture.store, .profile = *p, .tree = {.arena = &fixture.arena}};

	b.profile.name = "worker";
	b.profile.file = "w.yml";
	return b;
}

static void add_program(struct build *b, const char *path)
{
	assert_int_equal(store_fixture_file(&fixture, &b->tree, path, "x", 1, LAYER_RUNTIME), 0);
}

static const char *text_of(struct build *b, const char *path)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error err = {0};
	const struct node *n = tree_find(&b->tree, path);

	if (!n)
		fail_msg("%s is missing", path);
	assert_int_equal(store_read_blob(&b->store, &n->content, 1 << 20, &text, &err), 0);
	return arena_strndup(&fixture.arena, text.data, text.len);
}

static void refused(struct build *b, const char *message)
{
	_cleanup_error_ struct error err = {0};

	assert_int_equal(node_files_add(b, &err), -1);
	assert_string_equal(error_text(&err), message);
}

static void added(struct build *b)
{
	_cleanup_error_ struct error err = {0};

	if (node_files_add(b, &err) < 0)
		fail_msg("%s", error_text(&err));
}

static struct component components[] = {
	{.name = "containerd", .source = {.kind = SOURCE_APT, .spec = "1.6.20~ds1-1"}, .at = {"w.yml", 5, 3}},
	{.name = "kubelet", .source = {.kind = SOURCE_BUILD, .spec = "1.20.2"}, .at = {"w.yml", 6, 3}},
};

static struct profile worker(void)
{
	return (struct profile){
		.components = components,
		.component_count = 2,
		.kubernetes = {.enabled = true, .role = "standalone", .at = {"w.yml", 9, 1}},
		.failure_delay = 30,
	};
}

static struct build worker_build(const struct profile *p)
{
	struct build b = build_with(p);

	add_program(&b, "/usr/bin/containerd");
	add_program(&b, "/usr/bin/kubelet");
	return b;
}

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

static struct component server_components[] = {
	{.name = "containerd", .source = {.kind = SOURCE_APT, .spec = "1.6.20~ds1-1"}, .at = {"w.yml", 5, 3}},
	{.name = "kubelet", .source = {.kind = SOURCE_BUILD, .spec = "1.20.2"}, .at = {"w.yml", 6, 3}},
	{.name = "control-plane", .source = {.kind = SOURCE_BUILD, .spec = "1.20.2"}, .at = {"w.yml", 7, 3}},
	{.name = "etcd", .source = {.kind = SOURCE_APT, .spec = "3.4.23-4+b4"}, .at = {"w.yml", 8, 3}},
};

static struct build server_build(const struct profile *p)
{
	static const char *const names[] = {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"};
	struct build b = worker_build(p);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		add_program(&b, arena_printf(&fixture.arena, "/usr/bin/%s", names[i]));
	add_program(&b, "/usr/sbin/dnsmasq");
	add_program(&b, "/usr/libexec/mkdl/agent");
	return b;
}

static struct profile server(void)
{
	static struct plan_state state = {.path = "/var/lib/etcd", .kind = PLAN_STATE_ISCSI, .at = {"w.yml", 20, 3}};
	static const char *portals[] = {"10.0.0.1"};
	struct profile p = worker();

	p.components = server_components;
	p.component_count = 4;
	p.kubernetes.role = "server";
	p.kubernetes.server = "https://10.0.0.9:7443";
	p.kubernetes.proxy = true;
	state.kind = PLAN_STATE_ISCSI;
	state.target = "iqn.2018-05.org.example:etcd";
	state.portals = (struct strings){.items = portals, .count = 1};
	p.plan.states = &state;
	p.plan.state_count = 1;
	return p;
}

static bool needs(const struct plan *plan, const char *name, const char *need)
{
	const struct plan_service *s = plan_find_service(plan, name);

	return s && strings_has(&s->needs, need);
}

static void test_server(void **state)
{
	struct profile p = server();
	struct build b = server_build(&p);
	_cleanup_error_ struct error err = {0};
	struct plan plan;
	const char *text;

	(void)state;
	added(&b);
	text = text_of(&b, "/etc/mkdl/plan");
	assert_int_equal(plan_parse(&fixture.arena, "plan", text, strlen(text), &plan, &err), 0);
	assert_true(needs(&plan, "etcd", "control-plane"));
	assert_true(needs(&plan, "kube-apiserver", "etcd"));
	assert_true(needs(&plan, "kube-controller-manager", "kube-apiserver"));
	assert_true(needs(&plan, "kube-scheduler", "kube-apiserver"));
	assert_true(needs(&plan, "addons", "kube-apiserver"));
	assert_true(needs(&plan, "cluster-dns", "cluster-dns-records"));
	assert_true(needs(&plan, plan_find_service(&plan, "join") ? "join" : "kubelet", "addons"));
	assert_true(needs(&plan, "kube-proxy", "kubelet-certificate"));
	assert_true(needs(&plan, "kubelet-certificate", "kubelet"));
	assert_non_null(strstr(text, "--secure-port=7443 "));
	assert_non_null(strstr(text, "ready http http://127.0.0.1:2381/health\n"));
	assert_non_null(strstr(text, "--no-check-certificate https://127.0.0.1:7443/readyz\n"));
	assert_non_null(strstr(text, "env GOGC 50\n"));
	assert_non_null(strstr(text, "run /usr/libexec/mkdl/pod-masquerade 10.244.0.0/16\n"));
	assert_non_null(strstr(text_of(&b, "/etc/kubernetes/kubelet.yaml"), "clusterDNS: [\"10.96.0.10\"]\n"));
	text = text_of(&b, "/etc/kubernetes/addons/50-dns.yaml");
	assert_non_null(strstr(text, "clusterIP: 10.96.0.10\n"));
	assert_non_null(strstr(text, "  - ip: ${node_ip}\n"));
	/* A worker runs kube-proxy alone, and a standalone node none of it. */
	p.kubernetes.role = "worker";
	b = server_build(&p);
	added(&b);
	text = text_of(&b, "/etc/mkdl/plan");
	assert_null(strstr(text, "service etcd\n"));
	assert_null(tree_find(&b.tree, "/etc/kubernetes/addons/50-dns.yaml"));
	assert_non_null(strstr(text, "service kube-proxy\n"));
	p.kubernetes.server = NULL;
	b = server_build(&p);
	added(&b);
	assert_null(strstr(text_of(&b, "/etc/mkdl/plan"), "service kube-proxy\n"));
}

/* What would lose a cluster is refused until the profile says that it may. */
static void test_etcd_state(void **state)
{
	static struct pair two[] = {{.key = "a", .value = "10.0.0.1"}, {.key = "b", .value = "10.0.0.2"}};
	struct plan_state states[] = {
		{.path = "/var/lib", .kind = PLAN_STATE_TMPFS, .at = {"w.yml", 20, 3}},
		{.path = "/var/lib/etcd2", .kind = PLAN_STATE_NFS, .server = "10.0.0.1", .export = "/a", .at = {"w.yml", 21, 3}},
	};
	struct profile p = server();
	struct build b;

	(void)state;
	p.plan.states = states;
	p.plan.state_count = 0;
	b = server_build(&p);
	refused(&b, "w.yml:9:1: kubernetes: the cluster is kept by etcd in /var/lib/etcd, which is RAM here, and gone with a reboot; put "
		    "it on state that stays (state: {/var/lib/etcd: {kind: iscsi, …}}), or say kubernetes: {etcd: {volatile: true}} if it "
		    "may be lost");
	p.plan.state_count = 2;
	b = server_build(&p);
	refused(&b, "w.yml:20:3: /var/lib is a tmpfs, and with a reboot the cluster that etcd keeps in it is gone; put it on state that "
		    "stays (state: {/var/lib/etcd: {kind: iscsi, …}}), or say kubernetes: {etcd: {volatile: true}} if it may be lost");
	states[0].kind = PLAN_STATE_NFS;
	states[0].away = PLAN_AWAY_TMPFS;
	b = server_build(&p);
	refused(&b, "w.yml:20:3: /var/lib becomes a tmpfs when its server is away, and etcd would begin a new cluster in it; say away: "
		    "wait");
	p.kubernetes.etcd.is_volatile = true;
	p.plan.state_count = 0;
	b = server_build(&p);
	added(&b);
	p.kubernetes.etcd.members = (struct pairs){.items = two, .count = 2};
	b = server_build(&p);
	refused(&b, "w.yml:9:1: kubernetes: etcd with two members stops when either is away; take one or three");
	p.kubernetes.etcd.members.count = 0;
	server_components[2].source.spec = "1.19.4";
	b = server_build(&p);
	refused(&b, "w.yml:9:1: kubernetes: kubelet 1.20 is newer than kube-apiserver 1.19, which may not be");
	server_components[2].source.spec = "1.20.2";
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
		cmocka_unit_test(test_server), cmocka_unit_test(test_etcd_state), cmocka_unit_test(test_pods),
		cmocka_unit_test(test_images),
	};

	return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
