#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "init/floor.h"

static void test_dates(void **state)
{
	static const struct {
		const char *version;
		int64_t date; /* 0: none */
	} cases[] = {
		{"#1 SMP PREEMPT_DYNAMIC Debian 6.1.158-1 (2025-11-09)", 1762646400},
		{"#1 SMP PREEMPT_DYNAMIC Debian 6.12.57-1~bpo12+1 (2025-11-17)", 1763337600},
		{"#1 SMP PREEMPT_DYNAMIC Sun Nov  9 10:21:04 UTC 2025", 1762646400},
		{"#85-Ubuntu SMP PREEMPT_DYNAMIC Thu Sep 18 15:26:59 UTC 2025", 1758153600},
		{"#1 SMP PREEMPT_DYNAMIC Debian 6.1.158-1 (2025-11-0)", 0}, {"(1970-01-01)", 0}, {"(2025-13-01)", 0},
		{"(2025-11-09", 0}, {"#1 SMP Sun Mrz 9 10:21:04 UTC 2025", 0}, {"", 0}, {"     ", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t date = 0;

		assert_int_equal(floor_of_kernel(cases[i].version, &date), cases[i].date != 0);
		assert_int_equal(date, cases[i].date);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_dates)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
