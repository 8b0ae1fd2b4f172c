#include "cluster/authority.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

enum { AUTHORITY_DAYS = 3650, RSA_BITS_LEAST = 2048, EC_BITS_LEAST = 256 };

/* kubeadm's names, in file and subject. */
static const struct {
	const char *path, *common_name;
} authorities[AUTHORITIES] = {
	[AUTHORITY_CLUSTER] = {"pki/ca", "kubernetes"},
	[AUTHORITY_ETCD] = {"pki/etcd/ca", "etcd-ca"},
	[AUTHORITY_FRONT_PROXY] = {"pki/front-proxy-ca", "front-proxy-ca"},
	[AUTHORITY_PROVISION] = {"pki/provision-ca", "mkdl-provision-ca"},
};

void authority_free(struct authority *authority)
{
	pair_of_keys_free(&authority->pair);
}

const char *authority_path(enum authority_name name)
{
	return authorities[name].path;
}

static const char *file_of(const struct pki_folder *folder, enum authority_name name, const char *suffix)
{
	return arena_printf(folder->arena, "%s%s", authorities[name].path, suffix);
}

/* What both Kubernetes' own signer and Go's TLS take. */
static int check_key(const char *file, EVP_PKEY *key, struct error *err)
{
	int bits = EVP_PKEY_get_bits(key);

	if (EVP_PKEY_is_a(key, "RSA") && bits >= RSA_BITS_LEAST)
		return 0;
	if (EVP_PKEY_is_a(key, "EC") && bits >= EC_BITS_LEAST)
		return 0;
	return error_set(err, "%s: its key is of a kind that Kubernetes does not take: RSA of at least %d bits, or ECDSA P-256, P-384, P-521",
			 file, RSA_BITS_LEAST);
}

static int check(const struct pki_folder *folder, const struct authority *authority, int64_t now, struct error *err)
{
	const char *crt = pki_folder_path(folder, file_of(folder, authority->name, ".crt"));
	const char *key = pki_folder_path(folder, file_of(folder, authority->name, ".key"));
	X509 *certificate = authority->pair.certificate;
	int64_t begin = certificate_begin(certificate), end = certificate_end(certificate);

	if (X509_check_private_key(certificate, authority->pair.key) != 1) {
		ERR_clear_error();
		return error_set(err, "%s: it is not the key of %s: put the two that belong together there", key, crt);
	}
	if (X509_check_ca(certificate) != 1 || !(X509_get_key_usage(certificate) & KU_KEY_CERT_SIGN))
		return error_set(err, "%s: it may not sign certificates (basicConstraints CA:TRUE and keyUsage keyCertSign are needed)",
				 crt);
	if (check_key(crt, authority->pair.key, err) < 0)
		return -1;
	if (begin > now)
		return error_set(err, "%s: it is not valid before %s: is the clock of this machine right?", crt,
				 certificate_time(folder->arena, begin));
	if (end <= now)
		return error_set(err, "%s: it ended on %s; docs/cluster.md, \"A new authority\", says how to replace it", crt,
				 certificate_time(folder->arena, end));
	return 0;
}

int authority_read(const struct pki_folder *folder, enum authority_name name, int64_t now, struct authority *out,
		   struct error *err)
{
	const char *crt = file_of(folder, name, ".crt"), *key = file_of(folder, name, ".key");
	_cleanup_strbuf_ struct strbuf crt_text = {0}, key_text = {0};
	_cleanup_(authority_free) struct authority read = {.name = name};
	bool found = true;

	if (pki_folder_read(folder, crt, &crt_text, NULL, err) < 0 || pki_folder_read(folder, key, &key_text, &found, err) < 0)
		return -1;
	if (!found)
		return error_set(err, "%s: its key %s is missing: put it there, or take the certificate away and mkdl makes both",
				 pki_folder_path(folder, crt), pki_folder_path(folder, key));
	if (certificate_read(pki_folder_path(folder, crt), crt_text.data, crt_text.len, &read.pair.certificate, err) < 0 ||
	    key_read(pki_folder_path(folder, key), key_text.data, key_text.len, &read.pair.key, err) < 0 ||
	    check(folder, &read, now, err) < 0)
		return -1;
	read.certificate = arena_strndup(folder->arena, crt_text.data, crt_text.len);
	read.key = arena_strndup(folder->arena, key_text.data, key_text.len);
	*out = read;
	read.pair = (struct pair_of_keys){0};
	return 0;
}

static int make_key(const struct pki_folder *folder, const char *path, EVP_PKEY **key, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	bool found = false;

	if (pki_folder_read(folder, path, &text, &found, err) < 0)
		return -1;
	if (found)
		return key_read(pki_folder_path(folder, path), text.data, text.len, key, err);
	if (key_make(key, err) < 0 || key_write(*key, &text, err) < 0)
		return -1;
	return pki_folder_write(folder, path, &text, err);
}

int authority_make(const struct pki_folder *folder, enum authority_name name, bool in_use, int64_t now, struct error *err)
{
	const char *crt = file_of(folder, name, ".crt"), *full = pki_folder_path(folder, crt);
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_pkey_ EVP_PKEY *key = NULL;
	_cleanup_x509_ X509 *certificate = NULL;

	if (pki_folder_has(folder, crt))
		return 0;
	if (in_use)
		return error_set(err, "%s: it is missing, but certificates that it signed are there: put it back, or see docs/cluster.md, "
				 "\"A new authority\"", full);
	if (make_key(folder, file_of(folder, name, ".key"), &key, err) < 0 ||
	    certificate_issue_authority(authorities[name].common_name, key, AUTHORITY_DAYS, now, &certificate, err) < 0 ||
	    certificate_write(certificate, &text, err) < 0 || pki_folder_write(folder, crt, &text, err) < 0)
		return -1;
	pki_folder_say(folder, "made %s, valid until %s", crt, certificate_time(folder->arena, certificate_end(certificate)));
	return 0;
}
