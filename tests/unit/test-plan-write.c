#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "builder/node-private.h"
#include "init/plan.h"

#define STRINGS(...) {.items = (const char *[]){__VA_ARGS__}, .count = sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)}

/* The profile's plan lives in static arrays: what is added to it must go into copies. */
static struct build example(struct arena *a, struct plan_service *services, size_t count)
{
	static struct pair sysctl[] = {{.key = "vm.swappiness", .value = "0"}};
	static struct plan_state states[] = {{.path = "/var/lib/kubelet", .kind = PLAN_STATE_TMPFS, .size = "20%"}};
	struct build b = {.arena = a, .tree = {.arena = a}, .profile = {
		.name = "worker",
		.file = "profiles/worker.yml",
		.hostname = "node-${mac}",
		.failure_delay = 30,
		.kubernetes = {.enabled = true, .node_ip = "boot-interface"},
	}};

	plan_init(&b.profile.plan);
	b.profile.plan.sysctls = (struct pairs){sysctl, 1, 0};
	b.profile.plan.states = states;
	b.profile.plan.state_count = 1;
	b.profile.plan.services = services;
	b.profile.plan.service_count = count;
	return b;
}

static void test_all_records(void **state)
{
	static struct pair env[] = {{.key = "HOME", .value = "/x"}};
	struct plan_service services[] = {plan_service_new("containerd"), plan_service_new("prepare"), plan_service_new("probe")};
	const struct node_facts facts = {.containerd = true};
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error err = {0};
	struct arena a = {0};
	struct build b = example(&a, services, 3);
	struct plan plan;

	(void)state;
	services[0].run = (struct strings)STRINGS("/usr/bin/containerd", "--config", "a b");
	services[0].env = (struct pairs){env, 1, 0};
	services[1].run = (struct strings)STRINGS("/bin/prepare");
	services[1].needs = (struct strings)STRINGS("containerd");
	services[1].oneshot = true;
	services[1].ready_timeout = 300;
	services[2].run = (struct strings)STRINGS("/bin/probe");
	services[2].exists = (struct strings)STRINGS("/etc/probe");
	services[2].ready = PLAN_READY_COMMAND;
	services[2].ready_words = (struct strings)STRINGS("/bin/test", "x");
	services[2].restart = PLAN_RESTART_NEVER;
	services[2].stop_timeout = 5;
	assert_int_equal(node_plan(&b, &facts, &plan, &err), 0);
	assert_int_equal(node_plan_write(&a, "w.yml", &plan, &text, &err), 0);
	assert_string_equal(text.data,
			    "mkdl-plan 1\nname worker\nhostname node-${mac}\nfailure reboot 30\ninterface boot\n"
			    "sysctl vm.swappiness 0\n"
			    "state /var/lib/kubelet tmpfs\nsize 20%\nstate /var/lib/containerd tmpfs\nsize 50%\n"
			    "service containerd\nrun /usr/bin/containerd --config a\\sb\nenv HOME /x\n"
			    "env PATH /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
			    "ready socket /run/containerd/containerd.sock\nstart early\n"
			    "service prepare\nrun /bin/prepare\nneeds containerd\noneshot\nready-timeout 300\n"
			    "service probe\nrun /bin/probe\nexists /etc/probe\nready command /bin/test x\nrestart never\n"
			    "stop-timeout 5\n");
	assert_int_equal(plan_parse(&a, "plan", text.data, text.len, &plan, &err), 0);
	assert_int_equal(plan.service_count, 3);
	assert_true(plan.services[1].oneshot);
	assert_int_equal(plan.services[0].start, PLAN_START_EARLY);
	assert_int_equal(plan.services[1].start, PLAN_START_DEFAULT);
	assert_int_equal(plan_service_restart(&plan.services[1]), PLAN_RESTART_ON_FAILURE);
	assert_int_equal(b.profile.plan.state_count, 1);
	assert_int_equal(services[0].ready, PLAN_READY_NONE);
	arena_free(&a);
}

/* The kubelet wants forwarding and a file system of its own. */
static void test_kubelet(void **state)
{
	struct plan_service kubelet = plan_service_new("kubelet");
	const struct node_facts facts = {.kubelet = true};
	_cleanup_error_ struct error err = {0};
	struct arena a = {0};
	struct build b = example(&a, &kubelet, 1);
	struct plan plan;

	(void)state;
	kubelet.run = (struct strings)STRINGS("/opt/kubelet");
	assert_int_equal(node_plan(&b, &facts, &plan, &err), 0);
	assert_string_equal(pairs_get(&plan.sysctls, "net.ipv4.ip_forward"), "1");
	assert_int_equal(plan.state_count, 1);
	assert_string_equal(plan.states[0].size, "20%");
	assert_int_equal(plan.services[0].ready, PLAN_READY_HTTP);
	arena_free(&a);
}

static void interface_for(const char *node_ip, const char *interface)
{
	const struct node_facts facts = {0};
	_cleanup_error_ struct error err = {0};
	struct arena a = {0};
	struct build b = example(&a, NULL, 0);
	struct plan plan;

	b.profile.kubernetes.node_ip = node_ip;
	assert_int_equal(node_plan(&b, &facts, &plan, &err), 0);
	assert_string_equal(plan.interface, interface);
	if (node_ip && strcmp(node_ip, "boot-interface") != 0)
		assert_string_equal(plan.node_ip, node_ip);
	else
		assert_null(plan.node_ip);
	arena_free(&a);
}

static void test_interface(void **state)
{
	(void)state;
	interface_for(NULL, "boot");
	interface_for("boot-interface", "boot");
	interface_for("10.0.0.7", "boot");
	interface_for("fd00::7", "boot");
	interface_for("eth1", "eth1");
	interface_for("10.0.0.0/8", "boot");
}

/* The clock floor: the newest package that has a file in the image, or what the environment says; never the wall clock. */
static void test_built(void **state)
{
	struct package old = {.name = "old", .newest = 1500000000}, new = {.name = "new", .newest = 1600000000};
	const struct node_facts facts = {0};
	_cleanup_error_ struct error err = {0};
	struct arena a = {0};
	struct build b = example(&a, NULL, 0);
	struct plan plan;

	(void)state;
	assert_int_equal(unsetenv("SOURCE_DATE_EPOCH"), 0);
	assert_int_equal(node_plan(&b, &facts, &plan, &err), 0);
	assert_int_equal(plan.built, 0);
	tree_add(&b.tree, &(struct node){.path = "/a", .package = &old});
	tree_add(&b.tree, &(struct node){.path = "/b", .package = &new});
	tree_add(&b.tree, &(struct node){.path = "/c"});
	assert_int_equal(node_plan(&b, &facts, &plan, &err), 0);
	assert_int_equal(plan.built, 1600000000);
	assert_int_equal(setenv("SOURCE_DATE_EPOCH", "1234567890", 1), 0);
	assert_int_equal(node_plan(&b, &facts, &plan, &err), 0);
	assert_int_equal(plan.built, 1234567890);
	assert_int_equal(setenv("SOURCE_DATE_EPOCH", "yesterday", 1), 0);
	assert_int_equal(node_plan(&b, &facts, &plan, &err), -1);
	assert_string_equal(error_text(&err), "SOURCE_DATE_EPOCH=yesterday: not a number of seconds since 1970");
	assert_int_equal(unsetenv("SOURCE_DATE_EPOCH"), 0);
	arena_free(&a);
}

/* What PID 1 would refuse stops the build. */
static void test_refused(void **state)
{
	struct plan_service service = plan_service_new("a");
	const struct node_facts facts = {0};
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error err = {0};
	struct arena a = {0};
	struct build b = example(&a, &service, 1);
	struct plan plan;

	(void)state;
	service.run = (struct strings)STRINGS("/bin/a");
	service.needs = (struct strings)STRINGS("b");
	assert_int_equal(node_plan(&b, &facts, &plan, &err), 0);
	assert_int_equal(node_plan_write(&a, "profiles/worker.yml", &plan, &text, &err), -1);
	assert_non_null(strstr(error_text(&err), "profiles/worker.yml: PID 1 would refuse its plan: "));
	assert_non_null(strstr(error_text(&err), "service a needs b"));
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_records), cmocka_unit_test(test_kubelet), cmocka_unit_test(test_built), cmocka_unit_test(test_interface), cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
