#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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
	assert_int_equal(o.ip_count, 0);
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

/* One form of ip= a row; NULL: refused. Written back as method interface address/prefix gateway dns dns ntp host mtu. */
static const struct {
	const char *word, *meaning;
} forms[] = {
	/* The kernel's own: nfsroot.rst. */
	{"dhcp", "dhcp"}, {"on", "dhcp"}, {"any", "dhcp"}, {"both", "dhcp"}, {"bootp", "dhcp"}, {"rarp", "dhcp"},
	{"off", "off"}, {"none", "off"},
	{"", "dhcp"},
	{"::::::", "dhcp"},
	{"::::::dhcp", "dhcp"},
	{":::::eth1:dhcp", "dhcp if=eth1"},
	{":::::eth1:on", "dhcp if=eth1"},
	{":::::eth1", "dhcp if=eth1"},
	{":::::eth1:off", "off if=eth1"},
	{"::::n7::dhcp", "dhcp host=n7"},
	{"::::n7:eth0:any", "dhcp if=eth0 host=n7"},
	{"10.0.0.5", "static 10.0.0.5/8"},
	{"172.16.3.5", "static 172.16.3.5/16"},
	{"192.168.3.5", "static 192.168.3.5/24"},
	{"10.0.0.5:::255.255.255.0", "static 10.0.0.5/24"},
	{"10.0.0.5:10.0.0.2:10.0.0.1:255.255.255.0", "static 10.0.0.5/24 via=10.0.0.1"},
	{"10.0.0.5::10.0.0.1:255.255.255.0:n5:eth0:none:10.0.0.2:10.0.0.3:10.0.0.4",
	 "static if=eth0 10.0.0.5/24 via=10.0.0.1 dns=10.0.0.2 dns=10.0.0.3 ntp=10.0.0.4 host=n5"},
	{"10.0.0.5::10.0.0.1:255.255.255.0:n5:eth0:off", "static if=eth0 10.0.0.5/24 via=10.0.0.1 host=n5"},
	{"10.0.0.5:::255.255.255.254::eth0.12:on", "static if=eth0.12 10.0.0.5/31"},
	{"::10.0.0.1::::dhcp:10.0.0.2", "dhcp via=10.0.0.1 dns=10.0.0.2"},
	/* dracut's. */
	{"eth0:dhcp", "dhcp if=eth0"},
	{"eth0:dhcp:9000", "dhcp if=eth0 mtu=9000"},
	{"enp1s0f0:dhcp6", "dhcp6 if=enp1s0f0"},
	{"eth0:auto6", "ra if=eth0"},
	{"eth0:off", "off if=eth0"},
	{"dhcp6", "dhcp6"},
	{"auto6", "ra"},
	{"10.0.0.5::10.0.0.1:24::eth0:none:1400", "static if=eth0 10.0.0.5/24 via=10.0.0.1 mtu=1400"},
	{"[fd00::5]::[fd00::1]:64::eth0:none:[fd00::53]", "static if=eth0 fd00::5/64 via=fd00::1 dns=fd00::53"},
	{"[FD00:0::5]", "static fd00::5/64"},
	{"bond0:dhcp", "dhcp if=bond0"},
	/* Neither. */
	{"maybe", NULL}, {"eth0:sometimes", NULL}, {"10.0.0.256", NULL}, {"10.0.0.5:::255.0.255.0", NULL},
	{"10.0.0.5:::33", NULL}, {"10.0.0.5::10.0.0.x:255.0.0.0", NULL}, {"10.0.0.5:::255.0.0.0:-host", NULL},
	{"10.0.0.5:::255.0.0.0::a/b", NULL}, {"10.0.0.5:::255.0.0.0::interface-too-long", NULL},
	{"10.0.0.5::fd00::1:255.0.0.0", NULL}, {"10.0.0.5::[fd00::1]:255.0.0.0", NULL},
	{"10.0.0.5:::255.0.0.0:::none:::::", NULL}, {"[fd00::5", NULL}, {"[10.0.0.5]", NULL},
	{"eth0:dhcp:12", NULL}, {"eth0:dhcp:1500:52:54:00:00:00:01", NULL}, {"fd00::5", NULL},
};

static void describe(const struct cmdline_ip *ip, char *out, size_t size)
{
	static const char *const methods[] = {"dhcp", "dhcp6", "ra", "static", "off"};
	size_t n = (size_t)snprintf(out, size, "%s", methods[ip->how]);

#define ADD(condition, ...) n += (condition) ? (size_t)snprintf(out + n, size - n, __VA_ARGS__) : 0
	ADD(ip->interface[0], " if=%s", ip->interface);
	ADD(ip->address[0], " %s/%u", ip->address, ip->prefix);
	ADD(ip->gateway[0], " via=%s", ip->gateway);
	ADD(ip->dns[0][0], " dns=%s", ip->dns[0]);
	ADD(ip->dns[1][0], " dns=%s", ip->dns[1]);
	ADD(ip->ntp[0], " ntp=%s", ip->ntp);
	ADD(ip->hostname[0], " host=%s", ip->hostname);
	ADD(ip->mtu, " mtu=%u", ip->mtu);
#undef ADD
}

static void test_ip(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		_cleanup_error_ struct error err = {0};
		struct cmdline_ip ip;
		char meaning[256];

		if (!forms[i].meaning) {
			if (cmdline_read_ip(forms[i].word, &ip, &err) == 0)
				fail_msg("ip=%s was taken", forms[i].word);
			continue;
		}
		if (cmdline_read_ip(forms[i].word, &ip, &err) < 0)
			fail_msg("%s", error_text(&err));
		describe(&ip, meaning, sizeof(meaning));
		assert_string_equal(meaning, forms[i].meaning);
	}
}

static void test_links(void **state)
{
	_cleanup_error_ struct error err = {0};
	struct options o;

	(void)state;
	assert_int_equal(cmdline_parse("ip=eth0:dhcp ip=10.0.0.5::10.0.0.1:255.255.255.0:n5:eth1:none "
				       "vlan=eth0.0012:eth0 bond=bond1:eth2,eth3:mode=active-backup,miimon=50:9000 "
				       "nameserver=10.0.0.53 nameserver=[fd00::53] mkdl.ntp=10.0.0.4,ntp.example "
				       "mkdl.node_ip=10.0.0.0/8", &o, &err), 0);
	assert_int_equal(o.ip_count, 2);
	assert_string_equal(cmdline_hostname(&o), "n5");
	assert_string_equal(o.vlan.name, "eth0.0012");
	assert_string_equal(o.vlan.parent, "eth0");
	assert_int_equal(o.vlan.id, 12);
	assert_string_equal(o.bond.name, "bond1");
	assert_string_equal(o.bond.members, "eth2,eth3");
	assert_string_equal(o.bond.options, "mode=active-backup,miimon=50");
	assert_int_equal(o.bond.mtu, 9000);
	assert_string_equal(o.dns[1], "fd00::53");
	assert_int_equal(o.ntp_count, 2);
	assert_string_equal(o.ntp[1], "ntp.example");
	assert_string_equal(o.node_ip, "10.0.0.0/8");
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
	static const char form[] =
		"ip=10.0.0.5:::1.2: bad netmask; wanted is ip=dhcp, ip=INTERFACE:dhcp or "
		"ip=ADDRESS::GATEWAY:NETMASK:HOSTNAME:INTERFACE:none:DNS:DNS:NTP";
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
	refuse("ip=10.0.0.5:::1.2", form);
	refuse("vlan=eth0:eth0", "vlan=eth0:eth0: eth0 does not end in a VLAN's number from 1 to 4094");
	refuse("vlan=eth0.4095:eth0", "vlan=eth0.4095:eth0: eth0.4095 does not end in a VLAN's number from 1 to 4094");
	refuse("nameserver=x", "nameserver=x is no address");
	refuse("mkdl.ntp=10.0.0.1,-x", "mkdl.ntp=10.0.0.1,-x: \"-x\" is neither a name nor an address");
	refuse("BOOTIF=x mkdl.nix", "mkdl.nix is no option of mkdl: BOOTIF=x is no MAC address");
	/* What is right counts although another word is wrong. */
	assert_int_equal(cmdline_parse("mkdl.nix mkdl.verbose", &o, &err), -1);
	assert_true(o.verbose);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole), cmocka_unit_test(test_mac), cmocka_unit_test(test_ip),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
