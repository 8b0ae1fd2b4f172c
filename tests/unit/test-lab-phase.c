/* How far a machine of a lab is, from what its console says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lab/phase.h"

static void whole_boot(void **state)
{
	struct phase p;

	(void)state;
	phase_begin(&p);
	assert_string_equal(phase_name(&p), "firmware");
	assert_false(phase_line(&p, "SeaBIOS (version 1.16.2-debian-1.16.2-1)"));
	assert_false(phase_line(&p, "iPXE initialising devices...ok"));
	assert_true(phase_line(&p, "[    0.000000] Linux version 6.1.0-56-amd64"));
	assert_string_equal(phase_name(&p), "kernel");
	assert_int_equal(p.boots, 1);
	assert_true(phase_line(&p, "mkdl: root         (1.8 s, took 3 ms)"));
	assert_string_equal(phase_name(&p), "root");
	assert_true(phase_line(&p, "mkdl: network      eth0 10.0.2.15/24 via 10.0.2.2 (2.6 s, took 434 ms)"));
	assert_string_equal(phase_name(&p), "network");
	/* What is tried on, and services, are no phases. */
	assert_false(phase_line(&p, "mkdl: config       https://10.77.0.1: refused; trying on, for 300 s at most"));
	assert_false(phase_line(&p, "mkdl: service web          ready (2.8 s, took 147 ms)"));
	assert_string_equal(phase_name(&p), "network");
	assert_string_equal(p.said, "service web          ready (2.8 s, took 147 ms)");
	assert_false(phase_line(&p, "join: API server https://10.77.0.11:6443: refuses the connection"));
	assert_string_equal(p.said, "join: API server https://10.77.0.11:6443: refuses the connection");
	assert_true(phase_line(&p, "mkdl: node up in 2.9 s"));
	assert_int_equal(p.step, PHASE_UP);
	assert_true(p.up_after > 2.8 && p.up_after < 3.0);
	assert_false(phase_line(&p, "mkdl: service web ended with status 1: started again"));
	assert_int_equal(p.step, PHASE_UP);
}

static void reboots(void **state)
{
	struct phase p;

	(void)state;
	phase_begin(&p);
	phase_line(&p, "Linux version 6.1");
	phase_line(&p, "mkdl: node up in 2.9 s");
	assert_true(phase_line(&p, "mkdl: rebooting: asked by nodectl; within 90 s"));
	assert_string_equal(phase_name(&p), "shutdown");
	assert_false(phase_line(&p, "mkdl: rebooting"));
	assert_true(phase_line(&p, "SeaBIOS (version 1.16.2-debian-1.16.2-1)"));
	assert_string_equal(phase_name(&p), "firmware");
	assert_true(phase_line(&p, "Linux version 6.1"));
	assert_int_equal(p.boots, 2);
}

static void failures(void **state)
{
	struct phase p;

	(void)state;
	phase_begin(&p);
	phase_line(&p, "Linux version 6.1");
	assert_true(phase_line(&p, "mkdl: BOOT FAILED in state: /var/lib/etcd: no answer"));
	assert_int_equal(p.step, PHASE_FAILED);
	assert_string_equal(p.detail, "BOOT FAILED in state: /var/lib/etcd: no answer");
	/* It stays failed while it waits, and does not when it boots again. */
	assert_false(phase_line(&p, "mkdl: rebooting in 30 s"));
	assert_int_equal(p.step, PHASE_FAILED);
	assert_true(phase_line(&p, "iPXE initialising devices...ok"));
	assert_int_equal(p.step, PHASE_FIRMWARE);
	phase_line(&p, "Linux version 6.1");
	assert_true(phase_line(&p, "[    3.1] Kernel panic - not syncing: System is deadlocked on memory"));
	assert_string_equal(p.detail, "Kernel panic - not syncing: System is deadlocked on memory");
}

static void nothing_to_boot(void **state)
{
	struct phase p;

	(void)state;
	phase_begin(&p);
	assert_true(phase_line(&p, "No bootable device."));
	assert_int_equal(p.step, PHASE_FAILED);
	/* A machine that is off says nothing. */
	p.step = PHASE_OFF;
	assert_false(phase_line(&p, "Linux version 6.1"));
}

/* Lines longer than what is kept of them, and empty ones. */
static void odd_lines(void **state)
{
	char text[1024] = "mkdl: BOOT FAILED in ";
	struct phase p;

	(void)state;
	memset(text + strlen(text), 'x', sizeof(text) - strlen(text) - 1);
	text[sizeof(text) - 1] = '\0';
	phase_begin(&p);
	assert_true(phase_line(&p, text));
	assert_int_equal(strlen(p.detail), sizeof(p.detail) - 1);
	assert_int_equal(strlen(p.said), sizeof(p.said) - 1);
	phase_begin(&p);
	assert_false(phase_line(&p, ""));
	assert_false(phase_line(&p, "mkdl: "));
	assert_false(phase_line(&p, "xmkdl: node up in 3 s"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_boot), cmocka_unit_test(reboots), cmocka_unit_test(failures),
		cmocka_unit_test(nothing_to_boot), cmocka_unit_test(odd_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
