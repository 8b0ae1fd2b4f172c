/* apt packages: apt itself resolves and authenticates, in a private root below the store, so that nothing of the host is
 * changed and no rights are needed. Only the state is private: sources, keys, proxies and pins are the host's, unless the
 * profile names a repository with sources and key of its own. Repositories that are not signed are refused. */
#pragma once

#include <stdbool.h>

#include "builder/build.h"

/* The name of the host's own repositories in the lock. */
#define APT_HOST "host"

struct apt_want {
	const char *name; /* "containerd", or with a version: "containerd=1.6.20~ds1-1" */
	struct place at;
};

/* All that is wanted of one repository. */
struct apt_request {
	const struct repository *repository; /* NULL: the host's own */
	struct apt_want *packages, *sources;
	size_t package_count, package_cap, source_count, source_cap;
};

/* Resolve all packages together, and add them with what they depend on, and the source packages, to the lock.
 * Package lists are updated when they are older than an hour, or when refresh is set. */
int apt_resolve(struct build *b, const struct apt_request *r, bool refresh, struct lock *out, struct error *err);

/* A source's repository as the lock names it: APT_HOST for NULL. */
const char *apt_repository(const char *name);

/* The name without "=VERSION". */
const char *apt_name(struct arena *a, const char *name);
