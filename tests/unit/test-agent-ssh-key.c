#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/agent/ssh-key.h"

#include "fixture.h"

/* By ssh-keygen -t ed25519 -N '' -C test. */
static const char openssh[] =
	"-----BEGIN OPENSSH PRIVATE KEY-----\n"
	"b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"
	"QyNTUxOQAAACDmwXQ2jm42CTMkgwNUYQUsFQRVr5kd1VC56NqO68uL0wAAAIjjEqA74xKg\n"
	"OwAAAAtzc2gtZWQyNTUxOQAAACDmwXQ2jm42CTMkgwNUYQUsFQRVr5kd1VC56NqO68uL0w\n"
	"AAAECXmYct5Pw6Ls97mhhEf0U3jNHR33ZFTedVzB/J4p+eoObBdDaObjYJMySDA1RhBSwV\n"
	"BFWvmR3VULno2o7ry4vTAAAABHRlc3QB\n"
	"-----END OPENSSH PRIVATE KEY-----\n";

static void test_openssh(void **state)
{
	_cleanup_strbuf_ struct strbuf file = {0};
	static const uint8_t private[] = {
		0x97, 0x99, 0x87, 0x2d, 0xe4, 0xfc, 0x3a, 0x2e, 0xcf, 0x7b, 0x9a, 0x18, 0x44, 0x7f, 0x45, 0x37,
		0x8c, 0xd1, 0xd1, 0xdf, 0x76, 0x45, 0x4d, 0xe7, 0x55, 0xcc, 0x1f, 0xc9, 0xe2, 0x9f, 0x9e, 0xa0,
	}, public[] = {
		0xe6, 0xc1, 0x74, 0x36, 0x8e, 0x6e, 0x36, 0x09, 0x33, 0x24, 0x83, 0x03, 0x54, 0x61, 0x05, 0x2c,
		0x15, 0x04, 0x55, 0xaf, 0x99, 0x1d, 0xd5, 0x50, 0xb9, 0xe8, 0xda, 0x8e, 0xeb, 0xcb, 0x8b, 0xd3,
	};
	uint8_t key[SSH_KEY_SIZE];

	(void)state;
	assert_int_equal(ssh_key_from_openssh(openssh, strlen(openssh), key, &err), 0);
	assert_memory_equal(key, private, sizeof(key));
	assert_int_equal(ssh_key_dropbear(key, &file, &err), 0);
	assert_int_equal(file.len, 4 + 11 + 4 + 64);
	assert_memory_equal(file.data, "\0\0\0\x0bssh-ed25519\0\0\0@", 19);
	assert_memory_equal(file.data + 19, private, sizeof(private));
	assert_memory_equal(file.data + 51, public, sizeof(public));
}

/* Cut anywhere, or with any character gone, it is refused without a look beyond its end. */
static void test_damaged(void **state)
{
	uint8_t key[SSH_KEY_SIZE];
	char copy[sizeof(openssh)];

	(void)state;
	for (size_t n = 0; n < strlen(openssh) - 2; n++) {
		assert_int_equal(ssh_key_from_openssh(openssh, n, key, &err), -1);
		error_clear(&err);
	}
	for (size_t i = 0; i < strlen(openssh); i++) {
		memcpy(copy, openssh, sizeof(copy));
		copy[i] ^= 2;
		(void)ssh_key_from_openssh(copy, strlen(copy), key, &err);
		error_clear(&err);
	}
}

static void test_derive(void **state)
{
	uint8_t first[SSH_KEY_SIZE], again[SSH_KEY_SIZE], other[SSH_KEY_SIZE], secret[SSH_KEY_SIZE];
	/* HKDF-SHA256 by another implementation: what a node once had has to stay its own. */
	static const uint8_t expected[] = {
		0x87, 0x8b, 0x59, 0xde, 0x48, 0xa1, 0x79, 0x62, 0xab, 0xf4, 0x4b, 0x99, 0xd4, 0x08, 0x5e, 0x85,
		0x13, 0x9f, 0x5c, 0x4e, 0x4b, 0xcb, 0xd0, 0xf0, 0x98, 0xfb, 0xb9, 0xa5, 0xab, 0x07, 0x20, 0x4f,
	};

	(void)state;
	assert_int_equal(ssh_key_derive("mac:52:54:00:12:34:56", "s3cret\n", 7, first, &err), 0);
	assert_memory_equal(first, expected, sizeof(first));
	assert_int_equal(ssh_key_derive("mac:52:54:00:12:34:56", "s3cret\n", 7, again, &err), 0);
	assert_memory_equal(first, again, sizeof(first));
	assert_int_equal(ssh_key_derive("mac:52:54:00:12:34:57", "s3cret\n", 7, other, &err), 0);
	assert_memory_not_equal(first, other, sizeof(first));
	assert_int_equal(ssh_key_derive("mac:52:54:00:12:34:56", "", 0, secret, &err), 0);
	assert_memory_not_equal(first, secret, sizeof(first));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_openssh), cmocka_unit_test(test_damaged), cmocka_unit_test(test_derive),
	};

	return cmocka_run_group_tests(tests, NULL, fixture_teardown);
}
