/* Public keys that configuration is signed with, and certificates that its servers are known by. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"

/* The Ed25519 public key in a file, PEM (as "openssl pkey -pubout" writes it) or 64 hexadecimal digits, as 64 digits in lower
 * case. */
int public_key_read(struct arena *a, const char *path, const char **hex, struct error *err);

/* Append a file of certificates (PEM) to out. One without any, or with a private key in it, is an error that does
 * not name the file. */
int certificates_read(const char *path, struct strbuf *out, struct error *err);
