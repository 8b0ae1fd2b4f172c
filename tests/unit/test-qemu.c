#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "builder/qemu-boot.h"
#include "builder/qemu-console.h"
#include "builder/qemu.h"

static const char *joined(struct arena *a, const struct machine *m, bool by_hand)
{
	const char **argv = qemu_arguments(a, m, by_hand);
	const char *line = "";

	for (size_t i = 0; argv[i]; i++)
		line = arena_printf(a, "%s%s%s", line, i ? " " : "", argv[i]);
	return line;
}

static void test_arguments(void **state)
{
	static const struct forward forwards[] = {{18080, 8080}, {2222, 22}};
	struct machine m = {.qemu = {.program = "/q", .major = 7, .minor = 2}, .boot = BOOT_PXE, .memory = 384, .cpus = 2,
			    .tftp = "/a,b", .bootfile = "demo.ipxe", .network = true, .forwards = forwards, .forward_count = 2};
	struct arena a = {0};
	const char *line = joined(&a, &m, false);

	(void)state;
	assert_non_null(strstr(line, "/q -M q35,graphics=off -accel tcg,thread=multi -cpu max,-cx16,-erms -smp 2 -m 384M -nodefaults "
				     "-no-user-config -display none -no-reboot "));
	assert_non_null(strstr(line, " -netdev user,id=n0,tftp=/a,,b,bootfile=demo.ipxe,hostfwd=tcp:127.0.0.1:18080-:8080,"
				     "hostfwd=tcp:127.0.0.1:2222-:22 -device virtio-net-pci,netdev=n0,mac=" QEMU_MAC " -boot n"));
	/* Nothing that could hold data: no drive of any kind. */
	assert_null(strstr(line, "-drive"));
	assert_null(strstr(line, "-hd"));
	assert_null(strstr(line, "blk"));
	assert_null(strstr(line, "stdio"));
	assert_non_null(strstr(joined(&a, &m, true), "-serial mon:stdio"));

	m.qemu.major = 10;
	assert_non_null(strstr(joined(&a, &m, false), " -cpu max,-erms -smp"));
	m.qemu.kvm = true;
	assert_non_null(strstr(joined(&a, &m, false), " -accel kvm -cpu host -smp"));

	m.boot = BOOT_UEFI;
	m.ovmf_code = "/code";
	m.ovmf_vars = "/vars";
	assert_non_null(strstr(joined(&a, &m, false), "readonly=on,file=/code -drive if=pflash,format=raw,snapshot=on,file=/vars"));

	m.boot = BOOT_DIRECT;
	m.kernel = "k";
	m.initramfs = "i";
	m.cmdline = "a b";
	line = joined(&a, &m, false);
	assert_non_null(strstr(line, " -kernel k -initrd i -append a b"));
	assert_non_null(strstr(line, ",romfile= "));
	assert_null(strstr(line, "tftp"));
	arena_free(&a);
}

struct console_test {
	struct console console;
	struct strbuf show;
	regex_t until;
};

static void feed(struct console_test *t, const char *text)
{
	console_feed(&t->console, text, strlen(text), &t->show);
}

static void begin(struct console_test *t, const char *until)
{
	*t = (struct console_test){0};
	assert_int_equal(regcomp(&t->until, until, REG_EXTENDED | REG_NOSUB), 0);
	t->console.until = &t->until;
}

static void end(struct console_test *t)
{
	regfree(&t->until);
	console_free(&t->console);
	strbuf_free(&t->show);
}

static void test_until(void **state)
{
	struct console_test t;

	(void)state;
	begin(&t, "node up in [0-9.]+ s");
	feed(&t, "[    0.0] Command line: node up in 1 s\r\n");
	feed(&t, "mkdl: node up");
	assert_false(t.console.seen);
	assert_true(t.console.line_open);
	feed(&t, " in 1\033[0;1m1.5 s");
	assert_true(t.console.seen);
	assert_int_equal(t.console.lines, t.console.seen_at);
	feed(&t, "econds\r\nnode up in 3 s\r\n");
	assert_string_equal(t.console.seen_line.data, "mkdl: node up in 11.5 seconds");
	assert_int_equal(t.console.lines, 3);
	assert_int_equal(t.console.failure, CONSOLE_FINE);
	end(&t);

	/* Byte by byte is the same; a prompt has no newline. */
	begin(&t, "^/ # $");
	for (const char *p = "a\r\n/ # "; *p; p++)
		feed(&t, (char[]){*p, '\0'});
	assert_true(t.console.seen);
	end(&t);
}

static void test_failures(void **state)
{
	struct console_test t;

	(void)state;
	begin(&t, "x{9}");
	feed(&t, "mkdl: BOOT FAILED in image: cut off");
	assert_int_equal(t.console.failure, CONSOLE_INIT_FAILED);
	feed(&t, " at /bin/sh\r\nmore\r\n");
	assert_string_equal(t.console.failure_line.data, "mkdl: BOOT FAILED in image: cut off at /bin/sh");
	feed(&t, "[ 1.0] Kernel panic - not syncing: Attempted to kill init!\r\n---[ end Kernel panic - not syncing: x ]---\n");
	assert_int_equal(t.console.failure, CONSOLE_PANIC);
	assert_string_equal(t.console.failure_line.data, "[ 1.0] Kernel panic - not syncing: Attempted to kill init!");
	end(&t);

	begin(&t, "x{9}");
	feed(&t, "\033[2JNo bootable device.\r\n");
	assert_int_equal(t.console.failure, CONSOLE_NOT_BOOTED);
	assert_false(t.console.kernel);
	end(&t);
}

static void test_show(void **state)
{
	struct console_test t;

	(void)state;
	begin(&t, "never");
	feed(&t, "\033c\033[?7l\033[2J\033[0;1miPXE\033[0m\r\n");
	assert_string_equal(t.show.data, "\033[0;1miPXE\033[0m\r\n");
	t.show.len = 0;
	feed(&t, "\033[2J[ 0.0] Linux version 6.1\r\n");
	assert_string_equal(t.show.data, "[ 0.0] Linux version 6.1\r\n");
	t.show.len = 0;
	/* A shell edits its line. */
	feed(&t, "\033[J\033[6n");
	assert_string_equal(t.show.data, "\033[J\033[6n");
	end(&t);

	/* Neither a line nor a sequence without end takes memory without end. */
	begin(&t, "never");
	for (unsigned i = 0; i < 100000; i++)
		feed(&t, "z");
	feed(&t, "\033[");
	for (unsigned i = 0; i < 1000; i++)
		feed(&t, "1");
	assert_true(t.console.line.len <= 8192);
	assert_true(t.console.sequence.len <= 64);
	assert_true(t.console.lines > 10);
	end(&t);
}

static void test_scripts(void **state)
{
	struct arena a = {0};
	struct boot_script b = {0};
	static const char script[] = "#!ipxe\nset x y\n kernel demo/1/vmlinuz initrd=i BOOTIF=01-${netX/mac:hexhyp} a=1 b || goto r\n"
				     "initrd demo/1/initramfs.img || goto r\nboot || goto r\n";
	static const char menu[] = "# x\nDEFAULT demo\nPROMPT 0\nLABEL demo\n  KERNEL demo/vmlinuz\n  APPEND a=1\n";

	(void)state;
	assert_true(boot_script_read(&a, script, &b));
	assert_string_equal(b.kernel, "demo/1/vmlinuz");
	assert_string_equal(b.initramfs, "demo/1/initramfs.img");
	assert_string_equal(b.cmdline, "a=1 b");
	assert_true(boot_script_read(&a, "kernel --autofree k x\r\ninitrd i", &b));
	assert_string_equal(b.kernel, "k");
	assert_string_equal(b.cmdline, "x");
	assert_false(boot_script_read(&a, "kernels a\ninitrd b\n", &b));
	assert_false(boot_script_read(&a, "kernel a\n", &b));
	assert_false(boot_script_read(&a, "kernel\ninitrd i\n", &b));
	assert_false(boot_script_read(&a, "", &b));
	assert_string_equal(b.kernel, "k");
	assert_non_null(strstr(boot_append(&a, script, "kernel", "c=3"), " a=1 b c=3 || goto r\ninitrd "));
	assert_string_equal(boot_append(&a, "APPEND x\r\nappendix\n", "append", "y"), "APPEND x y\nappendix\n");
	assert_true(boot_pxelinux_is(menu, "demo"));
	assert_false(boot_pxelinux_is(menu, "dem"));
	assert_false(boot_pxelinux_is(menu, "demo2"));
	assert_false(boot_pxelinux_is("LABEL demo\n", "demo"));
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments), cmocka_unit_test(test_until), cmocka_unit_test(test_failures),
		cmocka_unit_test(test_show), cmocka_unit_test(test_scripts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
