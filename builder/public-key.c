#include "builder/public-key.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/file.h"
#include "base/strbuf.h"

enum { FILE_LIMIT = 16 << 10, CERTIFICATES_LIMIT = 1 << 20, KEY_SIZE = 32 };

/* 64 digits, with or without a line end. */
static bool is_hex(const char *text)
{
	size_t n = strspn(text, "0123456789abcdefABCDEF");

	return n == 2 * KEY_SIZE && !text[n + strspn(text + n, " \r\n")];
}

static const char *lower(struct arena *a, const char *text)
{
	char *copy = arena_strndup(a, text, 2 * KEY_SIZE);

	for (char *p = copy; *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'F' ? *p - 'A' + 'a' : *p);
	return copy;
}

int certificates_read(const char *path, struct strbuf *out, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	size_t count = 0;
	X509 *one;
	BIO *bio;

	if (file_read_at(AT_FDCWD, path, CERTIFICATES_LIMIT, &text, err) < 0)
		return -1;
	if (strstr(text.data, "PRIVATE KEY"))
		return error_set(err, "there is a private key in it, and it would be part of the image, which everybody can read");
	bio = BIO_new_mem_buf(text.data, (int)text.len);
	while (bio && (one = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		X509_free(one);
		count++;
	}
	BIO_free(bio);
	ERR_clear_error();
	if (!count)
		return error_set(err, "there is no certificate in it (PEM: -----BEGIN CERTIFICATE-----)");
	strbuf_add(out, text.data, text.len);
	return 0;
}

static int read_pem(struct arena *a, const char *path, const struct strbuf *text, const char **hex, struct error *err)
{
	BIO *bio = BIO_new_mem_buf(text->data, (int)text->len);
	EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
	uint8_t bytes[KEY_SIZE];
	size_t n = sizeof(bytes);
	bool ok = key && EVP_PKEY_get_id(key) == EVP_PKEY_ED25519 && EVP_PKEY_get_raw_public_key(key, bytes, &n) == 1 &&
		  n == sizeof(bytes);
	char *out;

	EVP_PKEY_free(key);
	BIO_free(bio);
	if (!ok)
		return error_set(err, "%s: this is no Ed25519 public key (PEM, as \"openssl pkey -pubout\" writes it)", path);
	out = arena_alloc(a, 2 * KEY_SIZE + 1);
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		out[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	*hex = out;
	return 0;
}

int public_key_read(struct arena *a, const char *path, const char **hex, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	if (file_read_at(AT_FDCWD, path, FILE_LIMIT, &text, err) < 0)
		return -1;
	if (!text.data || strlen(text.data) != text.len)
		return error_set(err, "%s: this is no key", path);
	if (strstr(text.data, "PRIVATE KEY"))
		return error_set(err, "%s: this is a private key, which stays where it is; the image takes the public one "
				 "(openssl pkey -pubout)", path);
	if (!is_hex(text.data))
		return read_pem(a, path, &text, hex, err);
	*hex = lower(a, text.data);
	return 0;
}
