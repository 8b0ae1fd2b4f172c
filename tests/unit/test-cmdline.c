#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "init/cmdline.h"

static void test_whole(void **state)
{
	_cleanup_error_ struct error err = {0};
	struct options o;

	(void)state;
	assert_int_equal(cmdline_parse("BOOT_IMAGE=x console=ttyS0 quiet BOOTIF=01-52-54-00-AB-cd-ef "
				       "mkdl.interface=eth1 "
				       "mkdl.network_timeout=20 mkdl.failure=shell mkdl.shell mkdl.verbose "
				       "mkdl.hostname=n1\n",
				       &o, &err), 0);
	assert_string_equal(o.bootif, "52:54:00:ab:cd:ef");
	assert_string_equal(o.interface, "eth1");
	assert_string_equal(o.hostname, "n1");
	assert_int_equal(o.network_timeout, 20);
	assert_true(o.have_failure && o.failure == PLAN_FAILURE_SHELL);
	assert_true(o.shell && o.verbose);
	assert_false(o.ip.given);
	assert_int_equal(cmdline_parse("", &o, &err), 0);
	assert_int_equal(o.network_timeout, 300);
	assert_string_equal(o.bootif, "");
	assert_int_equal(cmdline_parse("mkdl.interface=52-54-00-00-00-01", &o, &err), 0);
	assert_string_equal(o.interface, "52:54:00:00:00:01");
}

static void test_mac(void **state)
{
	char mac[18] = "kept";

	(void)state;
	assert_false(cmdline_mac("", mac));
	assert_false(cmdline_mac("52:54:00:ab:cd:e", mac));
	assert_false(cmdline_mac("52:54:00:ab:cd:eg", mac));
	assert_false(cmdline_mac("52:54:00:ab:cd.ef", mac));
	assert_false(cmdline_mac("20-52-54-00-ab-cd-ef", mac));
	assert_false(cmdline_mac("01-52-54-00-ab-cd-ef-00", mac));
	assert_string_equal(mac, "kept");
	assert_true(cmdline_mac("01:52:54:00:AB:CD:EF", mac));
	assert_string_equal(mac, "52:54:00:ab:cd:ef");
}

static void test_ip(void **state)
{
	_cleanup_error_ struct error err = {0};
	struct options o;

	(void)state;
	assert_int_equal(cmdline_parse("ip=10.0.0.5::10.0.0.1:255.255.255.0:n5:eth0:none:10.0.0.2:10.0.0.3", &o,
				       &err), 0);
	assert_true(o.ip.given);
	assert_string_equal(o.ip.address, "10.0.0.5");
	assert_string_equal(o.ip.gateway, "10.0.0.1");
	assert_string_equal(o.ip.netmask, "255.255.255.0");
	assert_string_equal(o.ip.hostname, "n5");
	assert_string_equal(o.ip.interface, "eth0");
	assert_string_equal(o.ip.dns[1], "10.0.0.3");
	assert_int_equal(cmdline_parse("ip=10.0.0.5:::255.0.0.0", &o, &err), 0);
	assert_true(o.ip.given);
	assert_int_equal(cmdline_parse("ip=dhcp", &o, &err), 0);
	assert_false(o.ip.given);
	assert_int_equal(cmdline_parse("ip=:::::eth3:dhcp", &o, &err), 0);
	assert_false(o.ip.given);
	assert_string_equal(o.interface, "eth3");
}

static void refuse(const char *text, const char *message)
{
	_cleanup_error_ struct error err = {0};
	struct options o;

	assert_int_equal(cmdline_parse(text, &o, &err), -1);
	assert_string_equal(error_text(&err), message);
}

static void test_bad(void **state)
{
	static const char form[] = "ip=10.0.0.5: wanted is ip=ADDRESS::GATEWAY:NETMASK:HOSTNAME:INTERFACE:none:DNS:DNS";
	_cleanup_error_ struct error err = {0};
	struct options o;

	(void)state;
	refuse("BOOTIF=x", "BOOTIF=x is no MAC address");
	refuse("mkdl.failure=panic", "mkdl.failure=panic is neither shell nor reboot");
	refuse("mkdl.netwrok_timeout=3", "mkdl.netwrok_timeout is no option of mkdl");
	refuse("mkdl.network_timeout=0", "mkdl.network_timeout=0 is no number of seconds");
	refuse("mkdl.network_timeout", "mkdl.network_timeout= is no number of seconds");
	refuse("mkdl.interface=a/b", "mkdl.interface=a/b is neither a name nor a MAC address");
	refuse("mkdl.hostname=-x", "mkdl.hostname=-x is no host name");
	refuse("mkdl.shell=1", "mkdl.shell takes no value");
	refuse("ip=10.0.0.5", form);
	refuse("BOOTIF=x mkdl.nix", "mkdl.nix is no option of mkdl: BOOTIF=x is no MAC address");
	/* What is right counts although another word is wrong. */
	assert_int_equal(cmdline_parse("mkdl.nix mkdl.verbose", &o, &err), -1);
	assert_true(o.verbose);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole), cmocka_unit_test(test_mac), cmocka_unit_test(test_ip),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
