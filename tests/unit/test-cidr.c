#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cluster/cidr.h"

static struct cidr of(const char *text)
{
	struct cidr c;

	assert_true(cidr_parse(text, &c, NULL));
	return c;
}

static void test_read_and_written(void **state)
{
	static const char *const good[] = {"0.0.0.0/0", "10.77.0.0/24", "10.77.0.11/32", "255.255.255.255/32", "128.0.0.0/1"};
	static const char *const bad[] = {"", "/", "/24", "10.77.0.0", "10.77.0.0/", "10.77.0.0/33", "10.77.0.0/-1", "10.77.0/24",
					  "10.77.0.0.0/24", "10.77.0.256/24", "010.77.0.0/24", " 10.77.0.0/24", "10.77.0.0/24 ",
					  "fd00::/64", "10.77.0.0/99999999999", "1000000000000000000000000.0.0.0/8", "a.b.c.d/8"};
	struct arena a = {0};
	struct cidr c;
	bool exact;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_true(cidr_parse(good[i], &c, &exact));
		assert_true(exact);
		assert_string_equal(cidr_text(&a, c), good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(cidr_parse(bad[i], &c, &exact));
	assert_true(cidr_parse("10.77.5.6/16", &c, &exact));
	assert_false(exact);
	assert_string_equal(cidr_text(&a, c), "10.77.0.0/16");
	arena_free(&a);
}

static void test_bounds(void **state)
{
	struct arena a = {0};

	(void)state;
	assert_string_equal(ipv4_text(&a, cidr_last(of("10.77.0.0/24"))), "10.77.0.255");
	assert_string_equal(ipv4_text(&a, cidr_last(of("0.0.0.0/0"))), "255.255.255.255");
	assert_string_equal(ipv4_text(&a, cidr_last(of("10.0.0.1/32"))), "10.0.0.1");
	assert_int_equal(cidr_size(of("0.0.0.0/0")), INT64_C(1) << 32);
	assert_int_equal(cidr_size(of("10.0.0.0/30")), 4);
	assert_true(cidr_has(of("10.77.0.0/24"), 0x0a4d00ff));
	assert_false(cidr_has(of("10.77.0.0/24"), 0x0a4d0100));
	assert_true(cidr_has(of("0.0.0.0/0"), UINT32_MAX));
	arena_free(&a);
}

static void test_relations(void **state)
{
	(void)state;
	assert_true(cidr_overlaps(of("10.0.0.0/8"), of("10.244.0.0/16")));
	assert_true(cidr_overlaps(of("10.244.0.0/16"), of("10.0.0.0/8")));
	assert_false(cidr_overlaps(of("10.244.0.0/16"), of("10.245.0.0/16")));
	assert_true(cidr_within(of("10.244.7.0/24"), of("10.244.0.0/16")));
	assert_false(cidr_within(of("10.0.0.0/8"), of("10.244.0.0/16")));
	assert_false(cidr_within(of("10.245.7.0/24"), of("10.244.0.0/16")));
	assert_true(cidr_within(of("10.244.0.0/16"), of("10.244.0.0/16")));
}

static void test_parts(void **state)
{
	struct arena a = {0};
	struct cidr part = {1, 2};

	(void)state;
	assert_true(cidr_part(of("10.244.0.0/16"), 24, 21, &part));
	assert_string_equal(cidr_text(&a, part), "10.244.21.0/24");
	assert_true(cidr_part(of("10.244.0.0/16"), 24, 255, &part));
	assert_string_equal(cidr_text(&a, part), "10.244.255.0/24");
	assert_false(cidr_part(of("10.244.0.0/16"), 24, 256, &part));
	assert_false(cidr_part(of("10.244.0.0/16"), 15, 0, &part));
	assert_false(cidr_part(of("10.244.0.0/16"), 33, 0, &part));
	assert_string_equal(cidr_text(&a, part), "10.244.255.0/24");
	assert_true(cidr_part(of("0.0.0.0/0"), 32, UINT32_MAX, &part));
	assert_string_equal(cidr_text(&a, part), "255.255.255.255/32");
	assert_true(cidr_part(of("10.0.0.0/30"), 32, 3, &part));
	assert_string_equal(cidr_text(&a, part), "10.0.0.3/32");
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_and_written),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_relations),
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
