#include "node/agent/certificate.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/sha256.h"
#include "base/strbuf.h"
#include "base/strings.h"

static void free_bio(BIO **b)
{
	BIO_free(*b);
}

static void free_x509(X509 **x)
{
	X509_free(*x);
}

static BIO *open_text(const char *text)
{
	size_t n = strlen(text);

	return n > INT_MAX ? NULL : BIO_new_mem_buf(text, (int)n);
}

/* A terminal shows these. */
static char *plain(char *text)
{
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p > '~')
			*p = '?';
	return text;
}

static const char *bio_text(struct arena *a, BIO *b)
{
	char *data;
	long n = BIO_get_mem_data(b, &data);

	return n > 0 ? arena_strndup(a, data, (size_t)n) : arena_strdup(a, "");
}

static const char *show_name(struct arena *a, const X509_NAME *name)
{
	_cleanup_(free_bio) BIO *b = BIO_new(BIO_s_mem());

	if (!b || X509_NAME_print_ex(b, name, 0, XN_FLAG_RFC2253) < 0)
		return "";
	return plain((char *)bio_text(a, b));
}

static const char *common_name(struct arena *a, X509_NAME *name)
{
	int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
	const ASN1_STRING *text = at < 0 ? NULL : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));

	/* One with a NUL in it ends there and is then nobody's. */
	return text ? plain(arena_strndup(a, (const char *)ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text))) : "";
}

static void show_address(struct strbuf *out, const ASN1_OCTET_STRING *address)
{
	const unsigned char *p = ASN1_STRING_get0_data(address);
	int n = ASN1_STRING_length(address);

	if (n == 4)
		strbuf_printf(out, "%u.%u.%u.%u", p[0], p[1], p[2], p[3]);
	for (int i = 0; n == 16 && i < n; i += 2)
		strbuf_printf(out, "%s%x", i ? ":" : "", p[i] << 8 | p[i + 1]);
}

static const char *show_names(struct arena *a, const X509 *x)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	_cleanup_strbuf_ struct strbuf out = {0};

	strbuf_puts(&out, "");
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && out.len < 512; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type != GEN_DNS && name->type != GEN_IPADD)
			continue;
		strbuf_puts(&out, out.len ? ", " : "");
		if (name->type == GEN_DNS)
			strbuf_printf(&out, "%.*s", ASN1_STRING_length(name->d.dNSName),
				      (const char *)ASN1_STRING_get0_data(name->d.dNSName));
		else
			show_address(&out, name->d.iPAddress);
	}
	GENERAL_NAMES_free(names);
	return plain(arena_strdup(a, out.data));
}

static int64_t read_time(const ASN1_TIME *t)
{
	struct tm tm = {0};

	return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static bool hash_key(const X509 *x, char out[static CERTIFICATE_HASH])
{
	unsigned char *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
	uint8_t digest[SHA256_SIZE];

	if (n <= 0)
		return false;
	sha256(der, (size_t)n, digest);
	OPENSSL_free(der);
	memcpy(out, "sha256:", 7);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(out + 7 + 2 * i, 3, "%02x", digest[i]);
	return true;
}

static bool describe(struct arena *a, X509 *x, struct certificate *out)
{
	_cleanup_(free_bio) BIO *b = BIO_new(BIO_s_mem());

	if (!b || !PEM_write_bio_X509(b, x) || !hash_key(x, out->hash))
		return false;
	out->pem = bio_text(a, b);
	out->subject = show_name(a, X509_get_subject_name(x));
	out->issuer = show_name(a, X509_get_issuer_name(x));
	out->common_name = common_name(a, X509_get_subject_name(x));
	out->names = show_names(a, x);
	out->from = read_time(X509_get0_notBefore(x));
	out->until = read_time(X509_get0_notAfter(x));
	return true;
}

int certificates_parse(struct arena *a, const char *pem, struct certificates *out, struct error *err)
{
	_cleanup_(free_bio) BIO *b = open_text(pem);
	struct certificates all = {0};

	for (;;) {
		_cleanup_(free_x509) X509 *x = b ? PEM_read_bio_X509(b, NULL, NULL, NULL) : NULL;
		struct certificate c = {0};

		if (!x)
			break;
		if (all.count == CERTIFICATES_LIMIT)
			return error_set(err, "more than %d certificates", CERTIFICATES_LIMIT);
		if (!describe(a, x, &c))
			return error_set(err, "certificate %zu has no public key that can be read", all.count + 1);
		all.items = arena_grow(a, all.items, all.count, &all.cap, sizeof(*all.items));
		all.items[all.count++] = c;
	}
	if (!all.count)
		return error_set(err, "there is no certificate (PEM) in it");
	*out = all;
	return 0;
}

static X509 *parse(const char *pem)
{
	_cleanup_(free_bio) BIO *b = open_text(pem);

	return b ? PEM_read_bio_X509(b, NULL, NULL, NULL) : NULL;
}

bool certificate_is_by(const struct certificate *c, const struct certificates *authorities)
{
	_cleanup_(free_x509) X509 *x = parse(c->pem);

	for (size_t i = 0; x && i < authorities->count; i++) {
		_cleanup_(free_x509) X509 *ca = parse(authorities->items[i].pem);
		EVP_PKEY *key = ca ? X509_get0_pubkey(ca) : NULL;

		if (key && !X509_NAME_cmp(X509_get_issuer_name(x), X509_get_subject_name(ca)) && X509_verify(x, key) == 1)
			return true;
	}
	return false;
}

bool certificate_has_key(const char *pem)
{
	_cleanup_(free_x509) X509 *x = parse(pem);
	_cleanup_(free_bio) BIO *b = open_text(pem);
	char no_password[] = "";
	EVP_PKEY *key = b ? PEM_read_bio_PrivateKey(b, NULL, NULL, no_password) : NULL;
	bool ok = x && key && X509_check_private_key(x, key) == 1;

	EVP_PKEY_free(key);
	return ok;
}

const char *certificates_pinned(struct arena *a, const struct certificates *all, const struct strings *pins)
{
	const char *out = NULL;

	for (size_t i = 0; i < all->count; i++)
		if (strings_has(pins, all->items[i].hash))
			out = arena_printf(a, "%s%s", out ? out : "", all->items[i].pem);
	return out;
}
