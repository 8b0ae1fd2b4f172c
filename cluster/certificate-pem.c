/* Keys and certificates as PEM (RFC 7468). */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <string.h>

#include "cluster/certificate.h"

static int take_text(BIO *bio, struct strbuf *out)
{
	char *text = NULL;
	long n = BIO_get_mem_data(bio, &text);

	if (n <= 0)
		return 0;
	strbuf_add(out, text, (size_t)n);
	return 1;
}

int key_write(EVP_PKEY *key, struct strbuf *out, struct error *err)
{
	_cleanup_bio_ BIO *bio = BIO_new(BIO_s_secmem());

	if (!bio || PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1 || !take_text(bio, out))
		return openssl_error(err, "OpenSSL does not write a key");
	return 0;
}

int key_write_public(EVP_PKEY *key, struct strbuf *out, struct error *err)
{
	_cleanup_bio_ BIO *bio = BIO_new(BIO_s_mem());

	if (!bio || PEM_write_bio_PUBKEY(bio, key) != 1 || !take_text(bio, out))
		return openssl_error(err, "OpenSSL does not write a public key");
	return 0;
}

int certificate_write(X509 *certificate, struct strbuf *out, struct error *err)
{
	_cleanup_bio_ BIO *bio = BIO_new(BIO_s_mem());

	if (!bio || PEM_write_bio_X509(bio, certificate) != 1 || !take_text(bio, out))
		return openssl_error(err, "OpenSSL does not write a certificate");
	return 0;
}

static int refuse_passphrase(char *buffer, int size, int writing, void *asked)
{
	(void)buffer, (void)size, (void)writing;
	*(bool *)asked = true;
	return -1;
}

/* How often a PEM text has a block whose label ends so. */
static size_t count_blocks(const char *text, size_t n, const char *label_end)
{
	const char *begin = "-----BEGIN ", *end = text + n;
	size_t count = 0;

	for (const char *at = text; (at = memmem(at, (size_t)(end - at), begin, strlen(begin)));) {
		const char *label = at + strlen(begin), *line = memchr(label, '\n', (size_t)(end - label));
		size_t left = (size_t)((line ? line : end) - label);
		const char *found = memmem(label, left, label_end, strlen(label_end));

		if (found)
			count++;
		at = label;
	}
	return count;
}

static int expect_one(const char *name, const char *text, size_t n, const char *label_end, const char *what, struct error *err)
{
	size_t count = count_blocks(text, n, label_end);

	if (count == 0)
		return error_set(err, "%s: there is no %s in it (PEM, \"-----BEGIN …%s\")", name, what, label_end);
	return count == 1 ? 0 : error_set(err, "%s: there are %zu of them in it; one %s is expected", name, count, what);
}

int key_read(const char *name, const char *text, size_t n, EVP_PKEY **out, struct error *err)
{
	_cleanup_bio_ BIO *bio = NULL;
	_cleanup_pkey_ EVP_PKEY *key = NULL;
	bool asked = false;

	if (expect_one(name, text, n, "PRIVATE KEY-----", "private key", err) < 0)
		return -1;
	bio = BIO_new_mem_buf(text, (int)n);
	if (bio)
		key = PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase, &asked);
	if (asked) {
		ERR_clear_error();
		return error_set(err, "%s: its key has a passphrase; \"openssl pkey\" takes it off", name);
	}
	if (!key)
		return openssl_error(err, "%s: its private key cannot be read", name);
	/* Reading may leave complaints of decoders that were tried in vain. */
	ERR_clear_error();
	*out = take_ptr(key);
	return 0;
}

int key_read_public(const char *name, const char *text, size_t n, EVP_PKEY **out, struct error *err)
{
	_cleanup_bio_ BIO *bio = NULL;
	EVP_PKEY *key = NULL;

	if (expect_one(name, text, n, "PUBLIC KEY-----", "public key", err) < 0)
		return -1;
	bio = BIO_new_mem_buf(text, (int)n);
	if (bio)
		key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	if (!key)
		return openssl_error(err, "%s: its public key cannot be read", name);
	ERR_clear_error();
	*out = key;
	return 0;
}

int certificate_read(const char *name, const char *text, size_t n, X509 **out, struct error *err)
{
	_cleanup_bio_ BIO *bio = NULL;
	X509 *certificate = NULL;

	if (expect_one(name, text, n, "CERTIFICATE-----", "certificate", err) < 0)
		return -1;
	bio = BIO_new_mem_buf(text, (int)n);
	if (bio)
		certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	if (!certificate)
		return openssl_error(err, "%s: its certificate cannot be read", name);
	ERR_clear_error();
	*out = certificate;
	return 0;
}
