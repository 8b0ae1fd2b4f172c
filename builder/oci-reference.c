#include "builder/oci-reference.h"

#include <stdbool.h>
#include <string.h>

enum { NAME_LIMIT = 255, TAG_LIMIT = 128 };

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* Does p (n bytes) consist of these characters, with a letter or digit at both ends? */
static bool consists_of(const char *p, size_t n, const char *set, const char *ends)
{
	if (!n || !strchr(ends, p[0]) || !strchr(ends, p[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!strchr(set, p[i]))
			return false;
	return true;
}

/* A first component with a dot or a port, or "localhost", is a registry; anything else is a path on Docker's. */
static bool is_domain(const char *name, size_t n)
{
	return memchr(name, '.', n) || memchr(name, ':', n) || (n == 9 && !memcmp(name, "localhost", 9));
}

static bool check_domain(const char *p, size_t n)
{
	const char *colon = memchr(p, ':', n);
	size_t host = colon ? (size_t)(colon - p) : n;

	if (colon && !consists_of(colon + 1, n - host - 1, DIGITS, DIGITS))
		return false;
	return consists_of(p, host, LOWER UPPER DIGITS ".-", LOWER UPPER DIGITS);
}

static bool check_path(const char *p, size_t n)
{
	while (n) {
		const char *slash = memchr(p, '/', n);
		size_t part = slash ? (size_t)(slash - p) : n;

		if (!consists_of(p, part, LOWER DIGITS "._-", LOWER DIGITS))
			return false;
		if (!slash)
			return true;
		p += part + 1;
		n -= part + 1;
	}
	return false;
}

int oci_reference_normalize(struct arena *a, const char *name, const char **out, struct error *err)
{
	const char *digest = strchr(name, '@'), *slash = strchr(name, '/'), *tag = NULL;
	size_t n = digest ? (size_t)(digest - name) : strlen(name), domain = 0;

	if (slash && slash < name + n && is_domain(name, (size_t)(slash - name)))
		domain = (size_t)(slash - name);
	for (size_t i = domain; i < n && !tag; i++)
		if (name[i] == ':')
			tag = name + i;
	if (tag) {
		size_t length = (size_t)(name + n - tag) - 1;

		if (length > TAG_LIMIT || !consists_of(tag + 1, length, LOWER UPPER DIGITS "_.-", LOWER UPPER DIGITS "_.-") ||
		    strchr(".-", tag[1]))
			return error_set(err, "\"%s\" is no image name: bad tag", name);
		n = (size_t)(tag - name);
	}
	if (digest && (strncmp(digest, "@sha256:", 8) != 0 || strlen(digest + 8) != 64 || strspn(digest + 8, DIGITS "abcdef") != 64))
		return error_set(err, "\"%s\" is no image name: bad digest", name);
	if (n > NAME_LIMIT || (domain && !check_domain(name, domain)) ||
	    !check_path(name + domain + (domain > 0), n - domain - (domain > 0)))
		return error_set(err, "\"%s\" is no image name; one looks like registry.k8s.io/pause:3.9", name);
	*out = arena_printf(a, "%s%.*s%s%s", domain ? "" : memchr(name, '/', n) ? "docker.io/" : "docker.io/library/", (int)n, name,
			    tag ? arena_strndup(a, tag, digest ? (size_t)(digest - tag) : strlen(tag)) : digest ? "" : ":latest",
			    digest ? digest : "");
	return 0;
}
