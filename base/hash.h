/* SHA-256 (FIPS 180-4), through OpenSSL's libcrypto. For the builder and its tests; the init does not link it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { HASH_SIZE = 32, HASH_HEX_SIZE = 65 };

struct hash {
	uint8_t bytes[HASH_SIZE];
};

/* An incremental SHA-256. hash_begin … hash_add … hash_end; hash_end releases it. hash_drop releases it unfinished. */
struct hasher {
	void *context;
};

void hash_begin(struct hasher *h);
void hash_add(struct hasher *h, const void *data, size_t n);
/* Adds a string with its terminating NUL, so that ("ab","c") and ("a","bc") differ. */
void hash_add_string(struct hasher *h, const char *s);
struct hash hash_end(struct hasher *h);
void hash_drop(struct hasher *h);

struct hash hash_bytes(const void *data, size_t n);
/* Hash what is left to read from fd. */
int hash_fd(int fd, const char *name, struct hash *out, struct error *err);

/* Copy what is left to read from one descriptor to another, and hash it on the way; adds the count to *copied. */
int hash_copy(int from, int to, const char *name, struct hash *out, uint64_t *copied, struct error *err);

/* Lower-case hex with NUL into out; returns out. */
const char *hash_hex(const struct hash *h, char out[static HASH_HEX_SIZE]);
/* Exactly 64 hex digits, either case. */
bool hash_parse(const char *hex, struct hash *out);
bool hash_equal(const struct hash *a, const struct hash *b);
