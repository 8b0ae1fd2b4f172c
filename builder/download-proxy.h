/* Which proxy a download goes through: what apt is configured to use (apt.conf(5), apt-transport-http(1)), because a machine
 * behind a proxy has told apt already. Where apt says nothing, libcurl looks at http_proxy, https_proxy and no_proxy. */
#pragma once

#include "base/arena.h"

struct proxy_setting {
	const char *key, *value; /* "Acquire::http::Proxy", "http://proxy:3128/" */
};

struct proxies {
	struct arena *arena;
	struct proxy_setting *items;
	size_t count, cap;
};

/* Reads apt's configuration; without apt there are no settings. */
void proxies_load(struct proxies *p, struct arena *a);

/* The same from the output of `apt-config dump --format '%f %v%n'`. */
void proxies_parse(struct proxies *p, struct arena *a, const char *text);

/* The proxy for uri: an address, "" for none (DIRECT), NULL when apt has no opinion. */
const char *proxy_for(struct proxies *p, const char *uri);
