#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "node/state/state.h"

enum { MIB = 1 << 20, SIZE = 16 * MIB };

/* What a device of 16 MiB is found to be that has some bytes at some place. */
static struct signature look(off_t at, const void *bytes, size_t n)
{
	_cleanup_close_ int fd = memfd_create("device", MFD_CLOEXEC);
	_cleanup_error_ struct error err = {0};
	struct signature found;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, SIZE), 0);
	assert_int_equal(pwrite(fd, bytes, n, at), n);
	assert_int_equal(signature_read(fd, SIZE, &found, &err), 0);
	return found;
}

static void test_empty(void **state)
{
	(void)state;
	assert_true(look(0, "", 1).empty);
	/* What is not looked at: far from any mark. */
	assert_true(look(8 * MIB, "x", 1).empty);
}

static void test_data_without_a_mark(void **state)
{
	static const off_t places[] = {0, 1, 4095, 65536 + 7, 3 * MIB, 4 * MIB - 1, SIZE - MIB, SIZE - 1};

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		struct signature s = look(places[i], "x", 1);

		assert_false(s.empty);
		assert_null(s.name);
	}
}

static void test_marks(void **state)
{
	static const struct {
		const char *name, *bytes;
		size_t n;
		off_t at;
	} marks[] = {
		{"xfs", "XFSB", 4, 0},
		{"ext4", "\x53\xef", 2, 0x438},
		{"LUKS", "LUKS\xba\xbe", 6, 0},
		{"LVM2", "LABELONE", 8, 512},
		{"GPT", "EFI PART", 8, 512},
		{"btrfs", "_BHRfS_M", 8, 0x10040},
		{"swap", "SWAPSPACE2", 10, 4086},
		{"a partition table", "\x55\xaa", 2, 510},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		struct signature s = look(marks[i].at, marks[i].bytes, marks[i].n);

		assert_string_equal(s.name, marks[i].name);
		assert_false(s.empty);
	}
}

static void test_names_of_a_file_system(void **state)
{
	char block[4096] = {0};
	struct signature s;

	(void)state;
	memcpy(block + 0x438, "\x53\xef", 2);
	memcpy(block + 0x468, "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef", 16);
	memcpy(block + 0x478, "sixteen-letters!more", 20);
	s = look(0, block, sizeof(block));
	assert_string_equal(s.label, "sixteen-letters!");
	assert_string_equal(s.uuid, "01234567-89ab-cdef-0123-456789abcdef");
}

static void test_small_device(void **state)
{
	_cleanup_close_ int fd = memfd_create("device", MFD_CLOEXEC);
	_cleanup_error_ struct error err = {0};
	struct signature found;

	(void)state;
	assert_int_equal(ftruncate(fd, 100), 0);
	assert_int_equal(signature_read(fd, 100, &found, &err), 0);
	assert_true(found.empty);
}

static void test_portals(void **state)
{
	static const struct {
		const char *text, *host;
		unsigned port;
	} portals[] = {
		{"192.0.2.1", "192.0.2.1", 3260},	{"192.0.2.1:860", "192.0.2.1", 860},
		{"san.example:1", "san.example", 1},	{"2001:db8::1", "2001:db8::1", 3260},
		{"[2001:db8::1]", "2001:db8::1", 3260}, {"[2001:db8::1]:860", "2001:db8::1", 860},
	};
	_cleanup_error_ struct error err = {0};
	_cleanup_arena_ struct arena a = {0};
	const char *host;
	unsigned port;

	(void)state;
	for (size_t i = 0; i < sizeof(portals) / sizeof(*portals); i++) {
		assert_int_equal(split_portal(&a, portals[i].text, 3260, &host, &port, &err), 0);
		assert_string_equal(host, portals[i].host);
		assert_int_equal(port, portals[i].port);
	}
	assert_int_equal(split_portal(&a, "192.0.2.1:0", 3260, &host, &port, &err), -1);
	error_clear(&err);
	assert_int_equal(split_portal(&a, "[::1", 3260, &host, &port, &err), -1);
	error_clear(&err);
	assert_int_equal(split_portal(&a, "[::1]x", 3260, &host, &port, &err), -1);
}

static void test_options(void **state)
{
	const char *words[] = {"noatime", "port=2050", "ro", "rw", "discard"};
	const struct strings list = {.items = words, .count = 5};
	_cleanup_arena_ struct arena a = {0};
	struct mount_options o = mount_options(&a, &list);

	(void)state;
	assert_string_equal(o.data, "port=2050,discard");
	assert_int_equal(o.flags, 1024); /* MS_NOATIME; rw took ro back */
	assert_string_equal(option_value(&list, "port"), "2050");
	assert_string_equal(option_value(&list, "ro"), "");
	assert_null(option_value(&list, "por"));
	assert_true(option_is_nfs("port=1"));
	assert_false(option_is_nfs("discard"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_data_without_a_mark),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_names_of_a_file_system),
		cmocka_unit_test(test_small_device),
		cmocka_unit_test(test_portals),
		cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
