#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "init/plan.h"

static bool matches(const char *pattern, const char *modalias)
{
	struct plan_alias alias = {.pattern = pattern, .literal = strcspn(pattern, "*?[\\")};

	return plan_alias_matches(&alias, modalias);
}

static void test_match(void **state)
{
	static const char nic[] = "virtio:d00000001v00001AF4";
	static const char pci[] = "pci:v00001AF4d00001041sv00001AF4sd00001100bc02sc00i00";

	(void)state;
	assert_true(matches("virtio:d00000001v*", nic));
	assert_false(matches("virtio:d00000002v*", nic));
	assert_true(matches("pci:v00001AF4d*sv*sd*bc*sc*i*", pci));
	assert_true(matches("pci:v*d*sv*sd*bc02sc00i*", pci));
	assert_false(matches("pci:v*d*sv*sd*bc0Csc03i*", pci));
	assert_true(matches("pci:v00001AF[0-5]d*", pci));
	assert_true(matches("pci:v00001AF?d*", pci));
	assert_false(matches("pci:v00001AF4d0000", pci));
	assert_true(matches("acpi*:PNP0C0C:*", "acpi:PNP0C0C:"));
	assert_true(matches("cpu:type:x86,ven*fam*mod*:feature:*0099*",
			    "cpu:type:x86,ven0000fam0006mod0006:feature:,0099,"));
	assert_true(matches("exact", "exact"));
	assert_false(matches("exact", "exactly"));
	assert_false(matches("longer than", "long"));
	assert_false(matches("long*", ""));
}

static void test_table(void **state)
{
	static const char text[] = "pci:v00008086d0000100Esv*sd*bc*sc*i* /m/e1000.ko\n"
				   "virtio:d00000001v* /m/net_failover.ko /m/virtio_net.ko\n";
	_cleanup_error_ struct error err = {0};
	struct arena a = {0};
	struct plan_aliases t;

	(void)state;
	assert_int_equal(plan_parse_modalias(&a, "modalias", text, strlen(text), &t, &err), 0);
	assert_int_equal(t.count, 2);
	assert_int_equal(t.items[1].literal, strlen("virtio:d00000001v"));
	assert_string_equal(t.items[1].paths[1], "/m/virtio_net.ko");
	assert_null(t.items[1].paths[2]);
	assert_int_equal(plan_parse_modalias(&a, "modalias", "a*\n", 3, &t, &err), -1);
	assert_string_equal(error_text(&err), "modalias:1: the pattern is followed by no module");
	assert_int_equal(plan_parse_modalias(&a, "modalias", "a* m.ko\n", 8, &t, &err), -1);
	assert_string_equal(error_text(&err), "modalias:1: \"m.ko\" is no clean absolute path");
	arena_free(&a);
}

static void test_modules(void **state)
{
	static const char text[] = "load /m/a.ko\nload /m/b.ko x=1 y=a,b\n";
	_cleanup_error_ struct error err = {0};
	struct arena a = {0};
	struct plan_modules m;

	(void)state;
	assert_int_equal(plan_parse_modules(&a, "modules", text, strlen(text), &m, &err), 0);
	assert_int_equal(m.count, 2);
	assert_string_equal(m.items[0].parameters, "");
	assert_string_equal(m.items[1].path, "/m/b.ko");
	assert_string_equal(m.items[1].parameters, "x=1 y=a,b");
	assert_int_equal(plan_parse_modules(&a, "modules", "", 0, &m, &err), 0);
	assert_int_equal(m.count, 0);
	assert_int_equal(plan_parse_modules(&a, "modules", "unload /a\n", 10, &m, &err), -1);
	assert_string_equal(error_text(&err), "modules:1: unknown record \"unload\"");
	assert_int_equal(plan_parse_modules(&a, "modules", "load\n", 5, &m, &err), -1);
	assert_string_equal(error_text(&err), "modules:1: load: the module's absolute path is wanted");
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match), cmocka_unit_test(test_table), cmocka_unit_test(test_modules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
