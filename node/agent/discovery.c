#include "node/agent/discovery.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/strbuf.h"
#include "config/yaml.h"
#include "node/agent/base64.h"

enum { ID_SIZE = 6, SECRET_SIZE = 16, HMAC_SIZE = 32, HEADER_LIMIT = 4096 };

int discovery_check_token(const char *token, struct error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789";

	if (strlen(token) == ID_SIZE + 1 + SECRET_SIZE && strspn(token, allowed) == ID_SIZE && token[ID_SIZE] == '.' &&
	    strspn(token + ID_SIZE + 1, allowed) == SECRET_SIZE)
		return 0;
	/* A secret is not repeated in a message. */
	return error_set(err, "this is no bootstrap token, as in \"abcdef.0123456789abcdef\"");
}

static void to_url_alphabet(struct strbuf *text, size_t from)
{
	for (size_t i = from; i < text->len; i++)
		text->data[i] = text->data[i] == '+' ? '-' : text->data[i] == '/' ? '_' : text->data[i];
	while (text->len > from && text->data[text->len - 1] == '=')
		text->data[--text->len] = '\0';
}

/* base64url without padding (RFC 7515, 2), appended. */
static void encode(const void *data, size_t n, struct strbuf *out)
{
	size_t from = out->len;

	base64_encode(data, n, out);
	to_url_alphabet(out, from);
}

/* The members of a map as text, or NULL. */
static const char *text_of(const struct value *map, const char *name)
{
	const struct value *v = map && map->type == VALUE_MAP ? value_get(map, name, NULL) : NULL;

	return v && v->type == VALUE_SCALAR ? v->text : NULL;
}

static const struct value *map_of(const struct value *map, const char *name)
{
	const struct value *v = map && map->type == VALUE_MAP ? value_get(map, name, NULL) : NULL;

	return v && v->type == VALUE_MAP ? v : NULL;
}

static const struct value *read_map_text(struct arena *a, const char *name, const char *text, size_t n, struct error *err)
{
	struct diagnostics diag = {.arena = a};
	const struct value *v = n <= YAML_FILE_LIMIT ? yaml_parse(a, name, text, n, &diag) : NULL;

	if (!v || diag.errors || v->type != VALUE_MAP) {
		error_set(err, "%s: %s", name, diag.count ? diag.items[0].text : "not what it should be");
		return NULL;
	}
	return v;
}

/* The protected header: {"alg":"HS256","kid":"abcdef"}. */
static int check_header(struct arena *a, const char *header, size_t n, const char *kid, struct error *err)
{
	_cleanup_strbuf_ struct strbuf decoded = {0};
	const char *text = arena_strndup(a, header, n), *alg, *named;
	const struct value *v;

	if (n > HEADER_LIMIT)
		return error_set(err, "its signature's header is too long");
	for (char *p = (char *)text; *p; p++)
		*p = *p == '-' ? '+' : *p == '_' ? '/' : *p;
	if (base64_decode(text, n, &decoded, err) < 0)
		return error_wrap(err, "its signature's header");
	v = read_map_text(a, "its signature's header", decoded.data ? decoded.data : "", decoded.len, err);
	if (!v)
		return -1;
	alg = text_of(v, "alg");
	named = text_of(v, "kid");
	/* Whatever else the header says would have to be understood: crit (RFC 7515, 4.1.11) among it. */
	if (!alg || strcmp(alg, "HS256") != 0)
		return error_set(err, "its signature is made by %.20s, not by HS256", alg ? alg : "nothing");
	if (value_get(v, "crit", NULL) || value_get(v, "b64", NULL))
		return error_set(err, "its signature asks for extensions");
	if (named && strcmp(named, kid) != 0)
		return error_set(err, "its signature is by another token");
	return 0;
}

int discovery_check_signature(struct arena *a, const char *jws, const char *payload, const char *kid, const char *secret,
			      struct error *err)
{
	_cleanup_strbuf_ struct strbuf input = {0}, wanted = {0};
	const char *dots = strstr(jws, ".."), *mac = dots ? dots + 2 : NULL;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	if (!mac || strchr(mac, '.'))
		return error_set(err, "its signature is no detached JWS");
	if (check_header(a, jws, (size_t)(dots - jws), kid, err) < 0)
		return -1;
	strbuf_add(&input, jws, (size_t)(dots - jws));
	strbuf_puts(&input, ".");
	encode(payload, strlen(payload), &input);
	if (!HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)input.data, input.len, digest, &size) ||
	    size != HMAC_SIZE)
		return error_set(err, "HMAC-SHA256 cannot be computed");
	encode(digest, size, &wanted);
	if (strlen(mac) != wanted.len || CRYPTO_memcmp(mac, wanted.data, wanted.len) != 0)
		return error_set(err, "its signature is not one by this token");
	return 0;
}

static const struct value *first_of(const struct value *v, const char *list)
{
	const struct value *items = value_get(v, list, NULL);

	return items && items->type == VALUE_LIST && items->count ? items->items[0] : NULL;
}

int kubeconfig_read(struct arena *a, const char *text, size_t n, struct kubeconfig *out, struct error *err)
{
	const struct value *v = read_map_text(a, "kubeconfig", text, n, err), *cluster, *user;
	_cleanup_strbuf_ struct strbuf ca = {0};
	struct kubeconfig k = {0};
	const char *data;

	if (!v)
		return -1;
	cluster = map_of(first_of(v, "clusters"), "cluster");
	user = map_of(first_of(v, "users"), "user");
	if (!cluster)
		return error_set(err, "kubeconfig: it names no cluster");
	k.server = text_of(cluster, "server");
	k.ca_file = text_of(cluster, "certificate-authority");
	k.token = user ? text_of(user, "token") : NULL;
	data = text_of(cluster, "certificate-authority-data");
	if (data) {
		if (base64_decode(data, strlen(data), &ca, err) < 0)
			return error_wrap(err, "kubeconfig: certificate-authority-data");
		k.ca = arena_strndup(a, ca.data ? ca.data : "", ca.len);
	}
	*out = k;
	return 0;
}

enum discovery discovery_read(struct arena *a, const char *json, size_t n, const char *token, const char **ca,
			      struct error *err)
{
	const struct value *v = read_map_text(a, "cluster-info", json, n, err), *data = map_of(v, "data");
	const char *id = arena_strndup(a, token, ID_SIZE), *secret = token + ID_SIZE + 1, *text, *jws;
	struct kubeconfig k;

	if (!v)
		return DISCOVERY_MALFORMED;
	text = text_of(data, "kubeconfig");
	if (!text) {
		error_set(err, "cluster-info: it has no kubeconfig");
		return DISCOVERY_MALFORMED;
	}
	jws = text_of(data, arena_printf(a, "jws-kubeconfig-%s", id));
	if (!jws) {
		error_set(err, "cluster-info: it is not signed with this token");
		return DISCOVERY_UNSIGNED;
	}
	if (discovery_check_signature(a, jws, text, id, secret, err) < 0)
		return DISCOVERY_FORGED;
	if (kubeconfig_read(a, text, strlen(text), &k, err) < 0)
		return DISCOVERY_MALFORMED;
	if (!k.ca) {
		error_set(err, "cluster-info: its kubeconfig has no certificate-authority-data");
		return DISCOVERY_MALFORMED;
	}
	*ca = k.ca;
	return DISCOVERY_SIGNED;
}
