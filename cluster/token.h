/* DIR/tokens: the bootstrap tokens of a cluster.
 *
 *   mkdl-tokens 1
 *   token ID SECRET NODE EXPIRES DESCRIPTION    NODE and DESCRIPTION may be empty (\e); EXPIRES: unix time, 0: never
 *   revoked ID                                  what servers delete from the cluster whenever they boot
 *
 * Tokens serve both usages, authentication and signing (of cluster-info). Those of nodes never end: a node without a disk keeps
 * nothing by which it could prove at its next boot who it is, so it needs its token at each of them, and they may be years
 * apart. They are revoked when their node leaves cluster.yml. */
#pragma once

#include "cluster/pki-folder.h"
#include "cluster/pki.h"

enum { TOKEN_ID_SIZE = 6, TOKEN_SECRET_SIZE = 16 };

/* Read all, expired ones too; no file: none. */
int tokens_load(const struct pki_folder *folder, struct cluster_tokens *out, struct error *err);

/* Write them, unless the file says the same already. folder is locked. */
int tokens_save(const struct pki_folder *folder, const struct cluster_tokens *tokens, struct error *err);

/* A token for each node that has none; revoke those of nodes that are gone, drop what expired. folder is locked. */
int tokens_ensure(const struct pki_folder *folder, const struct cluster *c, int64_t now, struct error *err);

/* Append a new token, with random ID and secret and the rest as in like. */
int tokens_add(struct arena *a, struct cluster_tokens *to, const struct cluster_token *like, struct error *err);

/* Take a token out and note its ID as revoked. False when there is none of that ID. */
bool tokens_revoke(struct arena *a, struct cluster_tokens *from, const char *id);

const struct cluster_token *tokens_find(const struct cluster_tokens *tokens, const char *id);

/* "abcdef", or what begins with that and a dot: the ID. NULL when it is neither. */
const char *token_id(struct arena *a, const char *text);
