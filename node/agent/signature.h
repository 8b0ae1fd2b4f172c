/* Detached Ed25519 signatures (RFC 8032, "pure") of whole files. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { SIGNATURE_KEY_SIZE = 32, SIGNATURE_SIZE = 64, SIGNATURE_TEXT_LIMIT = 256 };

/* Is sig the key's signature of n bytes at data? sig: 64 raw bytes, or base64 of them with a line end or without. */
int signature_check(const uint8_t key[static SIGNATURE_KEY_SIZE], const void *data, size_t n, const char *sig, size_t sig_n,
		    struct error *err);

/* 64 hex digits → a public key. */
int signature_key(const char *hex, uint8_t out[static SIGNATURE_KEY_SIZE], struct error *err);
