#include "node/agent/signature.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/hex.h"
#include "base/strbuf.h"
#include "node/agent/base64.h"

int signature_key(const char *hex, uint8_t out[static SIGNATURE_KEY_SIZE], struct error *err)
{
	uint8_t key[SIGNATURE_KEY_SIZE];

	for (size_t i = 0; i < sizeof(key); i++) {
		int high = hex_digit(hex[2 * i]), low = high < 0 ? -1 : hex_digit(hex[2 * i + 1]);

		if (low < 0)
			return error_set(err, "a public key is 64 hex digits");
		key[i] = (uint8_t)(high * 16 + low);
	}
	if (hex[2 * sizeof(key)])
		return error_set(err, "a public key is 64 hex digits");
	memcpy(out, key, sizeof(key));
	return 0;
}

int signature_check(const uint8_t key[static SIGNATURE_KEY_SIZE], const void *data, size_t n, const char *sig, size_t sig_n,
		    struct error *err)
{
	_cleanup_strbuf_ struct strbuf decoded = {0};
	_cleanup_error_ struct error why = {0};
	EVP_MD_CTX *context;
	EVP_PKEY *pkey;
	int good = 0;

	if (sig_n != SIGNATURE_SIZE) {
		if (base64_decode(sig, sig_n, &decoded, &why) < 0 || decoded.len != SIGNATURE_SIZE)
			return error_set(err, "what should be its signature is neither 64 bytes nor base64 of them");
		sig = decoded.data;
	}
	pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, SIGNATURE_KEY_SIZE);
	context = EVP_MD_CTX_new();
	if (pkey && context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, pkey) == 1)
		good = EVP_DigestVerify(context, (const unsigned char *)sig, SIGNATURE_SIZE, data, n);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pkey);
	return good == 1 ? 0 : error_set(err, "its signature is not one by the trusted key");
}
