/* PID 1's SHA-256 against libcrypto's, for every length around the ends of blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/sha256.h"

static void test_lengths(void **state)
{
	uint8_t data[300], mine[SHA256_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + 3);
	for (size_t n = 0; n <= sizeof(data); n++) {
		struct hash theirs = hash_bytes(data, n);

		sha256(data, n, mine);
		assert_memory_equal(mine, theirs.bytes, sizeof(mine));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_lengths)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
