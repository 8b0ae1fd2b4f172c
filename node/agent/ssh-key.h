/* The node's SSH host key (Ed25519), in the file format of dropbear. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

/* A key that image or configuration gives: ssh-keygen's format, or dropbear's. */
#define SSH_KEY_GIVEN "/etc/mkdl/ssh-host-key"

enum { SSH_KEY_SIZE = 32 };

/* The private key that follows from who the machine is: HKDF (RFC 5869) with SHA-256 over the secret (may be of no bytes) and the
 * seed. Without a secret everybody who knows the seed, a UUID or a MAC, knows the key. */
int ssh_key_derive(const char *seed, const void *secret, size_t secret_size, uint8_t out[static SSH_KEY_SIZE],
		   struct error *err);

/* The private key in a file of ssh-keygen's (openssh/PROTOCOL.key), without a passphrase. */
int ssh_key_from_openssh(const char *text, size_t n, uint8_t out[static SSH_KEY_SIZE], struct error *err);

/* dropbear's file of a private key, appended to out. */
int ssh_key_dropbear(const uint8_t key[static SSH_KEY_SIZE], struct strbuf *out, struct error *err);

/* `agent ssh-key FILE`: write the node's key to FILE (0600). The first that is there:
 *	SSH_KEY_GIVEN
 *	/var/lib/mkdl/ssh-host-key      dropbear's; where /var/lib/mkdl is on state that outlives a boot, and it has none yet, one is
 *	                                made up and kept there
 *	derived                         from the record "seed" of /run/mkdl/facts and /etc/mkdl/secret */
int ssh_key_write(const char *file, struct error *err);
