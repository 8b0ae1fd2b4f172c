/* Does a certificate say what it is to say, and who signed it? */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <string.h>

#include "cluster/certificate.h"

static bool entry_is(X509_NAME *name, int index, const char *text)
{
	unsigned char *utf8 = NULL;
	int n = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
	bool same = n >= 0 && (size_t)n == strlen(text) && !memcmp(utf8, text, (size_t)n);

	OPENSSL_free(utf8);
	return same;
}

/* Exactly these organizations, in this order, and this common name: the groups and the user that Kubernetes sees. */
static bool subject_is(X509 *certificate, const struct certificate_wish *wish)
{
	X509_NAME *name = X509_get_subject_name(certificate);
	int at = -1;

	if ((size_t)X509_NAME_entry_count(name) != wish->organizations.count + 1)
		return false;
	for (size_t i = 0; i < wish->organizations.count; i++) {
		at = X509_NAME_get_index_by_NID(name, NID_organizationName, at);
		if (at < 0 || !entry_is(name, at, wish->organizations.items[i]))
			return false;
	}
	at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
	return at >= 0 && entry_is(name, at, wish->common_name);
}

static bool is_wished(const GENERAL_NAME *name, const struct certificate_wish *wish)
{
	int type;
	const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
	const unsigned char *data = ASN1_STRING_get0_data(value);
	int n = ASN1_STRING_length(value);
	unsigned char address[16];

	if (type == GEN_DNS) {
		for (size_t i = 0; i < wish->names.count; i++)
			if (strlen(wish->names.items[i]) == (size_t)n && !memcmp(wish->names.items[i], data, (size_t)n))
				return true;
		return false;
	}
	for (size_t i = 0; type == GEN_IPADD && i < wish->addresses.count; i++)
		if (inet_pton(n == 16 ? AF_INET6 : AF_INET, wish->addresses.items[i], address) == 1 && (n == 4 || n == 16) &&
		    !memcmp(address, data, (size_t)n))
			return true;
	return false;
}

/* As many as wished, and each of them wished: neither list has one twice. */
static bool names_are(X509 *certificate, const struct certificate_wish *wish)
{
	GENERAL_NAMES *list = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	int count = list ? sk_GENERAL_NAME_num(list) : 0;
	bool same = (size_t)count == wish->names.count + wish->addresses.count;

	for (int i = 0; same && i < count; i++)
		same = is_wished(sk_GENERAL_NAME_value(list, i), wish);
	GENERAL_NAMES_free(list);
	return same;
}

static bool usage_is(X509 *certificate, unsigned usage)
{
	uint32_t wished = (usage & CERTIFICATE_SERVER ? XKU_SSL_SERVER : 0u) | (usage & CERTIFICATE_CLIENT ? XKU_SSL_CLIENT : 0u);

	return X509_get_extended_key_usage(certificate) == wished &&
	       X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE && X509_check_ca(certificate) == 0;
}

const char *certificate_differs(X509 *certificate, const struct certificate_wish *wish)
{
	if (!subject_is(certificate, wish))
		return "its subject";
	if (!names_are(certificate, wish))
		return "its names and addresses";
	return usage_is(certificate, wish->usage) ? NULL : "its usage";
}

bool certificate_is_of(X509 *certificate, X509 *authority, const char **reason)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	bool good = false;

	*reason = "OpenSSL does not check it";
	/* The authority may itself be of another one: it is what peers are told to trust. */
	if (store && context && X509_STORE_add_cert(store, authority) == 1 &&
	    X509_STORE_CTX_init(context, store, certificate, NULL) == 1) {
		X509_STORE_CTX_set_flags(context, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
		good = X509_verify_cert(context) == 1;
		*reason = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
	}
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	ERR_clear_error();
	return good;
}
