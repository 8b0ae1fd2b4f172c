#include "cluster/certificate.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"

enum { SERIAL_BITS = 127, VERSION_3 = 2, SUBJECT_LIMIT = 64 };

int openssl_error(struct error *err, const char *fmt, ...)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;
	struct arena arena = {0};
	va_list ap;

	va_start(ap, fmt);
	error_set(err, "%s%s%s", arena_vprintf(&arena, fmt, ap), reason ? ": " : "", reason ? reason : "");
	va_end(ap);
	arena_free(&arena);
	ERR_clear_error();
	return -1;
}

void pair_of_keys_free(struct pair_of_keys *pair)
{
	EVP_PKEY_free(pair->key);
	X509_free(pair->certificate);
	*pair = (struct pair_of_keys){0};
}

int key_make(EVP_PKEY **out, struct error *err)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	if (!key)
		return openssl_error(err, "OpenSSL does not make a P-256 key");
	*out = key;
	return 0;
}

int key_make_rsa(unsigned bits, EVP_PKEY **out, struct error *err)
{
	EVP_PKEY *key = EVP_RSA_gen(bits);

	if (!key)
		return openssl_error(err, "OpenSSL does not make an RSA key");
	*out = key;
	return 0;
}

static int set_serial(X509 *certificate)
{
	BIGNUM *number = BN_new();
	/* The highest bit set: the number is not 0, and of one length. */
	int good = number && BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
		   BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;

	BN_free(number);
	return good;
}

static int set_subject(X509 *certificate, const char *common_name, const struct strings *organizations)
{
	X509_NAME *name = X509_get_subject_name(certificate);

	for (size_t i = 0; organizations && i < organizations->count; i++)
		if (X509_NAME_add_entry_by_NID(name, NID_organizationName, MBSTRING_UTF8,
					       (const unsigned char *)organizations->items[i], -1, -1, 0) != 1)
			return 0;
	return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, (const unsigned char *)common_name, -1, -1, 0);
}

static int set_times(X509 *certificate, int64_t begin, int64_t end)
{
	time_t base = 0;

	/* Days and seconds apart: a long of seconds may be 32 bits. */
	return X509_time_adj_ex(X509_getm_notBefore(certificate), (int)(begin / SECONDS_OF_DAY), (long)(begin % SECONDS_OF_DAY),
				&base) &&
	       X509_time_adj_ex(X509_getm_notAfter(certificate), (int)(end / SECONDS_OF_DAY), (long)(end % SECONDS_OF_DAY),
				&base);
}

static int add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;
	int good;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_nconf_nid(NULL, &context, nid, value);
	good = extension && X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
	return good;
}

/* An authority of the user's may have no key identifier to point to. */
static int add_authority_key(X509 *certificate, X509 *issuer)
{
	return !X509_get0_subject_key_id(issuer) || add_extension(certificate, issuer, NID_authority_key_identifier, "keyid");
}

/* Not through a text "DNS:…,IP:…": a name with a comma would be two. */
static int add_name(GENERAL_NAMES *list, int type, ASN1_STRING *value)
{
	GENERAL_NAME *name = value ? GENERAL_NAME_new() : NULL;

	if (!name) {
		ASN1_STRING_free(value);
		return 0;
	}
	GENERAL_NAME_set0_value(name, type, value);
	if (sk_GENERAL_NAME_push(list, name) > 0)
		return 1;
	GENERAL_NAME_free(name);
	return 0;
}

static ASN1_STRING *dns_name(const char *text)
{
	ASN1_STRING *value = ASN1_IA5STRING_new();

	if (value && ASN1_STRING_set(value, text, (int)strlen(text)))
		return value;
	ASN1_STRING_free(value);
	return NULL;
}

static int add_names(X509 *certificate, const struct certificate_wish *wish)
{
	GENERAL_NAMES *list = sk_GENERAL_NAME_new_null();
	int good = list != NULL;

	for (size_t i = 0; good && i < wish->names.count; i++)
		good = add_name(list, GEN_DNS, dns_name(wish->names.items[i]));
	for (size_t i = 0; good && i < wish->addresses.count; i++)
		good = add_name(list, GEN_IPADD, a2i_IPADDRESS(wish->addresses.items[i]));
	if (good && sk_GENERAL_NAME_num(list) > 0)
		good = X509_add1_ext_i2d(certificate, NID_subject_alt_name, list, 0, 0) == 1;
	GENERAL_NAMES_free(list);
	return good;
}

static const char *usage_text(unsigned usage)
{
	if (usage == (CERTIFICATE_SERVER | CERTIFICATE_CLIENT))
		return "serverAuth,clientAuth";
	return usage == CERTIFICATE_SERVER ? "serverAuth" : "clientAuth";
}

int certificate_issue(const struct certificate_wish *wish, const struct pair_of_keys *authority, EVP_PKEY *key, int64_t now,
		      X509 **out, struct error *err)
{
	_cleanup_x509_ X509 *made = X509_new();
	int64_t end = now + (int64_t)wish->days * SECONDS_OF_DAY, last = certificate_end(authority->certificate);

	if (!*wish->common_name || strlen(wish->common_name) > SUBJECT_LIMIT)
		return error_set(err, "\"%s\": the name in a certificate has 1 to %d bytes", wish->common_name, SUBJECT_LIMIT);
	if (!made || !X509_set_version(made, VERSION_3) || !set_serial(made) ||
	    !set_times(made, now - CERTIFICATE_BACKDATED, end < last ? end : last) ||
	    !set_subject(made, wish->common_name, &wish->organizations) ||
	    !X509_set_issuer_name(made, X509_get_subject_name(authority->certificate)) || !X509_set_pubkey(made, key) ||
	    !add_extension(made, authority->certificate, NID_basic_constraints, "critical,CA:FALSE") ||
	    !add_extension(made, authority->certificate, NID_key_usage, "critical,digitalSignature") ||
	    !add_extension(made, authority->certificate, NID_ext_key_usage, usage_text(wish->usage)) ||
	    !add_authority_key(made, authority->certificate) || !add_names(made, wish) ||
	    X509_sign(made, authority->key, EVP_sha256()) <= 0)
		return openssl_error(err, "OpenSSL does not make the certificate of %s", wish->common_name);
	*out = take_ptr(made);
	return 0;
}

int certificate_issue_authority(const char *common_name, EVP_PKEY *key, unsigned days, int64_t now, X509 **out,
				struct error *err)
{
	_cleanup_x509_ X509 *made = X509_new();

	if (!made || !X509_set_version(made, VERSION_3) || !set_serial(made) ||
	    !set_times(made, now - CERTIFICATE_BACKDATED, now + (int64_t)days * SECONDS_OF_DAY) ||
	    !set_subject(made, common_name, NULL) || !X509_set_issuer_name(made, X509_get_subject_name(made)) ||
	    !X509_set_pubkey(made, key) || !add_extension(made, made, NID_basic_constraints, "critical,CA:TRUE") ||
	    !add_extension(made, made, NID_key_usage, "critical,digitalSignature,keyCertSign,cRLSign") ||
	    !add_extension(made, made, NID_subject_key_identifier, "hash") || X509_sign(made, key, EVP_sha256()) <= 0)
		return openssl_error(err, "OpenSSL does not make the authority %s", common_name);
	*out = take_ptr(made);
	return 0;
}

static int64_t unix_time(const ASN1_TIME *when)
{
	struct tm broken = {0};

	return ASN1_TIME_to_tm(when, &broken) == 1 ? (int64_t)timegm(&broken) : 0;
}

int64_t certificate_begin(X509 *certificate)
{
	return unix_time(X509_get0_notBefore(certificate));
}

int64_t certificate_end(X509 *certificate)
{
	return unix_time(X509_get0_notAfter(certificate));
}

const char *certificate_time(struct arena *a, int64_t when)
{
	char text[64];
	time_t seconds = (time_t)when;
	struct tm broken;

	if (!gmtime_r(&seconds, &broken) || !strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &broken))
		return arena_printf(a, "%lld", (long long)when);
	return arena_strdup(a, text);
}

int certificate_key_hash(struct arena *a, X509 *certificate, const char **hash, struct error *err)
{
	unsigned char *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
	char hex[HASH_HEX_SIZE];
	struct hash sum;

	if (n <= 0)
		return openssl_error(err, "OpenSSL does not give a public key");
	sum = hash_bytes(der, (size_t)n);
	OPENSSL_free(der);
	*hash = arena_printf(a, "sha256:%s", hash_hex(&sum, hex));
	return 0;
}
