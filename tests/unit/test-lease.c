#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "init/network-status.h"
#include "node/network/lease.h"
#include "node/network/ra.h"

/* Variables as udhcpc sets them: name, value, …, NULL. */
static const char *get(void *data, const char *name)
{
	for (const char **v = data; *v; v += 2)
		if (!strcmp(v[0], name))
			return v[1];
	return NULL;
}

static void expect(enum lease_kind kind, const char **variables, const char *records)
{
	_cleanup_error_ struct error err = {0};
	_cleanup_strbuf_ struct strbuf out = {0}, again = {0};
	struct lease l;

	if (lease_from_variables(kind, get, variables, 1000, &l, &err) < 0)
		fail_msg("%s", error_text(&err));
	lease_write(&l, &out);
	assert_string_equal(out.data, records);
	if (lease_parse("lease", out.data, out.len, &l, &err) < 0)
		fail_msg("%s", error_text(&err));
	lease_write(&l, &again);
	assert_string_equal(again.data, records);
}

static void test_dhcp4(void **state)
{
	const char *usual[] = {
		"interface", "eth0", "ip", "10.0.2.15", "mask", "24", "subnet", "255.255.255.0", "router", "10.0.2.2 10.0.2.9",
		"dns", "10.0.2.3 1.1.1.1 10.0.2.3 8.8.8.8 9.9.9.9", "domain", "lan.example", "hostname", "n7", "lease", "600",
		"serverid", "10.0.2.2", "ntpsrv", "10.0.2.4", "mtu", "1400", NULL,
	};
	const char *routes[] = {
		"ip", "10.0.2.15", "mask", "32", "router", "10.0.2.2", "search", "a.example. b.example", "domain", "c.example",
		"staticroutes", "10.9.0.0/16 10.0.2.9 192.168.7.0/24 0.0.0.0 0.0.0.0/0 10.0.2.1", NULL,
	};
	const char *bare[] = {"ip", "172.16.0.9", NULL};

	(void)state;
	expect(LEASE_DHCP4, usual, "address 10.0.2.15\nprefix 24\nroute 0.0.0.0/0 10.0.2.2\ndns 10.0.2.3\ndns 1.1.1.1\n"
	       "dns 8.8.8.8\nsearch lan.example\nntp 10.0.2.4\nhostname n7\nserver 10.0.2.2\nmtu 1400\nuntil 1600\n");
	expect(LEASE_DHCP4, routes, "address 10.0.2.15\nprefix 32\nroute 10.9.0.0/16 10.0.2.9\nroute 192.168.7.0/24 link\n"
	       "route 0.0.0.0/0 10.0.2.1\nsearch a.example\nsearch b.example\nuntil 4294967295\n");
	expect(LEASE_DHCP4, bare, "address 172.16.0.9\nprefix 16\nuntil 4294967295\n");
}

static void test_dhcp6(void **state)
{
	const char *usual[] = {
		"ipv6", "fd00:0000:0000:0000:0000:0000:0000:0005", "lease", "300", "dns",
		"fd00:0000:0000:0000:0000:0000:0000:0053", "search", "lan.example", "router", "10.0.0.1", NULL,
	};

	(void)state;
	expect(LEASE_DHCP6, usual, "address fd00::5\nprefix 128\ndns fd00::53\nsearch lan.example\nuntil 1300\n");
}

/* What a server sends to break in: left out, never handed on. */
static void test_hostile(void **state)
{
	const char *hostile[] = {
		"ip", "10.0.2.15", "mask", "99", "router", "$(reboot) 10.0.2.2", "dns", "10.0.2.3;reboot ../../etc 127.0.0.1 ::1",
		"domain", "a..b\nnameserver 6.6.6.6", "search", "-x good.example `id`", "hostname", "n7\nreboot", "lease", "-1",
		"serverid", "x", "ntpsrv", "0.0.0.0 255.255.255.255", "mtu", "12", "staticroutes", "10.0.0.0/8", NULL,
	};
	_cleanup_error_ struct error err = {0};
	struct lease l;
	const char *addresses[] = {"", "10.0.2", "0.0.0.0", "127.0.0.1", "224.0.0.1", "fd00::1", "10.0.0.5/24", "10.0.0.5\n"};

	(void)state;
	expect(LEASE_DHCP4, hostile, "address 10.0.2.15\nprefix 8\nsearch good.example\nuntil 4294967295\n");
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		const char *variables[] = {"ip", addresses[i], NULL};

		assert_int_equal(lease_from_variables(LEASE_DHCP4, get, variables, 0, &l, &err), -1);
		error_clear(&err);
	}
}

static void refuse(const char *text, const char *message)
{
	_cleanup_error_ struct error err = {0};
	struct lease l;

	assert_int_equal(lease_parse("eth0.dhcp4", text, strlen(text), &l, &err), -1);
	assert_string_equal(error_text(&err), message);
}

static void test_file(void **state)
{
	(void)state;
	refuse("address 10.0.2\n", "eth0.dhcp4:1: address: \"10.0.2\" is no address");
	refuse("address 10.0.2.3\nprefix 33\n", "eth0.dhcp4: an address without the length of its prefix");
	refuse("address 10.0.2.3\n", "eth0.dhcp4: an address without the length of its prefix");
	refuse("address\n", "eth0.dhcp4:1: address: 0 words where 1 is wanted");
	refuse("search a..b\n", "eth0.dhcp4:1: search: \"a..b\" is no name");
	refuse("route 10.0.0.0/8 fd00::1\n", "eth0.dhcp4:1: route: wanted are CIDR and ADDRESS or link");
	refuse("nix 10.0.0.1\n", "eth0.dhcp4:1: unknown record \"nix\"");
}

static void test_router(void **state)
{
	static const unsigned char rdnss[] = {25, 3, 0, 0, 0, 0, 1, 0, 0xfd, 0, 0, 0, 0, 0, 0, 0,
					      0, 0, 0, 0, 0, 0, 0, 0x53};
	static const unsigned char dnssl[] = {31, 4, 0, 0, 0, 0, 2, 0, 1, 'a', 7, 'e', 'x', 'a', 'm', 'p',
					      'l', 'e', 0, 1, 'b', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	static const unsigned char bad[] = {31, 2, 0, 0, 0, 0, 2, 0, 63, 'a', 7, 'e', 'x', 'a', 'm', 'p'};
	_cleanup_strbuf_ struct strbuf out = {0};
	struct lease l = {0};

	(void)state;
	for (size_t n = 0; n < sizeof(rdnss); n++)
		ra_take_option(rdnss, n, 10, &l);
	assert_false(l.there);
	ra_take_option(rdnss, sizeof(rdnss), 10, &l);
	ra_take_option(dnssl, sizeof(dnssl), 10, &l);
	lease_write(&l, &out);
	assert_string_equal(out.data, "dns fd00::53\nsearch a.example\nsearch b\nuntil 522\n");
	ra_take_option(bad, sizeof(bad), 10, &l);
	assert_int_equal(l.search_count, 0);
}

static void test_status(void **state)
{
	static const char good[] =
		"mkdl-network 1\nturn 3\nup\nnode-ip 10.0.0.5\nsummary eth0\\s10.0.0.5/24\ninterface eth0\nmac 52:54:00:00:00:01\n"
		"hostname n5\ndomain lan.example\nntp 10.0.0.4\nclient dhcp4 eth0 52:54:00:00:00:01\n"
		"link eth0 up eth0 52:54:00:00:00:01\naddress eth0 10.0.0.5/24\nend\n";
	static const char *const bad[] = {
		"", "mkdl-network 1\n", "mkdl-network 1\nup\n", "mkdl-network 1\nnode-ip x\nend\n",
		"mkdl-network 1\ninterface ../x\nend\n", "mkdl-network 1\nclient dhcp5 eth0 52:54:00:00:00:01\nend\n",
		"mkdl-network 1\nclient dhcp4 eth0\nend\n", "mkdl-network 1\nhostname -x\nend\n", "mkdl-network 1\nnix\nend\n",
	};
	struct network_status s = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		_cleanup_error_ struct error err = {0};

		assert_int_equal(network_status_parse("status", bad[i], strlen(bad[i]), &s, &err), -1);
	}
	{
		_cleanup_error_ struct error err = {0};

		assert_int_equal(network_status_parse("status", good, strlen(good), &s, &err), 0);
	}
	assert_true(s.up && s.turn == 3);
	assert_string_equal(s.node_ip, "10.0.0.5");
	assert_string_equal(s.summary, "eth0 10.0.0.5/24");
	assert_int_equal(s.client_count, 1);
	assert_string_equal(s.clients[0].interface, "eth0");
	assert_string_equal(s.ntp[0], "10.0.0.4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dhcp4), cmocka_unit_test(test_dhcp6), cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_file), cmocka_unit_test(test_router), cmocka_unit_test(test_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
