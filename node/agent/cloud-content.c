/* The content of a file, from wherever it is: fetched, unpacked, checked. */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "init/names.h"
#include "node/agent/merge.h"

enum { URL_SIZE = 4096 };

static int check_hash(const struct setting_content *c, const char *data, size_t size, struct error *err)
{
	const EVP_MD *kind = !strncmp(c->hash, "sha512-", 7) ? EVP_sha512() : EVP_sha256();
	unsigned char sum[EVP_MAX_MD_SIZE];
	char hex[2 * EVP_MAX_MD_SIZE + 1] = "";
	unsigned n = 0;

	if (!EVP_Digest(data, size, sum, &n, kind, NULL))
		return error_set(err, "the checksum cannot be computed");
	for (unsigned i = 0; i < n; i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
	if (!strcasecmp(hex, c->hash + 7))
		return 0;
	return error_set(err, "its checksum is %.6s-%s, not %s", c->hash, hex, c->hash);
}

static int fetch(struct arena *a, struct config *config, struct setting_content *c, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	char url[URL_SIZE], *copy;

	if (names_fill(c->url, config->variables, url, sizeof(url)) >= sizeof(url))
		return error_set(err, "the address is longer than %d bytes", URL_SIZE - 1);
	if (!config->fetch)
		return error_set(err, "%s: nothing is fetched here", url);
	if (config->hashed && !c->hash)
		return error_set(err,
				 "%s: configuration has to be signed here, and this is not; give its checksum "
				 "(\"hash\")",
				 url);
	if (config->fetch(config->fetch_context, url, &text, err) < 0)
		return -1;
	copy = arena_alloc(a, text.len + 1);
	if (text.len)
		memcpy(copy, text.data, text.len);
	c->data = copy;
	c->size = text.len;
	return 0;
}

int cloud_content(struct arena *a, struct config *config, struct setting_content *c, struct error *err)
{
	if (c->url && fetch(a, config, c, err) < 0)
		return -1;
	if (c->gzip && cloud_gunzip(a, c->data, c->size, CLOUD_FILE_LIMIT, &c->data, &c->size, err) < 0)
		return c->url ? error_wrap(err, "%s", c->url) : -1;
	if (c->hash && check_hash(c, c->data, c->size, err) < 0)
		return c->url ? error_wrap(err, "%s", c->url) : -1;
	c->url = NULL;
	return 0;
}
