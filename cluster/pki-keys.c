#include "cluster/pki-keys.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <string.h>

#include "cluster/certificate.h"
#include "config/yaml.h"
#include "node/agent/base64.h"

enum { SERVICE_ACCOUNT_BITS = 2048, SECRETBOX_KEY_SIZE = 32 };

/* Of the PEM blocks in text: is one of them this key? */
static bool has_public(const char *text, EVP_PKEY *key)
{
	static const char begin[] = "-----BEGIN ";
	bool same = false;

	for (const char *at = strstr(text, begin), *next; at && !same; at = next) {
		_cleanup_error_ struct error ignored = {0};
		_cleanup_pkey_ EVP_PKEY *read = NULL;

		next = strstr(at + 1, begin);
		if (key_read_public("", at, next ? (size_t)(next - at) : strlen(at), &read, &ignored) == 0)
			same = EVP_PKEY_eq(read, key) == 1;
	}
	ERR_clear_error();
	return same;
}

static int make_public(const struct pki_folder *folder, EVP_PKEY *key, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *path = pki_folder_path(folder, PKI_SA_PUB);
	bool found = false;

	if (pki_folder_read(folder, PKI_SA_PUB, &text, &found, err) < 0)
		return -1;
	if (found && (strlen(text.data) != text.len || !has_public(text.data, key)))
		return error_set(err, "%s: the public key of %s is not in it: put back the file that belongs to it, or take this one away "
				 "and it is made", path, pki_folder_path(folder, PKI_SA_KEY));
	if (found)
		return 0;
	return key_write_public(key, &text, err) < 0 ? -1 : pki_folder_write(folder, PKI_SA_PUB, &text, err);
}

int pki_service_account(const struct pki_folder *folder, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_pkey_ EVP_PKEY *key = NULL;
	const char *path = pki_folder_path(folder, PKI_SA_KEY);
	bool found = false;

	if (pki_folder_read(folder, PKI_SA_KEY, &text, &found, err) < 0)
		return -1;
	if (found) {
		if (key_read(path, text.data, text.len, &key, err) < 0)
			return -1;
		return make_public(folder, key, err);
	}
	/* The key is written first: of a public key alone nothing can be made. */
	if (pki_folder_has(folder, PKI_SA_PUB))
		return error_set(err, "%s: it is missing, but %s is there: put the key back, or take both away: the tokens of all service "
				 "accounts are then made anew", path, pki_folder_path(folder, PKI_SA_PUB));
	if (key_make_rsa(SERVICE_ACCOUNT_BITS, &key, err) < 0 || key_write(key, &text, err) < 0 ||
	    pki_folder_write(folder, PKI_SA_KEY, &text, err) < 0)
		return -1;
	pki_folder_say(folder, "made " PKI_SA_KEY);
	return make_public(folder, key, err);
}

static int make_encryption(const struct pki_folder *folder, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	unsigned char key[SECRETBOX_KEY_SIZE];

	if (RAND_priv_bytes(key, sizeof(key)) != 1)
		return openssl_error(err, "OpenSSL has no random numbers");
	strbuf_puts(&text, "# How the API server stores Secrets. Whoever loses this key loses them.\n"
			   "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n"
			   "- resources: [secrets]\n  providers:\n  - secretbox:\n      keys:\n      - name: key1\n        secret: ");
	base64_encode(key, sizeof(key), &text);
	strbuf_puts(&text, "\n  - identity: {}\n");
	OPENSSL_cleanse(key, sizeof(key));
	if (pki_folder_write(folder, PKI_ENCRYPTION, &text, err) < 0)
		return -1;
	pki_folder_say(folder, "made " PKI_ENCRYPTION);
	return 0;
}

int pki_encryption(const struct pki_folder *folder, struct error *err)
{
	const char *path = pki_folder_path(folder, PKI_ENCRYPTION);
	_cleanup_strbuf_ struct strbuf text = {0};
	struct diagnostics diag = {.arena = folder->arena};
	struct value *top, *kind;
	bool found = false;

	if (pki_folder_read(folder, PKI_ENCRYPTION, &text, &found, err) < 0)
		return -1;
	if (!found)
		return make_encryption(folder, err);
	top = yaml_parse(folder->arena, path, text.data, text.len, &diag);
	kind = top && !diag.errors && top->type == VALUE_MAP ? value_get(top, "kind", NULL) : NULL;
	if (!kind || kind->type != VALUE_SCALAR || strcmp(kind->text, "EncryptionConfiguration") != 0)
		return error_set(err, "%s: it is no EncryptionConfiguration: put the file back with which Secrets were stored", path);
	return 0;
}
