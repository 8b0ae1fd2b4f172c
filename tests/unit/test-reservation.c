#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "node/state/state.h"

/* Of the state program's main file. */
void say(const char *fmt, ...)
{
	(void)fmt;
}

static void a_device_that_cannot_be_opened_is_no_target_without_reservations(void **state)
{
	_cleanup_error_ struct error err = {0};

	(void)state;
	assert_int_equal(reservation_take("/nowhere/sda", "0123", &err), RESERVATION_FAILED);
	assert_non_null(strstr(err.text, "/nowhere/sda: its reservation cannot be asked for: No such file"));
}

static void nor_is_one_that_takes_no_commands(void **state)
{
	char path[] = "/tmp/mkdl-reservation-XXXXXX";
	_cleanup_error_ struct error err = {0};
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(reservation_take(path, "0123", &err), RESERVATION_FAILED);
	assert_non_null(strstr(err.text, "did not get through"));
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_that_cannot_be_opened_is_no_target_without_reservations),
		cmocka_unit_test(nor_is_one_that_takes_no_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
