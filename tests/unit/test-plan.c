#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "init/plan.h"

static const char whole[] =
	"mkdl-plan 1\n"
	"# a comment\n"
	"name worker\n"
	"hostname node-${mac}\n"
	"failure shell 0\n"
	"interface boot\n"
	"sysctl net.ipv4.ip_forward 1\n"
	"sysctl kernel.printk 4\\s4\\s1\\s7\n"
	"state /var/lib/kubelet tmpfs 50%\n"
	"service kubelet\n"
	"run /usr/bin/kubelet --node-ip=${node_ip} $HOME\n"
	"env HOME /root\n"
	"env EMPTY \\e\n"
	"needs containerd images\n"
	"exists /etc/kubernetes\n"
	"exists /etc/kubernetes/a\n"
	"ready http http://127.0.0.1:10248/healthz\n"
	"ready-timeout 60\n"
	"stop-timeout 20\n"
	"service containerd\n"
	"run /usr/bin/containerd\n"
	"ready socket /run/containerd/containerd.sock\n"
	"restart on-failure\n"
	"service images\n"
	"run /usr/bin/ctr images import /x\n"
	"oneshot\n"
	"needs containerd\n";

static void test_whole(void **state)
{
	_cleanup_error_ struct error err = {0};
	struct arena a = {0};
	struct plan p;
	const struct plan_service *s;

	(void)state;
	if (plan_parse(&a, "plan", whole, strlen(whole), &p, &err) < 0)
		fail_msg("%s", error_text(&err));
	assert_string_equal(p.name, "worker");
	assert_string_equal(p.hostname, "node-${mac}");
	assert_int_equal(p.failure, PLAN_FAILURE_SHELL);
	assert_int_equal(p.sysctl_count, 2);
	assert_string_equal(p.sysctls[1].value, "4 4 1 7");
	assert_int_equal(p.state_count, 1);
	assert_string_equal(p.states[0].size, "50%");
	assert_int_equal(p.service_count, 3);
	s = &p.services[0];
	assert_string_equal(s->run[1], "--node-ip=${node_ip}");
	assert_null(s->run[3]);
	assert_int_equal(s->env_count, 2);
	assert_string_equal(s->env[1].value, "");
	assert_string_equal(s->needs[1], "images");
	assert_null(s->needs[2]);
	assert_string_equal(s->exists[0], "/etc/kubernetes");
	assert_string_equal(s->exists[1], "/etc/kubernetes/a");
	assert_null(s->exists[2]);
	assert_int_equal(s->ready, PLAN_READY_HTTP);
	assert_string_equal(s->ready_words[0], "http://127.0.0.1:10248/healthz");
	assert_int_equal(s->ready_timeout, 60);
	assert_int_equal(s->stop_timeout, 20);
	assert_int_equal(s->restart, PLAN_RESTART_ALWAYS);
	s = &p.services[1];
	assert_int_equal(s->ready_timeout, 120);
	assert_int_equal(s->stop_timeout, 10);
	assert_int_equal(s->restart, PLAN_RESTART_ON_FAILURE);
	assert_null(s->needs[0]);
	assert_null(s->exists[0]);
	assert_true(p.services[2].oneshot);
	assert_int_equal(p.services[2].restart, PLAN_RESTART_ON_FAILURE);
	arena_free(&a);
}

static void test_many_exists(void **state)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	_cleanup_error_ struct error err = {0};
	struct arena a = {0};
	struct plan p;

	(void)state;
	strbuf_puts(&b, "mkdl-plan 1\nname x\nservice s\nrun /bin/s\n");
	for (int i = 0; i < 40; i++)
		strbuf_printf(&b, "exists /e%d\n", i);
	assert_int_equal(plan_parse(&a, "plan", b.data, b.len, &p, &err), 0);
	assert_string_equal(p.services[0].exists[39], "/e39");
	assert_null(p.services[0].exists[40]);
	arena_free(&a);
}

static void refuse(const char *body, const char *message)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	_cleanup_error_ struct error err = {0};
	struct arena a = {0};
	struct plan p = {.service_count = 77};

	strbuf_printf(&b, "mkdl-plan 1\nname x\n%s", body);
	assert_int_equal(plan_parse(&a, "plan", b.data, b.len, &p, &err), -1);
	assert_string_equal(error_text(&err), message);
	assert_int_equal(p.service_count, 77);
	arena_free(&a);
}

static void test_bad_node_records(void **state)
{
	(void)state;
	refuse("name y\n", "plan:3: name: given twice");
	refuse("wat 1\n", "plan:3: unknown record \"wat\"");
	refuse("hostname a b\n", "plan:3: hostname: 2 words where 1 are wanted");
	refuse("hostname a-${ip}\n", "plan:3: hostname: \"a-${ip}\": unknown variable ${ip}");
	refuse("hostname a-${mac\n", "plan:3: hostname: \"a-${mac\": a ${ without its }");
	refuse("failure panic 3\n", "plan:3: failure: \"panic\" is neither reboot nor shell");
	refuse("failure reboot soon\n", "plan:3: failure: \"soon\" is no number of seconds from 0 to 86400");
	refuse("failure reboot 86401\n", "plan:3: failure: \"86401\" is no number of seconds from 0 to 86400");
	refuse("interface a/b\n", "plan:3: interface: \"a/b\" is no name of an interface");
	refuse("interface abcdefghijklmnop\n", "plan:3: interface: \"abcdefghijklmnop\" is no name of an interface");
	refuse("sysctl ../x 1\n", "plan:3: sysctl: \"../x\" is no key");
	refuse("sysctl a 1\nsysctl a 2\n", "plan:4: sysctl: a is set twice");
	refuse("state var tmpfs 1M\n", "plan:3: state: \"var\" is no clean absolute path");
	refuse("state /var/../etc tmpfs 1M\n", "plan:3: state: \"/var/../etc\" is no clean absolute path");
	refuse("state /var nfs 1M\n", "plan:3: state: \"nfs\" is no kind of state (tmpfs)");
	refuse("state /var tmpfs 1M,mode=0\n", "plan:3: state: \"1M,mode=0\" is no size (50%, 512M)");
	refuse("run /bin/x\n", "plan:3: run: stands before the first service");
	refuse("service s\nrun /bin/x\nfailure shell 0\n",
	       "plan:5: failure: is of the node and stands after a service");
}

static void test_bad_services(void **state)
{
	(void)state;
	refuse("service s\n", "plan: service s has no run record");
	refuse("service ../s\nrun /bin/x\n", "plan:3: service: \"../s\" is no name");
	refuse("service init\nrun /bin/x\n", "plan:3: service: init is a name that PID 1 keeps for itself");
	refuse("service s\nrun /bin/x\nservice s\nrun /bin/x\n", "plan:5: service: s is given twice");
	refuse("service s\nrun x\n", "plan:4: run: \"x\" is no clean absolute path of a program");
	refuse("service s\nrun\n", "plan:4: run: 0 words where at least 1 are wanted");
	refuse("service s\nrun /bin/x ${what}\n", "plan:4: run: \"${what}\": unknown variable ${what}");
	refuse("service s\nrun /bin/x\nrun /bin/x\n", "plan:5: run: given twice");
	refuse("service s\nrun /bin/x\noneshot now\n", "plan:5: oneshot: 1 words where 0 are wanted");
	refuse("service s\nrun /bin/x\nenv A=B C\n", "plan:5: env: \"A=B\" is no name of a variable");
	refuse("service s\nrun /bin/x\nenv A B\nenv A B\n", "plan:6: env: A is set twice");
	refuse("service s\nrun /bin/x\nready maybe 1\n",
	       "plan:5: ready: \"maybe\" is none of socket, http, port, file, command");
	refuse("service s\nrun /bin/x\nready port 0\n", "plan:5: ready: \"0\" is no port from 1 to 65535");
	refuse("service s\nrun /bin/x\nready port 1 2\n", "plan:5: ready: one word too many: \"2\"");
	refuse("service s\nrun /bin/x\nready http ftp://x\n", "plan:5: ready: \"ftp://x\" does not start with http://");
	refuse("service s\nrun /bin/x\nready file x\n", "plan:5: ready: \"x\" is no clean absolute path");
	refuse("service s\nrun /bin/x\nready-timeout 0\n",
	       "plan:5: ready-timeout: 0 seconds: nothing is ready at once");
	refuse("service s\nrun /bin/x\nrestart maybe\n",
	       "plan:5: restart: \"maybe\" is none of always, on-failure, never");
	refuse("service s\nrun /bin/x\noneshot\nrestart always\n",
	       "plan: service s is a oneshot with restart always: it would run for ever");
	refuse("service s\nrun /bin/x\nneeds t\n", "plan: service s needs t, which is no service of the plan");
	refuse("service s\nrun /bin/x\nneeds s\n", "plan: service s waits for itself through its needs");
	refuse("service a\nrun /bin/x\nneeds b\nservice b\nrun /bin/x\nneeds c\nservice c\nrun /bin/x\nneeds a\n",
	       "plan: service c waits for itself through its needs");
}

static void test_bad_start(void **state)
{
	_cleanup_error_ struct error err = {0};
	struct arena a = {0};
	struct plan p;

	(void)state;
	assert_int_equal(plan_parse(&a, "plan", "", 0, &p, &err), -1);
	assert_string_equal(error_text(&err), "plan: does not start with \"mkdl-plan 1\"");
	assert_int_equal(plan_parse(&a, "plan", "mkdl-plan 2\n", 12, &p, &err), -1);
	assert_int_equal(plan_parse(&a, "plan", "mkdl-plan 1\n", 12, &p, &err), -1);
	assert_string_equal(error_text(&err), "plan: has no name record");
	/* Every start of a good plan either parses or is refused with a message; none crashes. */
	for (size_t n = 0; n < strlen(whole); n++)
		if (plan_parse(&a, "plan", whole, n, &p, &err) < 0)
			assert_true(strlen(error_text(&err)) > 0);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole), cmocka_unit_test(test_many_exists),
		cmocka_unit_test(test_bad_node_records), cmocka_unit_test(test_bad_services),
		cmocka_unit_test(test_bad_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
