#include "base/path.h"

#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

int path_clean(struct arena *a, const char *name, const char **out, struct error *err)
{
	size_t len = strlen(name);
	char *clean, *w;

	if (len == 0)
		return error_set(err, "empty path");
	if (len > PATH_LIMIT)
		return error_set(err, "path longer than %d bytes: %.60s…", PATH_LIMIT, name);
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return error_set(err, "path with a control character: %.60s", name);
	clean = w = arena_alloc(a, len + 2);
	for (const char *p = name; *p;) {
		size_t n = strcspn(p, "/");

		if (n == 2 && p[0] == '.' && p[1] == '.')
			return error_set(err, "path with \"..\" in it: %s", name);
		if (n > NAME_MAX)
			return error_set(err, "path with a name longer than %d bytes: %.60s…", NAME_MAX, p);
		if (n && !(n == 1 && p[0] == '.')) {
			*w++ = '/';
			memcpy(w, p, n);
			w += n;
		}
		p += n;
		while (*p == '/')
			p++;
	}
	if (w == clean)
		*w++ = '/';
	*w = '\0';
	*out = clean;
	return 0;
}

const char *path_link_target(struct arena *a, const char *path, const char *target)
{
	const char *base = target[0] == '/' ? "" : path_parent(a, path);
	char *joined = arena_printf(a, "%s/%s", base, target);
	char *clean = arena_alloc(a, strlen(joined) + 2), *w = clean;

	for (const char *p = joined; *p;) {
		size_t n = strcspn(p, "/");

		if (n == 2 && !memcmp(p, "..", 2)) {
			while (w > clean && *--w != '/')
				;
		} else if (n && !(n == 1 && p[0] == '.')) {
			*w++ = '/';
			memcpy(w, p, n);
			w += n;
		}
		p += n;
		while (*p == '/')
			p++;
	}
	if (w == clean)
		*w++ = '/';
	*w = '\0';
	return clean;
}

const char *path_parent(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash != path ? arena_strndup(a, path, (size_t)(slash - path)) : "/";
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

const char *path_join(struct arena *a, const char *dir, const char *name)
{
	size_t n = strlen(dir);

	while (n && dir[n - 1] == '/')
		n--;
	while (*name == '/')
		name++;
	return arena_printf(a, "%.*s/%s", (int)n, dir, name);
}

bool path_is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	if (n == 1)
		return true;
	return !strncmp(path, dir, n) && (path[n] == '/' || path[n] == '\0');
}

/* The end of the group that opens at p ("{a,{b,c}}"), or NULL when it never closes. */
static const char *group_end(const char *p)
{
	int depth = 0;

	for (; *p; p++) {
		if (*p == '{')
			depth++;
		else if (*p == '}' && --depth == 0)
			return p;
	}
	return NULL;
}

/* "**" as one step: the rest of the pattern may match at any later component. */
static bool match_plain(const char *pattern, const char *path)
{
	const char *stars = strstr(pattern, "/**");
	char head[PATH_LIMIT + 1];
	size_t n;

	if (!stars || (stars[3] != '/' && stars[3] != '\0'))
		return fnmatch(pattern, path, FNM_PATHNAME) == 0;
	n = (size_t)(stars - pattern);
	if (n >= sizeof(head))
		return false;
	memcpy(head, pattern, n);
	head[n] = '\0';
	for (const char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
		char before[PATH_LIMIT + 1];
		size_t m = (size_t)(p - path);

		if (m >= sizeof(before))
			return false;
		memcpy(before, path, m);
		before[m] = '\0';
		if (fnmatch(head, before, FNM_PATHNAME) != 0)
			continue;
		if (stars[3] == '\0')
			return true;
		for (const char *q = p; q; q = strchr(q + 1, '/'))
			if (match_plain(stars + 3, q))
				return true;
	}
	return false;
}

bool path_match(const char *pattern, const char *path)
{
	const char *open = strchr(pattern, '{');
	const char *close = open ? group_end(open) : NULL;
	const char *choice;
	int depth = 0;

	if (!close)
		return match_plain(pattern, path);
	choice = open + 1;
	for (const char *p = choice; p <= close; p++) {
		if (*p == '{')
			depth++;
		else if (*p == '}' && p != close)
			depth--;
		if (depth || (*p != ',' && p != close))
			continue;
		char expanded[PATH_LIMIT + 1];
		int n = snprintf(expanded, sizeof(expanded), "%.*s%.*s%s", (int)(open - pattern), pattern,
				 (int)(p - choice), choice, close + 1);

		if (n > 0 && n < (int)sizeof(expanded) && path_match(expanded, path))
			return true;
		choice = p + 1;
	}
	return false;
}
