#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "init/lease.h"
#include "init/names.h"

static void test_machine_id(void **state)
{
	char id[33] = "kept";

	(void)state;
	assert_false(names_machine_id_from_uuid("", id));
	assert_false(names_machine_id_from_uuid("Not Settable\n", id));
	assert_false(names_machine_id_from_uuid("00000000-0000-0000-0000-000000000000\n", id));
	assert_false(names_machine_id_from_uuid("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF\n", id));
	assert_false(names_machine_id_from_uuid("03000200-0400-0500-0006-000700080009\n", id));
	assert_false(names_machine_id_from_uuid("4C4C4544-0042-3510-8058-B9C04F4A323233\n", id));
	assert_string_equal(id, "kept");
	assert_true(names_machine_id_from_uuid("4C4C4544-0042-3510-8058-B9C04F4A3232\n", id));
	assert_string_equal(id, "4c4c4544004235108058b9c04f4a3232");
	names_machine_id_from_mac("52:54:00:ab:cd:ef", id);
	assert_string_equal(id, "6d6b646c2d6d61632d00525400abcdef");
	names_machine_id_from_mac("", id);
	assert_int_equal(strlen(id), 32);
}

static void test_hostname(void **state)
{
	char name[64] = "kept";

	(void)state;
	assert_true(names_hostname("node-${mac}", "52:54:00:AB:cd:ef", "", name));
	assert_string_equal(name, "node-52-54-00-ab-cd-ef");
	assert_true(names_hostname("N1.Example", "", "", name));
	assert_string_equal(name, "n1.example");
	assert_false(names_hostname("a_b", "", "", name));
	assert_false(names_hostname("-a", "", "", name));
	assert_false(names_hostname("a-.b", "", "", name));
	assert_false(names_hostname("a..b", "", "", name));
	assert_false(names_hostname("", "", "", name));
	assert_false(names_hostname("${machine_id}${machine_id}", "", "0123456789abcdef0123456789abcdef", name));
	assert_string_equal(name, "n1.example");
}

static void test_fill(void **state)
{
	const struct names_variable v[] = {{"ip", "10.0.0.1"}, {"empty", ""}, {NULL, NULL}};
	char out[32];

	(void)state;
	assert_int_equal(names_fill("a=${ip},${empty}${none}$x${", v, out, sizeof(out)), 22);
	assert_string_equal(out, "a=10.0.0.1,${none}$x${");
	assert_int_equal(names_fill("${ip}", v, NULL, 0), 8);
	assert_int_equal(names_fill("${ip}", v, out, 4), 8);
	assert_string_equal(out, "10.");
}

static int parse(const char *text, struct lease *l, struct error *err)
{
	return lease_parse("eth0", text, strlen(text), l, err);
}

static void test_lease(void **state)
{
	_cleanup_error_ struct error err = {0};
	struct lease l;

	(void)state;
	assert_int_equal(parse("address 10.0.2.15\nprefix 24\nrouter 10.0.2.2\n"
			       "dns 10.0.2.3 nonsense 1.1.1.1 8.8.8.8 9.9.9.9\n"
			       "domain lan.example\nhostname n7\nlease 86400\nserver 10.0.2.2\n", &l, &err), 0);
	assert_string_equal(l.address, "10.0.2.15");
	assert_int_equal(l.prefix, 24);
	assert_string_equal(l.dns[0], "10.0.2.3");
	assert_string_equal(l.dns[1], "1.1.1.1");
	assert_string_equal(l.dns[2], "8.8.8.8");
	assert_string_equal(l.domain, "lan.example");
	assert_string_equal(l.hostname, "n7");
	assert_int_equal(l.seconds, 86400);
	assert_int_equal(parse("address 10.0.2.15\nprefix 24\nhostname -rf\ndomain a..b\nrouter x\n", &l, &err), 0);
	assert_string_equal(l.hostname, "");
	assert_string_equal(l.domain, "");
	assert_string_equal(l.router, "");
	assert_int_equal(parse("address 10.0.2\n", &l, &err), -1);
	assert_string_equal(error_text(&err), "eth0:1: address: \"10.0.2\" is no IPv4 address");
	assert_int_equal(parse("address 10.0.2.3\nprefix 33\n", &l, &err), -1);
	assert_string_equal(error_text(&err), "eth0:2: prefix: \"33\" is no number of bits");
	assert_int_equal(parse("address 10.0.2.3\n", &l, &err), -1);
	assert_string_equal(error_text(&err), "eth0: has no address and prefix");
	assert_int_equal(parse("address\n", &l, &err), -1);
	assert_string_equal(error_text(&err), "eth0:1: address: without a value");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_machine_id), cmocka_unit_test(test_hostname), cmocka_unit_test(test_fill),
		cmocka_unit_test(test_lease),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
