/* A signature and a public key from outside (node/agent/signature.h): nothing but the right one is taken. */
#include "tests/fuzz/fuzz.h"

#include "node/agent/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[SIGNATURE_KEY_SIZE] = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
							0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
							0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};
	char *text = fuzz_string(data, size);
	uint8_t other[SIGNATURE_KEY_SIZE];
	struct error err = {0};

	MUST(signature_check(key, "configuration", 13, (const char *)data, size, &err) < 0);
	fuzz_failed(&err);
	if (signature_key(text, other, &err) < 0)
		fuzz_failed(&err);
	free(text);
	return 0;
}
