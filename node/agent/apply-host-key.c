/* ssh_keys: {ed25519_private: …}: the host's key as ssh-keygen writes it (OpenSSH's PROTOCOL.key), into the form that dropbear
 * keeps (its keyimport.c): the type, then private and public half together. */
#include <string.h>

#include "node/agent/apply.h"

enum { SEED_AND_PUBLIC = 64 };
static const char type[] = "ssh-ed25519";

struct bytes {
	const unsigned char *p;
	size_t left;
};

static bool take_number(struct bytes *b, uint32_t *out)
{
	if (b->left < 4)
		return false;
	*out = (uint32_t)b->p[0] << 24 | (uint32_t)b->p[1] << 16 | (uint32_t)b->p[2] << 8 | b->p[3];
	b->p += 4;
	b->left -= 4;
	return true;
}

static bool take_string(struct bytes *b, struct bytes *out)
{
	uint32_t n;

	if (!take_number(b, &n) || n > b->left)
		return false;
	*out = (struct bytes){b->p, n};
	b->p += n;
	b->left -= n;
	return true;
}

static bool is_word(struct bytes b, const char *text)
{
	return b.left == strlen(text) && !memcmp(b.p, text, b.left);
}

/* Magic, cipher, KDF, its options, number of keys, public key, private part; in that: two equal numbers, type, public, private. */
static const char *find_key(struct bytes b, struct bytes *key)
{
	static const char magic[] = "openssh-key-v1";
	struct bytes cipher, kdf, options, public, private, kind, half;
	uint32_t count, first, second;

	if (b.left < sizeof(magic) || memcmp(b.p, magic, sizeof(magic)) != 0)
		return "it is not in OpenSSH's format";
	b.p += sizeof(magic);
	b.left -= sizeof(magic);
	if (!take_string(&b, &cipher) || !take_string(&b, &kdf) || !take_string(&b, &options) || !take_number(&b, &count) ||
	    !take_string(&b, &public) || !take_string(&b, &private))
		return "it is cut off";
	if (!is_word(cipher, "none"))
		return "it has a passphrase, which nobody could type";
	if (count != 1 || !take_number(&private, &first) || !take_number(&private, &second) || first != second ||
	    !take_string(&private, &kind))
		return "it is damaged";
	if (!is_word(kind, type))
		return "it is not of type ed25519";
	if (!take_string(&private, &half) || !take_string(&private, key) || key->left != SEED_AND_PUBLIC)
		return "it is damaged";
	return NULL;
}

static void add_string(struct strbuf *out, const void *data, uint32_t n)
{
	const unsigned char length[4] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16), (unsigned char)(n >> 8), (unsigned char)n};

	strbuf_add(out, length, 4);
	strbuf_add(out, data, n);
}

static const char *convert(struct apply *a, struct strbuf *out)
{
	static const char begin[] = "-----BEGIN OPENSSH PRIVATE KEY-----", end[] = "-----END OPENSSH PRIVATE KEY-----";
	const char *text = strstr(a->settings.host_key, begin) + strlen(begin), *data, *why;
	_cleanup_error_ struct error err = {0};
	const char *stop = strstr(text, end);
	struct bytes key = {0};
	size_t n;

	if (!stop || cloud_base64(a->arena, text, (size_t)(stop - text), &data, &n, &err) < 0)
		return "it is not base64";
	why = find_key((struct bytes){(const unsigned char *)data, n}, &key);
	if (why)
		return why;
	add_string(out, type, sizeof(type) - 1);
	add_string(out, key.p, SEED_AND_PUBLIC);
	return NULL;
}

int apply_host_key_prepare(struct apply *a, struct error *err)
{
	_cleanup_strbuf_ struct strbuf key = {0};
	const char *why = a->settings.host_key ? convert(a, &key) : NULL;

	return why ? place_error(err, a->settings.host_key_at, "the host's key cannot be used: %s", why) : 0;
}

int apply_host_key(struct apply *a, struct error *err)
{
	_cleanup_strbuf_ struct strbuf key = {0};

	if (!a->settings.host_key || convert(a, &key))
		return 0;
	return root_write(&a->root, APPLY_HOST_KEY, key.data, key.len, 0600, 0, 0, err);
}
