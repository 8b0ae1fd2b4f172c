#include "base/hash.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"

#include "base/file.h"

static void must(int ok)
{
	if (ok == 1)
		return;
	fputs("mkdl: libcrypto cannot compute SHA-256\n", stderr);
	abort();
}

void hash_begin(struct hasher *h)
{
	h->context = EVP_MD_CTX_new();
	must(h->context != NULL);
	must(EVP_DigestInit_ex(h->context, EVP_sha256(), NULL));
}

void hash_add(struct hasher *h, const void *data, size_t n)
{
	must(EVP_DigestUpdate(h->context, data, n));
}

void hash_add_string(struct hasher *h, const char *s)
{
	hash_add(h, s, strlen(s) + 1);
}

struct hash hash_end(struct hasher *h)
{
	struct hash out;
	unsigned n = 0;

	must(EVP_DigestFinal_ex(h->context, out.bytes, &n));
	hash_drop(h);
	return out;
}

void hash_drop(struct hasher *h)
{
	EVP_MD_CTX_free(h->context);
	h->context = NULL;
}

struct hash hash_bytes(const void *data, size_t n)
{
	struct hasher h;

	hash_begin(&h);
	hash_add(&h, data, n);
	return hash_end(&h);
}

int hash_fd(int fd, const char *name, struct hash *out, struct error *err)
{
	struct hasher h;
	char chunk[65536];

	hash_begin(&h);
	for (;;) {
		ssize_t n = fd_read(fd, chunk, sizeof(chunk));

		if (n < 0) {
			hash_drop(&h);
			return error_errno(err, "%s", name);
		}
		if (n == 0)
			break;
		hash_add(&h, chunk, (size_t)n);
	}
	*out = hash_end(&h);
	return 0;
}

int hash_copy(int from, int to, const char *name, struct hash *out, uint64_t *copied, struct error *err)
{
	struct hasher h;
	char chunk[65536];
	ssize_t n;

	hash_begin(&h);
	while ((n = fd_read(from, chunk, sizeof(chunk))) != 0) {
		if (n < 0)
			error_errno(err, "%s", name);
		if (n < 0 || fd_write_all(to, chunk, (size_t)n, name, err) < 0) {
			hash_drop(&h);
			return -1;
		}
		hash_add(&h, chunk, (size_t)n);
		*copied += (uint64_t)n;
	}
	*out = hash_end(&h);
	return 0;
}

const char *hash_hex(const struct hash *h, char out[static HASH_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < HASH_SIZE; i++) {
		out[2 * i] = digits[h->bytes[i] >> 4];
		out[2 * i + 1] = digits[h->bytes[i] & 15];
	}
	out[64] = '\0';
	return out;
}

bool hash_parse(const char *hex, struct hash *out)
{
	struct hash h;

	if (strlen(hex) != 64)
		return false;
	for (size_t i = 0; i < HASH_SIZE; i++) {
		int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		h.bytes[i] = (uint8_t)(high << 4 | low);
	}
	*out = h;
	return true;
}

bool hash_equal(const struct hash *a, const struct hash *b)
{
	return memcmp(a->bytes, b->bytes, HASH_SIZE) == 0;
}
