#include "node/agent/ssh-key.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/flat.h"
#include "node/agent/base64.h"
#include "node/agent/ssh-key.h"

#define STATE "/var/lib/mkdl"
#define KEPT STATE "/ssh-host-key"
#define SECRET "/etc/mkdl/secret"
#define FACTS "/run/mkdl/facts"

static const char type[] = "ssh-ed25519";

enum { FILE_LIMIT = 16384 };

int ssh_key_derive(const char *seed, const void *secret, size_t secret_size, uint8_t out[static SSH_KEY_SIZE],
		   struct error *err)
{
	char hash[] = "SHA256", salt[] = "mkdl", info[] = "SSH host key, Ed25519";
	_cleanup_strbuf_ struct strbuf material = {0};
	OSSL_PARAM parameters[5];
	uint8_t key[SSH_KEY_SIZE];
	EVP_KDF_CTX *context;
	EVP_KDF *kdf;
	int good;

	strbuf_add(&material, secret, secret_size);
	strbuf_add(&material, "", 1);
	strbuf_puts(&material, seed);
	parameters[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash, 0);
	parameters[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, material.data, material.len);
	parameters[2] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt, strlen(salt));
	parameters[3] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, strlen(info));
	parameters[4] = OSSL_PARAM_construct_end();
	kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	good = context ? EVP_KDF_derive(context, key, sizeof(key), parameters) : 0;
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	if (good != 1)
		return error_set(err, "deriving a key: OpenSSL has no HKDF");
	memcpy(out, key, sizeof(key));
	return 0;
}

static void add_number(struct strbuf *out, uint32_t n)
{
	const uint8_t bytes[] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};

	strbuf_add(out, bytes, sizeof(bytes));
}

/* A string of the SSH protocol (RFC 4251, 5): its length, its bytes. */
static void add_string(struct strbuf *out, const char *text)
{
	add_number(out, (uint32_t)strlen(text));
	strbuf_puts(out, text);
}

int ssh_key_dropbear(const uint8_t key[static SSH_KEY_SIZE], struct strbuf *out, struct error *err)
{
	EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key, SSH_KEY_SIZE);
	uint8_t public[SSH_KEY_SIZE];
	size_t n = sizeof(public);
	int good = pkey ? EVP_PKEY_get_raw_public_key(pkey, public, &n) : 0;

	EVP_PKEY_free(pkey);
	if (good != 1)
		return error_set(err, "OpenSSL cannot make an Ed25519 key");
	add_string(out, type);
	add_number(out, 2 * SSH_KEY_SIZE);
	strbuf_add(out, key, SSH_KEY_SIZE);
	strbuf_add(out, public, sizeof(public));
	return 0;
}

/* Bytes still to be read. */
struct cursor {
	const uint8_t *at;
	size_t left;
};

static bool take_number(struct cursor *c, uint32_t *out)
{
	if (c->left < 4)
		return false;
	*out = (uint32_t)c->at[0] << 24 | (uint32_t)c->at[1] << 16 | (uint32_t)c->at[2] << 8 | c->at[3];
	c->at += 4;
	c->left -= 4;
	return true;
}

static bool take_string(struct cursor *c, struct cursor *out)
{
	uint32_t n;

	if (!take_number(c, &n) || n > c->left)
		return false;
	*out = (struct cursor){.at = c->at, .left = n};
	c->at += n;
	c->left -= n;
	return true;
}

static bool is_text(const struct cursor *c, const char *text)
{
	return c->left == strlen(text) && !memcmp(c->at, text, c->left);
}

/* "openssh-key-v1", NUL; cipher, kdf, its options, number of keys; public key; private part: two equal numbers, type, public
 * key, private key (private and public, 64 bytes), comment, padding. */
static int read_openssh(struct cursor c, uint8_t out[static SSH_KEY_SIZE], struct error *err)
{
	static const char magic[] = "openssh-key-v1";
	struct cursor cipher, kdf, options, public, private, name, half, whole;
	uint32_t count, check1, check2;

	if (c.left < sizeof(magic) || memcmp(c.at, magic, sizeof(magic)) != 0)
		return error_set(err, "no private key of ssh-keygen's");
	c.at += sizeof(magic);
	c.left -= sizeof(magic);
	if (!take_string(&c, &cipher) || !take_string(&c, &kdf) || !take_string(&c, &options) || !take_number(&c, &count) ||
	    count != 1 || !take_string(&c, &public) || !take_string(&c, &private))
		return error_set(err, "a damaged private key");
	if (!is_text(&cipher, "none"))
		return error_set(err, "a private key with a passphrase: nobody will be there to type it");
	if (!take_number(&private, &check1) || !take_number(&private, &check2) || check1 != check2 || !take_string(&private, &name))
		return error_set(err, "a damaged private key");
	if (!is_text(&name, type))
		return error_set(err, "the key is not of type ed25519");
	if (!take_string(&private, &half) || !take_string(&private, &whole) || whole.left != 2 * SSH_KEY_SIZE)
		return error_set(err, "a damaged private key");
	memcpy(out, whole.at, SSH_KEY_SIZE);
	return 0;
}

int ssh_key_from_openssh(const char *text, size_t n, uint8_t out[static SSH_KEY_SIZE], struct error *err)
{
	static const char head[] = "-----BEGIN OPENSSH PRIVATE KEY-----", tail[] = "-----END OPENSSH PRIVATE KEY-----";
	const char *begin = n ? memmem(text, n, head, strlen(head)) : NULL, *end;
	_cleanup_strbuf_ struct strbuf decoded = {0};

	if (!begin)
		return error_set(err, "no private key of ssh-keygen's (%s)", head);
	begin += strlen(head);
	end = memmem(begin, n - (size_t)(begin - text), tail, strlen(tail));
	if (!end)
		return error_set(err, "a private key that is cut off");
	if (base64_decode(begin, (size_t)(end - begin), &decoded, err) < 0)
		return -1;
	return read_openssh((struct cursor){.at = (const uint8_t *)decoded.data, .left = decoded.len}, out, err);
}

/* Does what is written there outlive a boot? */
static bool is_kept(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC && fs.f_type != OVERLAYFS_SUPER_MAGIC &&
	       !(fs.f_flags & ST_RDONLY);
}

static int save(const char *path, const struct strbuf *text, struct error *err)
{
	return file_write_atomic_at(AT_FDCWD, path, text->data, text->len, 0600, err);
}

/* One that the configuration gives, in either format. */
static int read_given(struct strbuf *out, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	uint8_t key[SSH_KEY_SIZE];

	if (file_read_at(AT_FDCWD, SSH_KEY_GIVEN, FILE_LIMIT, &text, err) < 0)
		return -1;
	/* dropbear's begins with a length. */
	if (text.len && text.data[0] == '\0') {
		strbuf_add(out, text.data, text.len);
		return 0;
	}
	if (ssh_key_from_openssh(text.data ? text.data : "", text.len, key, err) < 0)
		return error_wrap(err, SSH_KEY_GIVEN);
	return ssh_key_dropbear(key, out, err);
}

static int make_kept(struct strbuf *out, struct error *err)
{
	uint8_t key[SSH_KEY_SIZE];

	if (RAND_bytes(key, sizeof(key)) != 1)
		return error_set(err, "no random numbers");
	if (ssh_key_dropbear(key, out, err) < 0)
		return -1;
	fputs("a new key is kept in " KEPT "\n", stderr);
	return save(KEPT, out, err);
}

static int derive(struct strbuf *out, struct error *err)
{
	_cleanup_strbuf_ struct strbuf facts = {0}, secret = {0};
	_cleanup_arena_ struct arena arena = {0};
	const char *seed = NULL;
	uint8_t key[SSH_KEY_SIZE];
	struct flat flat;

	if (file_read_at(AT_FDCWD, FACTS, FILE_LIMIT, &facts, err) < 0 ||
	    flat_parse(&arena, FACTS, facts.data ? facts.data : "", facts.len, &flat, err) < 0)
		return -1;
	for (size_t i = 0; i < flat.count; i++)
		if (!strcmp(flat.lines[i].words[0], "seed") && flat.lines[i].count == 2)
			seed = flat.lines[i].words[1];
	if (!seed)
		return error_set(err, FACTS " has no record \"seed\"");
	if (access(SECRET, F_OK) == 0 && file_read_at(AT_FDCWD, SECRET, FILE_LIMIT, &secret, err) < 0)
		return -1;
	if (!secret.len)
		fprintf(stderr, "the key is derived from %s alone: whoever knows that can compute it; " SECRET " would prevent it\n",
			seed);
	if (ssh_key_derive(seed, secret.data ? secret.data : "", secret.len, key, err) < 0)
		return -1;
	return ssh_key_dropbear(key, out, err);
}

int ssh_key_write(const char *file, struct error *err)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	int status;

	if (access(SSH_KEY_GIVEN, F_OK) == 0)
		status = read_given(&out, err);
	else if (access(KEPT, F_OK) == 0)
		status = file_read_at(AT_FDCWD, KEPT, FILE_LIMIT, &out, err);
	else if (is_kept(STATE))
		status = make_kept(&out, err);
	else
		status = derive(&out, err);
	if (status < 0)
		return error_wrap(err, "SSH host key");
	return save(file, &out, err);
}
