/* OpenSSL's objects with cleanup attributes, and its errors in ours. */
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/cleanup.h"
#include "base/error.h"

static inline void cleanup_pkey(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static inline void cleanup_x509(X509 **certificate)
{
	X509_free(*certificate);
}

static inline void cleanup_bio(BIO **bio)
{
	BIO_free_all(*bio);
}

#define _cleanup_pkey_ _cleanup_(cleanup_pkey)
#define _cleanup_x509_ _cleanup_(cleanup_x509)
#define _cleanup_bio_ _cleanup_(cleanup_bio)

/* Fill err with the message and OpenSSL's reason, whose queue is empty afterwards; returns -1. */
int openssl_error(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
