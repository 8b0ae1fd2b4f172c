#include "cluster/token.h"

#include <openssl/rand.h>
#include <string.h>
#include <time.h>

#include "cluster/openssl.h"

/* kubeadm's alphabet: what may be part of a Secret's name. */
static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";

/* Uniform: a byte from the last, incomplete run of the alphabet is drawn again. */
static int draw(char *out, size_t n, struct error *err)
{
	const unsigned size = sizeof(alphabet) - 1, limit = 256 - 256 % size;

	for (size_t i = 0; i < n;) {
		unsigned char byte;

		if (RAND_priv_bytes(&byte, 1) != 1)
			return openssl_error(err, "OpenSSL has no random numbers");
		if (byte < limit)
			out[i++] = alphabet[byte % size];
	}
	out[n] = '\0';
	return 0;
}

static void push(struct arena *a, struct cluster_tokens *to, struct cluster_token token)
{
	to->items = arena_grow(a, to->items, to->count, &to->cap, sizeof(*to->items));
	to->items[to->count++] = token;
}

const struct cluster_token *tokens_find(const struct cluster_tokens *tokens, const char *id)
{
	for (size_t i = 0; i < tokens->count; i++)
		if (!strcmp(tokens->items[i].id, id))
			return &tokens->items[i];
	return NULL;
}

const struct cluster_token *tokens_of_node(const struct cluster_tokens *tokens, const char *node)
{
	for (size_t i = 0; i < tokens->count; i++)
		if (string_equal(tokens->items[i].node, node))
			return &tokens->items[i];
	return NULL;
}

const char *token_id(struct arena *a, const char *text)
{
	size_t n = strcspn(text, ".");

	if (n != TOKEN_ID_SIZE || strspn(text, alphabet) != n)
		return NULL;
	return arena_strndup(a, text, n);
}

int tokens_add(struct arena *a, struct cluster_tokens *to, const struct cluster_token *like, struct error *err)
{
	char id[TOKEN_ID_SIZE + 1], secret[TOKEN_SECRET_SIZE + 1];
	struct cluster_token token = *like;

	do
		if (draw(id, TOKEN_ID_SIZE, err) < 0 || draw(secret, TOKEN_SECRET_SIZE, err) < 0)
			return -1;
	while (tokens_find(to, id) || strings_has(&to->revoked, id));
	token.id = arena_strdup(a, id);
	token.secret = arena_strdup(a, secret);
	push(a, to, token);
	return 0;
}

static void drop(struct cluster_tokens *from, size_t index)
{
	memmove(&from->items[index], &from->items[index + 1], (from->count - index - 1) * sizeof(*from->items));
	from->count--;
}

bool tokens_revoke(struct arena *a, struct cluster_tokens *from, const char *id)
{
	for (size_t i = 0; i < from->count; i++) {
		if (strcmp(from->items[i].id, id) != 0)
			continue;
		strings_add(a, &from->revoked, from->items[i].id);
		drop(from, i);
		return true;
	}
	return false;
}

int tokens_ensure(const struct pki_folder *folder, const struct cluster *c, int64_t now, struct error *err)
{
	struct arena *a = folder->arena;
	struct cluster_tokens tokens = {0};

	if (tokens_load(folder, &tokens, err) < 0)
		return -1;
	for (size_t i = tokens.count; i-- > 0;) {
		const struct cluster_token *token = &tokens.items[i];
		bool gone = token->node != NULL;

		for (size_t n = 0; gone && n < c->node_count; n++)
			gone = strcmp(c->nodes[n].name, token->node) != 0;
		if (gone) {
			pki_folder_say(folder, "revoked the token %s: there is no node %s any more", token->id, token->node);
			tokens_revoke(a, &tokens, token->id);
		} else if (token->expires && token->expires <= now) {
			/* The cluster deletes its Secret by itself (the controller tokencleaner). */
			drop(&tokens, i);
		}
	}
	for (size_t i = 0; i < c->node_count; i++) {
		if (tokens_of_node(&tokens, c->nodes[i].name))
			continue;
		if (tokens_add(a, &tokens, &(struct cluster_token){.node = c->nodes[i].name}, err) < 0)
			return -1;
		pki_folder_say(folder, "made a token for %s", c->nodes[i].name);
	}
	return tokens_save(folder, &tokens, err);
}

int tokens_read(struct arena *a, const char *dir, struct cluster_tokens *out, struct error *err)
{
	_cleanup_folder_ struct pki_folder folder = {0};
	struct cluster_tokens tokens = {0};
	int64_t now = time(NULL);

	if (pki_folder_open(a, dir, &folder, err) < 0 || tokens_load(&folder, &tokens, err) < 0)
		return -1;
	for (size_t i = tokens.count; i-- > 0;)
		if (tokens.items[i].expires && tokens.items[i].expires <= now)
			drop(&tokens, i);
	*out = tokens;
	return 0;
}
