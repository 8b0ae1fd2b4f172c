#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "init/final-message.h"

static void check(const char *text, const char *expected)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	final_message_fill(text, 12345, 1600000000, &out);
	assert_string_equal(out.data ? out.data : "", expected);
}

static void words_are_filled_in(void **state)
{
	(void)state;
	check("up after $UPTIME s", "up after 12.34 s");
	check("${uptime}$uptime", "12.3412.34");
	check("$TIMESTAMP", "Sun, 13 Sep 2020 12:26:40 +0000");
	check("mkdl $version by ${DATASOURCE}.", "mkdl " MKDL_VERSION " by mkdl.");
}

static void others_stay(void **state)
{
	(void)state;
	check("", "");
	check("no words", "no words");
	check("$HOME $ $$ ${ ${UPTIME $UPTIMES $Uptime ${}", "$HOME $ $$ ${ ${UPTIME $UPTIMES $Uptime ${}");
	check("costs 5$", "costs 5$");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_filled_in),
		cmocka_unit_test(others_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
