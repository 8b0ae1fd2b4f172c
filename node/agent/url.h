/* URLs of configuration: templates filled in per node, names that may be shown, and names made from them. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "init/names.h"

enum { URL_LIMIT = 2000 };

/* Fill ${mac}, ${uuid} … in a template. Values are percent-encoded (RFC 3986: all but unreserved characters and ":"). An unknown
 * variable, and one that this machine has no value for (NULL or ""), is an error: half a name would be another node's. */
int url_fill(struct arena *a, const char *template, const struct names_variable *variables, const char **out,
	     struct error *err);

enum url_scheme { URL_HTTP, URL_HTTPS, URL_TFTP, URL_FILE };

/* Which of the schemes a URL (or an absolute path, which is a file) has, and is it well-formed as far as that goes: no blanks
 * or control characters, a host where one belongs. */
int url_scheme(const char *url, enum url_scheme *out, struct error *err);

/* The path of a file: URL, percent-decoded and clean, or of an absolute path as it is. */
int url_file_path(struct arena *a, const char *url, const char **out, struct error *err);

/* The URL without user and password, for messages and provenance. */
const char *url_show(struct arena *a, const char *url);

/* The path of the URL with something appended, before a query: ("http://h/x?y", ".sig") → "http://h/x.sig?y". */
const char *url_append(struct arena *a, const char *url, const char *suffix);

/* A file of a NoCloud seed: "user-data" behind the seed's URL, with one slash between unless it has a query, to which the name
 * is appended as it is (cloud-init: read_seeded). */
const char *url_seed(struct arena *a, const char *seed, const char *name);
