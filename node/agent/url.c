#include "node/agent/url.h"

#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "base/path.h"
#include "base/strbuf.h"

static void add_encoded(struct strbuf *out, const char *value)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:";

	for (const char *p = value; *p; p++) {
		if (strchr(plain, *p))
			strbuf_add(out, p, 1);
		else
			strbuf_printf(out, "%%%02X", (unsigned)(unsigned char)*p);
	}
}

static int add_variable(struct strbuf *out, const char *name, size_t n, const struct names_variable *variables,
			struct error *err)
{
	for (const struct names_variable *v = variables; v->name; v++) {
		if (strlen(v->name) != n || memcmp(v->name, name, n) != 0)
			continue;
		if (!v->value || !*v->value)
			return error_set(err, "this machine has no ${%s} of its own", v->name);
		add_encoded(out, v->value);
		return 0;
	}
	error_set(err, "unknown variable ${%.*s}; there are", n > 40 ? 40 : (int)n, name);
	for (const struct names_variable *v = variables; v->name; v++) {
		struct error more = {0};

		error_set(&more, "%s ${%s}", error_text(err), v->name);
		error_clear(err);
		*err = more;
	}
	return -1;
}

int url_fill(struct arena *a, const char *template, const struct names_variable *variables, const char **out,
	     struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *rest = template;

	for (const char *p; (p = strstr(rest, "${")); ) {
		size_t n = strcspn(p + 2, "}");

		if (p[2 + n] != '}')
			return error_set(err, "%s: a ${ without its }", url_show(a, template));
		strbuf_add(&text, rest, (size_t)(p - rest));
		if (add_variable(&text, p + 2, n, variables, err) < 0)
			return error_wrap(err, "%s", url_show(a, template));
		rest = p + 2 + n + 1;
	}
	strbuf_puts(&text, rest);
	if (text.len > URL_LIMIT)
		return error_set(err, "%.60s…: longer than %d bytes", url_show(a, text.data), URL_LIMIT);
	*out = arena_strdup(a, text.data);
	return 0;
}

int url_scheme(const char *url, enum url_scheme *out, struct error *err)
{
	static const struct {
		const char *start;
		enum url_scheme scheme;
	} schemes[] = {{"http://", URL_HTTP}, {"https://", URL_HTTPS}, {"tftp://", URL_TFTP}, {"file://", URL_FILE}};

	for (const char *p = url; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return error_set(err, "a URL cannot hold blanks or control characters (%%20 is a blank)");
	if (*url == '/') {
		*out = URL_FILE;
		return 0;
	}
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		size_t n = strlen(schemes[i].start);

		if (strncasecmp(url, schemes[i].start, n) != 0)
			continue;
		if (schemes[i].scheme == URL_FILE ? url[n] != '/' : strcspn(url + n, "/?#") == 0)
			return error_set(err, schemes[i].scheme == URL_FILE ?
						      "a file on this machine is file:///PATH" : "the URL names no host");
		*out = schemes[i].scheme;
		return 0;
	}
	return error_set(err, "expected http://, https://, tftp://, file:/// or an absolute path");
}

int url_file_path(struct arena *a, const char *url, const char **out, struct error *err)
{
	_cleanup_strbuf_ struct strbuf path = {0};

	if (*url == '/')
		return path_clean(a, url, out, err);
	for (const char *p = url + strlen("file://"); *p; p++) {
		if (*p == '%') {
			int high = hex_digit(p[1]), low = high < 0 ? -1 : hex_digit(p[2]);
			char byte = (char)(high * 16 + low);

			if (low < 0 || byte == '\0')
				return error_set(err, "%s: a bad %% escape", url);
			strbuf_add(&path, &byte, 1);
			p += 2;
		} else {
			strbuf_add(&path, p, 1);
		}
	}
	return path_clean(a, path.data, out, err);
}

/* Where user and password end: behind the last "@" of the authority; the authority's start when there are none. */
static const char *host_of(const char *authority)
{
	size_t n = strcspn(authority, "/?#");

	for (size_t i = n; i-- > 0;)
		if (authority[i] == '@')
			return authority + i + 1;
	return authority;
}

const char *url_show(struct arena *a, const char *url)
{
	const char *authority = strstr(url, "://");

	if (!authority)
		return arena_strdup(a, url);
	authority += 3;
	return arena_printf(a, "%.*s%s", (int)(authority - url), url, host_of(authority));
}

const char *url_append(struct arena *a, const char *url, const char *suffix)
{
	size_t n = strncasecmp(url, "http", 4) == 0 ? strcspn(url, "?#") : strlen(url);

	return arena_printf(a, "%.*s%s%s", (int)n, url, suffix, url + n);
}

const char *url_seed(struct arena *a, const char *seed, const char *name)
{
	size_t n = strlen(seed);
	bool complete = n && (seed[n - 1] == '/' || strchr(seed, '?'));

	return arena_printf(a, "%s%s%s", seed, complete ? "" : "/", name);
}
