/* Public keys that configuration is signed with. */
#pragma once

#include "base/arena.h"
#include "base/error.h"

/* The Ed25519 public key in a file, PEM (as "openssl pkey -pubout" writes it) or 64 hexadecimal digits, as 64 digits in lower
 * case. */
int public_key_read(struct arena *a, const char *path, const char **hex, struct error *err);
