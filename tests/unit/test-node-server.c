/* The control plane in an image: which services, in which order, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node-fixture.h"

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
	static struct pair three[] = {
		{.key = "a", .value = "10.0.0.1"}, {.key = "b", .value = "10.0.0.2"}, {.key = "c", .value = "10.0.0.3"},
	};
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
	/* One of several has to know whether the others began without it. */
	assert_non_null(strstr(text_of(&b, "/etc/mkdl/plan"), "run /usr/bin/etcd "));
	p.kubernetes.etcd = (struct etcd){.members = {.items = three, .count = 3}, .is_volatile = true};
	b = server_build(&p);
	added(&b);
	text = text_of(&b, "/etc/mkdl/plan");
	assert_non_null(strstr(text, "run /usr/libexec/mkdl/etcd-member /usr/bin/etcd --name=${hostname} "));
	assert_non_null(strstr(text, "env MKDL_REJOIN yes\n"));
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

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_server), cmocka_unit_test(test_etcd_state)};

	return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
