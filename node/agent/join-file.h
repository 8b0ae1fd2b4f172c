/* What a node needs to become a member of a cluster: flat records (base/flat.h), a file for root alone.
 *
 *	server URL          https://HOST[:PORT] of the API server
 *	token TOKEN         bearer token, usually a bootstrap token ID.SECRET
 *	ca PEM              the cluster's certificate authority, one or several certificates
 *	pin sha256:HEX      hash of the authority's public key (repeatable): where no ca is given, it is looked for in the cluster
 *	unsafe              without ca and pin: any authority that the token vouches for
 *
 * The builder writes JOIN_BAKED from the profile; "agent boot" writes JOIN_FILE from that and from the node's configuration. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/strings.h"

#define JOIN_BAKED "/etc/mkdl/join"
#define JOIN_FILE "/run/mkdl/join"

enum { JOIN_FILE_LIMIT = 1 << 20 };

struct join_file {
	const char *server, *token, *ca; /* NULL: not given */
	struct strings pins;
	bool unsafe;
};

/* name is for messages; strings live in the arena. */
int join_file_parse(struct arena *a, const char *name, const char *text, size_t n, struct join_file *out,
		    struct error *err);
void join_file_write(const struct join_file *j, struct strbuf *out);

/* What a profile or a configuration lists: hashes, and the word "unsafe". */
void join_file_add_pins(struct arena *a, struct join_file *j, const struct strings *words);
