#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "init/names.h"

static void test_uuid(void **state)
{
	static const char *const shared[] = {
		"", "Not Settable\n", "Not Specified", "00000000-0000-0000-0000-000000000000\n",
		"FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF\n", "03000200-0400-0500-0006-000700080009\n",
		"11111111-1111-1111-1111-111111111111", "FEFEFEFE-FEFE-FEFE-FEFE-FEFEFEFEFEFE",
		"4C4C4544-0042-3510-8058-B9C04F4A323233\n", "4C4C4544-0042-3510-8058-B9C04F4A323", "4C4C45440-042-3510-8058-B9C04F4A3232",
	};
	char uuid[NAMES_UUID_SIZE] = "kept";

	(void)state;
	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared); i++)
		assert_false(names_own_uuid(shared[i], uuid));
	assert_string_equal(uuid, "kept");
	assert_true(names_own_uuid("4C4C4544-0042-3510-8058-B9C04F4A3232\n", uuid));
	assert_string_equal(uuid, "4c4c4544-0042-3510-8058-b9c04f4a3232");
}

/* The same for ever: what was written down somewhere has to stay true. */
static void test_derived(void **state)
{
	char seed[NAMES_SEED_SIZE], other[NAMES_SEED_SIZE], id[33], id2[33], initiator[NAMES_INITIATOR_SIZE];

	(void)state;
	names_seed("4c4c4544-0042-3510-8058-b9c04f4a3232", "52:54:00:ab:cd:ef", seed);
	assert_string_equal(seed, "uuid:4c4c4544-0042-3510-8058-b9c04f4a3232");
	names_seed("", "52:54:00:ab:cd:ef", other);
	assert_string_equal(other, "mac:52:54:00:ab:cd:ef");
	names_machine_id(seed, id);
	assert_string_equal(id, "d6bf19e73ee54cc8922dea84d9c72d20");
	names_machine_id(other, id2);
	assert_string_equal(id2, "85fd1261822c4bacb4933ac46fba610d");
	assert_int_equal(id[12], '4');
	names_initiator(seed, initiator);
	assert_string_equal(initiator, "iqn.2018-05.node.mkdl:455f500ff42658d4f62c119b");
	assert_null(strstr(initiator, id));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uuid), cmocka_unit_test(test_derived), cmocka_unit_test(test_hostname), cmocka_unit_test(test_fill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
