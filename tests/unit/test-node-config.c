/* config/node.h: what a profile and a node's configuration share, into a plan and through PID 1's reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "config/network.h"
#include "config/node.h"
#include "golden.h"

static struct arena arena;
static struct diagnostics diag;

static bool read_over(struct plan *p, const char *text, bool lenient)
{
	struct reader r = {.arena = &arena, .diag = &diag, .lenient = lenient};
	const struct key_target target = {&map_node, p};
	struct value *v;

	diag = (struct diagnostics){.arena = &arena};
	v = yaml_parse(&arena, "node.yml", text, strlen(text), &diag);
	if (v)
		read_map(&r, &target, 1, v);
	return v && !diag.errors;
}

/* The plan as text; PID 1 takes it, and it comes to the same. */
static const char *text_of(struct plan *p)
{
	_cleanup_strbuf_ struct strbuf text = {0}, again = {0};
	_cleanup_error_ struct error err = {0};
	struct plan back;

	p->name = "node";
	plan_write(p, &text);
	if (plan_parse(&arena, "plan", text.data, text.len, &back, &err) < 0)
		fail_msg("%s\n%s", error_text(&err), text.data);
	plan_write(&back, &again);
	assert_string_equal(text.data, again.data);
	return arena_strndup(&arena, text.data, text.len);
}

static void test_all(void **state)
{
	static const char text[] =
		"services:\n"
		"  a: {run: [/bin/a, '${node_ip}'], user: nobody, env: {B: c}, ready: notify, stop: [/bin/b], log: none,\n"
		"      limits: {memory: 10%, cpu: 150%, pids: 5}}\n"
		"  b: {run: [/bin/b], needs: [a], ready: {command: [/bin/c, d]}, restart: never}\n"
		"state:\n"
		"  /a: tmpfs 5%\n"
		"  /b/: nfs [fd00::1]:/x/${mac}\n"
		"  /c: disk ID=usb-1\n"
		"  /d: {kind: iscsi, portals: ['10.0.0.1:3260'], target: 'iqn.x:${uuid}', chap: {user: u, password: p w}, format: empty, away: tmpfs 1M}\n"
		"  /e: {kind: loop, server: nas, export: /x, file: '${mac}.img', size: 1G, fs: xfs, away: reboot 5m}\n"
		"network:\n"
		"  vlans: {vlan5: {id: 5, link: both, accept-ra: no}}\n"
		"  bonds: {both: {interfaces: [left], parameters: {mode: 802.3ad, lacp-rate: fast}, dhcp4: true}}\n"
		"  ethernets: {left: {match: {macaddress: '52:54:00:12:34:5A'}, set-name: eth0, optional: true},\n"
		"              eth1: {addresses: [10.0.0.5/24], gateway4: 10.0.0.1, routes: [{to: 10.9.0.0/16, via: 10.0.0.9, metric: 5}],\n"
		"                     nameservers: {addresses: [10.0.0.1], search: [example.org]}, mtu: 9000, dhcp6: yes}}\n"
		"time: {ntp: [10.0.0.1, pool.example.org], wait: 1m, required: true}\n"
		"syslog: tcp://10.0.0.2\n"
		"watchdog: 20s\n"
		"final_message: up\n"
		"sysctl: {vm.swappiness: 0}\n";
	_cleanup_strbuf_ struct strbuf out = {0};
	struct plan p;

	(void)state;
	plan_init(&p);
	assert_true(read_over(&p, text, false));
	strbuf_puts(&out, text_of(&p));
	assert_golden("node.plan", &out);
}

/* A later configuration: services are changed, states replaced by path, links as a whole, the rest key by key. */
static void test_over(void **state)
{
	struct plan p;

	(void)state;
	plan_init(&p);
	assert_true(read_over(&p, "services: {a: {run: [/bin/a], env: {A: b}, limits: {cpu: 5%}}, b: {run: [/bin/b]}}\n"
				  "state: {/a: tmpfs 1%, /b: tmpfs 2%}\nnetwork: {ethernets: {eth0: {dhcp4: true}}}\n"
				  "time: {ntp: [10.0.0.1]}\nsysctl: {vm.swappiness: 0}\n", false));
	assert_true(read_over(&p, "services: {c: {run: [/bin/c]}, a: {needs: [b], limits: {cpu: 6%, pids: 7}}}\n"
				  "state: {/b/: nfs 10.0.0.1:/b}\nnetwork: {ethernets: {eth1: {dhcp4: On}}}\ntime: {wait: 5}\n"
				  "watchdog:\n", true));
	assert_string_equal(text_of(&p),
			    "mkdl-plan 1\nname node\nfailure reboot 30\ninterface boot\ntime continue 5\nntp 10.0.0.1\n"
			    "sysctl vm.swappiness 0\nlink eth1\ndhcp4\nstate /a tmpfs\nsize 1%\n"
			    "state /b nfs\nserver 10.0.0.1\nexport /b\n"
			    "service a\nrun /bin/a\nenv A b\nneeds b\nready-timeout 60\nlimit cpu 6\nlimit pids 7\n"
			    "service b\nrun /bin/b\nready-timeout 60\nservice c\nrun /bin/c\nready-timeout 60\n");
}

/* More than the array of eight that the first service makes. */
static void test_many(void **state)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct plan p;

	(void)state;
	plan_init(&p);
	strbuf_puts(&text, "services:\n");
	for (int i = 0; i < 40; i++)
		strbuf_printf(&text, "  s%d: {run: [/bin/a]}\n", i);
	assert_true(read_over(&p, text.data, false));
	assert_int_equal(p.service_count, 40);
	plan_add_service(&arena, &p, plan_service_new("more"))->run = p.services[0].run;
	assert_true(read_over(&p, "services: {s7: {user: nobody}, last: {run: [/bin/b]}}\n", false));
	assert_int_equal(p.service_count, 42);
	assert_string_equal(p.services[7].user, "nobody");
	text_of(&p);
}

static void test_lenient(void **state)
{
	struct plan p;

	(void)state;
	plan_init(&p);
	assert_true(read_over(&p, "no_such_key: 1\nsyslog: ~\n", true));
	assert_int_equal(diag.count, 1);
	assert_string_equal(diag.items[0].text, "unknown key \"no_such_key\"");
	assert_null(p.syslog_host);
	assert_false(read_over(&p, "no_such_key: 1\n", false));
}

/* A network with a mistake leaves the links as they were. */
static void test_network_untouched(void **state)
{
	struct plan p;

	(void)state;
	plan_init(&p);
	assert_true(read_over(&p, "network: {ethernets: {eth0: {dhcp4: true}}}\n", false));
	assert_false(read_over(&p, "network: {ethernets: {eth1: {mtu: 1}}}\n", true));
	assert_int_equal(p.link_count, 1);
	assert_string_equal(p.links[0].name, "eth0");
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_all, teardown), cmocka_unit_test_teardown(test_over, teardown),
		cmocka_unit_test_teardown(test_many, teardown), cmocka_unit_test_teardown(test_lenient, teardown),
		cmocka_unit_test_teardown(test_network_untouched, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
