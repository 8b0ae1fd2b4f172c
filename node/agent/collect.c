#include "node/agent/collect.h"

#include <stdio.h>

#include "base/file.h"
#include "node/agent/url.h"

enum { CA_LIMIT = 1 << 20 };

static int read_include(void *data, const char *url, struct error *err);

void collect_init(struct collect *c, struct arena *a, int rootfd, const struct names_variable *variables)
{
	*c = (struct collect){.arena = a, .fetch = {.rootfd = rootfd, .deadline = INT64_MAX, .end = INT64_MAX}, .variables = variables};
	c->unpack = (struct unpack){.arena = a, .documents = &c->documents, .include = read_include, .data = c};
}

int collect_trust(struct collect *c, const char *hex, struct error *err)
{
	if (signature_key(hex, c->key, err) < 0)
		return error_wrap(err, "trust");
	c->signed_only = true;
	return 0;
}

int collect_ca(struct collect *c, const char *path, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	if (file_read_at(c->fetch.rootfd, path + (*path == '/'), CA_LIMIT, &text, err) < 0)
		return error_wrap(err, "config: ca");
	c->fetch.ca = arena_strdup(c->arena, text.data);
	return 0;
}

static int check_signature(struct collect *c, const char *url, const struct strbuf *text, struct error *err)
{
	_cleanup_strbuf_ struct strbuf signature = {0};
	const char *shown = url_show(c->arena, url), *name = url_append(c->arena, url, ".sig");
	bool found;

	if (fetch_url(&c->fetch, c->arena, name, &found, &signature, err) < 0)
		return error_wrap(err, "%s: its signature cannot be read", shown);
	if (!found)
		return error_set(err, "%s: refused, as it is not signed and the image trusts signed configuration only: "
				 "\"mkdl sign\" makes %s", shown, url_show(c->arena, name));
	if (signature_check(c->key, text->data ? text->data : "", text->len, signature.data ? signature.data : "", signature.len,
			    err) < 0)
		return error_wrap(err, "%s: refused", shown);
	return 0;
}

static int read_url(struct collect *c, const struct source *s, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *url, *shown;
	enum url_scheme scheme;
	bool found = true, remote = c->remote;
	int status;

	if (url_fill(c->arena, s->url, c->variables, &url, err) < 0)
		return -1;
	shown = url_show(c->arena, url);
	if (url_scheme(url, &scheme, err) < 0)
		return error_wrap(err, "%s", shown);
	if (scheme == URL_FILE && remote)
		return error_set(err, "%s: what comes over the network cannot include files of this machine", shown);
	if (scheme != URL_FILE && c->offline)
		return error_set(err, "%s: not read, as nothing is fetched here", shown);
	if (strings_has(&c->read, url)) {
		fprintf(stderr, "%s: named twice, read once\n", shown);
		return 0;
	}
	if (fetch_url(&c->fetch, c->arena, url, s->optional ? &found : NULL, &text, err) < 0)
		return -1;
	strings_add(c->arena, &c->read, url);
	if (!found)
		return 0;
	if (scheme != URL_FILE && c->signed_only && check_signature(c, url, &text, err) < 0)
		return -1;
	c->remote = scheme != URL_FILE;
	status = unpack(&c->unpack, shown, s->content, text.data ? text.data : "", text.len, err);
	c->remote = remote;
	return status;
}

static int read_include(void *data, const char *url, struct error *err)
{
	struct source s = {.url = url, .from = "include"};
	struct collect *c = data;
	int status;

	if (c->depth == COLLECT_DEPTH)
		return error_set(err, "%s: included more than %d deep", url_show(c->arena, url), COLLECT_DEPTH);
	if (c->includes == COLLECT_INCLUDES)
		return error_set(err, "%s: more than %d URLs are included", url_show(c->arena, url), COLLECT_INCLUDES);
	c->includes++;
	c->depth++;
	status = read_url(c, &s, err);
	c->depth--;
	return status;
}

int collect_source(struct collect *c, const struct source *s, struct error *err)
{
	size_t before = c->documents.count;
	int status;

	status = s->url ? read_url(c, s, err) : unpack(&c->unpack, s->from, s->content, s->text, s->size, err);
	if (status == 0)
		return 0;
	c->documents.count = before;
	return s->url ? error_wrap(err, "%s", s->from) : -1;
}
