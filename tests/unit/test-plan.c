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
	"state /var/lib/kubelet tmpfs\n"
	"size 50%\n"
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
	"start early\n"
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
	assert_int_equal(p.sysctls.count, 2);
	assert_string_equal(p.sysctls.items[1].value, "4 4 1 7");
	assert_int_equal(p.state_count, 1);
	assert_string_equal(p.states[0].size, "50%");
	assert_int_equal(p.service_count, 3);
	s = &p.services[0];
	assert_string_equal(s->run.items[1], "--node-ip=${node_ip}");
	assert_null(s->run.items[3]);
	assert_int_equal(s->env.count, 2);
	assert_string_equal(s->env.items[1].value, "");
	assert_string_equal(s->needs.items[1], "images");
	assert_null(s->needs.items[2]);
	assert_string_equal(s->exists.items[0], "/etc/kubernetes");
	assert_string_equal(s->exists.items[1], "/etc/kubernetes/a");
	assert_null(s->exists.items[2]);
	assert_int_equal(s->ready, PLAN_READY_HTTP);
	assert_string_equal(s->ready_words.items[0], "http://127.0.0.1:10248/healthz");
	assert_int_equal(s->ready_timeout, 60);
	assert_int_equal(s->stop_timeout, 20);
	assert_int_equal(plan_service_restart(s), PLAN_RESTART_ALWAYS);
	s = &p.services[1];
	assert_int_equal(s->ready_timeout, 120);
	assert_int_equal(s->stop_timeout, 10);
	assert_int_equal(s->restart, PLAN_RESTART_ON_FAILURE);
	assert_int_equal(s->needs.count, 0);
	assert_int_equal(s->exists.count, 0);
	assert_true(p.services[2].oneshot);
	assert_int_equal(p.services[0].start, PLAN_START_DEFAULT);
	assert_int_equal(p.services[1].start, PLAN_START_EARLY);
	assert_int_equal(plan_service_restart(&p.services[2]), PLAN_RESTART_ON_FAILURE);
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
	assert_string_equal(p.services[0].exists.items[39], "/e39");
	assert_null(p.services[0].exists.items[40]);
	arena_free(&a);
}

/* Every record there is, as plan_write writes it. */
static void test_written_as_read(void **state)
{
	static const char every[] =
		"mkdl-plan 1\nname x\nhostname n-${mac}\nfailure shell 0\ninterface eth0\nnode-ip 10.0.0.0/8\nbuilt 1700000000\n"
		"time require 60\nntp a.example 10.0.0.1\nconfig degraded 10\nconfig-file /etc/mkdl/config.d/10-a\n"
		"config-url http://c/${mac}\n"
		"config-ca /etc/mkdl/config-ca.crt\n"
		"trust 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\nwatchdog 30\nsyslog tcp log.example 601\n"
		"final-message up\\safter\\sall\nnameserver fd00::1\nsearch a.example\nsysctl a.b 1\n"
		"link eth0\nmac 52:54:00:00:00:01\nmtu 9000\ndhcp4\ndhcp6\nra no\naddress 10.0.0.5/24\naddress fd00::5/64\n"
		"route default 10.0.0.1\nroute 10.1.0.0/16 link 50\nnameserver 10.0.0.1\nsearch b.example\noptional\n"
		"link bond0\nbond 802.3ad eth0\nbond-option miimon 100\n"
		"link v\nvlan 7 bond0\n"
		"state /a tmpfs\nsize 50%\n"
		"state /b nfs\nserver 10.0.0.1\nexport /n/${mac}\noptions vers=4.1 ro\naway reboot 60\n"
		"state /c iscsi\nportal 10.0.0.1\nportal [fd00::1]:3260\ntarget iqn.2026-11.example:${mac}\nlun 3\nchap u p\nfs xfs\n"
		"format empty\naway tmpfs 10%\n"
		"state /d loop\nsize 10G\nserver s\nexport /x\nfile ${uuid}.img\n"
		"state /e disk\ndevice LABEL=data\n"
		"service a\nrun /bin/a ${node_ip}\nuser nobody\nenv A B\nexists /x\nready notify\nready-timeout 1\nrestart never\n"
		"stop /bin/b c\nstop-timeout 0\nlimit memory 10M\nlimit cpu 50\nlimit pids 9\nlog 4M\n"
		"service b\nrun /bin/b\nneeds a\noneshot\nlog none\n";
	_cleanup_strbuf_ struct strbuf b = {0};
	_cleanup_error_ struct error err = {0};
	struct arena a = {0};
	struct plan p;

	(void)state;
	if (plan_parse(&a, "plan", every, strlen(every), &p, &err) < 0)
		fail_msg("%s", error_text(&err));
	plan_write(&p, &b);
	assert_string_equal(b.data, every);
	assert_int_equal(p.links[1].bond_members.count, 1);
	assert_string_equal(p.services[0].limits.items[1].value, "50");
	assert_int_equal(p.states[2].at.line, 46);
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
	refuse("failure reboot soon\n", "plan:3: failure: \"soon\" is no number from 0 to 86400");
	refuse("failure reboot 86401\n", "plan:3: failure: \"86401\" is no number from 0 to 86400");
	refuse("interface a/b\n", "plan:3: interface: \"a/b\" is no name of an interface");
	refuse("interface abcdefghijklmnop\n", "plan:3: interface: \"abcdefghijklmnop\" is no name of an interface");
	refuse("sysctl ../x 1\n", "plan:3: sysctl: \"../x\" is no key");
	refuse("sysctl a 1\nsysctl a 2\n", "plan:4: sysctl: a is set twice");
	refuse("state var tmpfs\n", "plan:3: state: \"var\" is no clean absolute path");
	refuse("state /var/../etc tmpfs\n", "plan:3: state: \"/var/../etc\" is no clean absolute path");
	refuse("state /var ftp\n", "plan:3: state: \"ftp\" is none of tmpfs, nfs, iscsi, loop, disk");
	refuse("state /var tmpfs\nsize 1M,mode=0\n", "plan:4: size: \"1M,mode=0\" is no size (50%, 512M)");
	refuse("state /var tmpfs\n", "plan:3: state /var is tmpfs and has no size");
	refuse("state /var nfs\nserver a_b\n", "plan:3: state /var is nfs and has no export");
	refuse("state /var nfs\nserver a/b\n", "plan:4: server: \"a/b\" is neither a host's name nor an address");
	refuse("state /var iscsi\ntarget iqn.2026-11.a:b\n", "plan:3: state /var is iscsi and has no portal");
	refuse("state /var iscsi\nportal [fd00::1]:0\n", "plan:4: portal: \"[fd00::1]:0\": the port is no number from 1 to 65535");
	refuse("state /var disk\ndevice sda\n", "plan:4: device: \"sda\": a disk is named by LABEL=, UUID= or ID=");
	refuse("state /var tmpfs\naway reboot\n", "plan:4: away: \"reboot\" needs a value");
	refuse("state /var tmpfs\naway wait 3\n", "plan:4: away: \"wait\" stands alone");
	refuse("syslog udp h 70000\n", "plan:3: syslog: \"70000\" is no port from 1 to 65535");
	refuse("trust 00\n", "plan:3: trust: \"00\" is no Ed25519 public key in 64 hexadecimal digits");
	refuse("config-url http://h/${ip}\n", "plan:3: config-url: \"http://h/${ip}\": unknown variable ${ip}");
	refuse("built never\n", "plan:3: built: \"never\" is no unix time");
	refuse("link eth0\nmtu 60\n", "plan:4: mtu: \"60\" is no MTU from 68 to 65535");
	refuse("link eth0\nmac 00:11\n", "plan:4: mac: \"00:11\" is no address of an interface (aa:bb:cc:dd:ee:ff)");
	refuse("link eth0\naddress 10.0.0.1/33\n", "plan:4: address: \"10.0.0.1/33\" is no address with its prefix (10.0.0.5/24)");
	refuse("link v\nvlan 4095 eth0\n", "plan:4: vlan: \"4095\" is no VLAN from 1 to 4094");
	refuse("link v\nvlan 7 eth0\nlink eth0\n", "plan:3: link v stands before eth0, which it is made of");
	refuse("link b\nbond fast eth0\n", "plan:4: bond: \"fast\" is none of balance-rr, active-backup, balance-xor, broadcast, "
	       "802.3ad, balance-tlb, balance-alb");
	refuse("link eth0\nroute default 10.0.0\n", "plan:4: route: \"10.0.0\" is no address");
	refuse("dhcp4\n", "plan:3: dhcp4: stands in no link");
	refuse("run /bin/x\n", "plan:3: run: stands in no service");
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
	       "plan:5: ready: \"maybe\" is none of socket, http, port, file, command, notify");
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
	refuse("service s\nrun /bin/x\nstart late\n", "plan:5: start: \"late\" is none of early, network");
	refuse("service s\nrun /bin/x ${mac}\nstart early\n",
	       "plan: service s starts early, when the variables in its words are not known yet");
	refuse("service s\nrun /bin/x\nstart early\nenv A ${node_ip}\n",
	       "plan: service s starts early, when the variables in its words are not known yet");
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
		cmocka_unit_test(test_whole), cmocka_unit_test(test_many_exists), cmocka_unit_test(test_written_as_read),
		cmocka_unit_test(test_bad_node_records), cmocka_unit_test(test_bad_services),
		cmocka_unit_test(test_bad_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
