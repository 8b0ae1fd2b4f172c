#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "builder/node-private.h"
#include "init/plan.h"

#define STRINGS(...) {.items = (const char *[]){__VA_ARGS__}, .count = sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)}

static struct profile example(void)
{
	static struct pair sysctl[] = {{.key = "vm.swappiness", .value = "0"}};
	static struct state states[] = {{.path = "/var/lib/kubelet", .kind = STATE_TMPFS, .size = "20%"}};

	return (struct profile){
		.name = "worker",
		.file = "profiles/worker.yml",
		.hostname = "node-${mac}",
		.failure_delay = 30,
		.kubernetes = {.enabled = true, .node_ip = "boot-interface"},
		.sysctl = {sysctl, 1, 0},
		.states = states,
		.state_count = 1,
	};
}

static void test_all_records(void **state)
{
	static struct pair env[] = {{.key = "HOME", .value = "/root"}};
	struct service services[] = {
		{.name = "containerd", .run = STRINGS("/usr/bin/containerd", "--config", "a b"), .ready = READY_SOCKET,
		 .ready_value = "/run/containerd/containerd.sock", .env = {env, 1, 0}},
		{.name = "images", .run = STRINGS("/bin/import"), .needs = STRINGS("containerd"), .oneshot = true, .ready_timeout = 300,
		 .restart = RESTART_ALWAYS},
		{.name = "probe", .run = STRINGS("/bin/probe"), .exists = STRINGS("/etc/probe"), .ready = READY_COMMAND,
		 .ready_command = STRINGS("/bin/test", "x"), .restart = RESTART_NEVER, .stop_timeout = 5},
	};
	struct profile p = example();
	const struct node_facts facts = {.containerd = true, .kubelet = true};
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error err = {0};
	struct arena a = {0};
	struct plan plan;

	(void)state;
	assert_int_equal(node_plan_write(&a, &p, &facts, &(struct services){services, 3}, &text, &err), 0);
	assert_string_equal(text.data,
			    "mkdl-plan 1\nname worker\nhostname node-${mac}\nfailure reboot 30\ninterface boot\n"
			    "sysctl vm.swappiness 0\nsysctl net.ipv4.ip_forward 1\n"
			    "state /var/lib/kubelet tmpfs\nsize 20%\nstate /var/lib/containerd tmpfs\nsize 50%\n"
			    "service containerd\nrun /usr/bin/containerd --config a\\sb\nenv HOME /root\n"
			    "ready socket /run/containerd/containerd.sock\n"
			    "service images\nrun /bin/import\nneeds containerd\noneshot\nready-timeout 300\n"
			    "service probe\nrun /bin/probe\nexists /etc/probe\nready command /bin/test x\nrestart never\n"
			    "stop-timeout 5\n");
	assert_int_equal(plan_parse(&a, "plan", text.data, text.len, &plan, &err), 0);
	assert_int_equal(plan.service_count, 3);
	assert_true(plan.services[1].oneshot);
	assert_int_equal(plan_service_restart(&plan.services[1]), PLAN_RESTART_ON_FAILURE);
	arena_free(&a);
}

static void interface_for(const char *node_ip, const char *line)
{
	struct profile p = example();
	const struct node_facts facts = {0};
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error err = {0};
	struct arena a = {0};

	p.kubernetes.node_ip = node_ip;
	assert_int_equal(node_plan_write(&a, &p, &facts, &(struct services){0}, &text, &err), 0);
	assert_non_null(strstr(text.data, line));
	arena_free(&a);
}

static void test_interface(void **state)
{
	(void)state;
	interface_for(NULL, "\ninterface boot\n");
	interface_for("boot-interface", "\ninterface boot\n");
	interface_for("10.0.0.7", "\ninterface boot\n");
	interface_for("fd00::7", "\ninterface boot\n");
	interface_for("eth1", "\ninterface eth1\n");
}

/* What PID 1 would refuse stops the build. */
static void test_refused(void **state)
{
	struct service services[] = {{.name = "a", .run = STRINGS("/bin/a"), .needs = STRINGS("b")}};
	struct profile p = example();
	const struct node_facts facts = {0};
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error err = {0};
	struct arena a = {0};

	(void)state;
	assert_int_equal(node_plan_write(&a, &p, &facts, &(struct services){services, 1}, &text, &err), -1);
	assert_non_null(strstr(error_text(&err), "profiles/worker.yml: PID 1 would refuse its plan: "));
	assert_non_null(strstr(error_text(&err), "service a needs b"));
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_records), cmocka_unit_test(test_interface), cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
