#include "builder/download-proxy.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "base/strbuf.h"
#include "builder/run-program.h"

void proxies_parse(struct proxies *p, struct arena *a, const char *text)
{
	*p = (struct proxies){.arena = a};
	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n"), key = strcspn(line, " \n");

		if (key < n && key + 1 < n && strncasecmp(line, "Acquire::", 9) == 0) {
			p->items = arena_grow(a, p->items, p->count, &p->cap, sizeof(*p->items));
			p->items[p->count++] = (struct proxy_setting){
				.key = arena_strndup(a, line, key),
				.value = arena_strndup(a, line + key + 1, n - key - 1),
			};
		}
		line += n + (line[n] == '\n');
	}
}

void proxies_load(struct proxies *p, struct arena *a)
{
	static const char *const argv[] = {"apt-config", "dump", "--no-empty", "--format", "%f %v%n", NULL};
	_cleanup_strbuf_ struct strbuf out = {0};
	_cleanup_error_ struct error ignored = {0};
	struct program program = {.argv = argv, .out = &out};

	*p = (struct proxies){.arena = a};
	if (run_program(&program, NULL, &ignored) == 0 && out.data)
		proxies_parse(p, a, out.data);
}

/* apt's keys do not care about case. Of a key set twice the last one counts. */
static const char *setting(const struct proxies *p, const char *key)
{
	for (size_t i = p->count; i-- > 0;)
		if (!strcasecmp(p->items[i].key, key))
			return p->items[i].value;
	return NULL;
}

static const char *setting_for(struct proxies *p, const char *scheme, const char *host)
{
	const char *value = setting(p, arena_printf(p->arena, "Acquire::%s::Proxy::%s", scheme, host));

	return value ? value : setting(p, arena_printf(p->arena, "Acquire::%s::Proxy", scheme));
}

/* A program that is given the URI and prints a proxy or DIRECT. */
static const char *ask_program(struct proxies *p, const char *path, const char *uri)
{
	const char *argv[] = {path, uri, NULL};
	_cleanup_strbuf_ struct strbuf out = {0};
	_cleanup_error_ struct error ignored = {0};
	struct program program = {.argv = argv, .out = &out};

	if (run_program(&program, NULL, &ignored) < 0 || !out.data || !out.data[strspn(out.data, " \n")])
		return NULL;
	return arena_strndup(p->arena, out.data, strcspn(out.data, "\n"));
}

static const char *find(struct proxies *p, const char *uri, const char *scheme, const char *host)
{
	const char *value = setting_for(p, scheme, host), *program;

	if (!value) {
		program = setting(p, arena_printf(p->arena, "Acquire::%s::Proxy-Auto-Detect", scheme));
		value = program ? ask_program(p, program, uri) : NULL;
	}
	/* What https does not say is taken from http. */
	if (!value && !strcasecmp(scheme, "https"))
		return find(p, uri, "http", host);
	return value && !strcasecmp(value, "DIRECT") ? "" : value;
}

const char *proxy_for(struct proxies *p, const char *uri)
{
	CURLU *url = curl_url();
	const char *value = NULL;
	char *scheme = NULL, *host = NULL;

	if (url && !curl_url_set(url, CURLUPART_URL, uri, 0) && !curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) &&
	    !curl_url_get(url, CURLUPART_HOST, &host, 0) && *host)
		value = find(p, uri, scheme, host);
	curl_free(scheme);
	curl_free(host);
	curl_url_cleanup(url);
	return value;
}
