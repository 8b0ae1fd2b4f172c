/* Reading one URL: http and https (redirects followed), tftp, and files of this machine. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"

enum {
	FETCH_DOCUMENT_LIMIT = 4 << 20, /* bytes of one document */
	FETCH_TOTAL_LIMIT = 8 << 20,    /* bytes of all of them */
	FETCH_REDIRECTS = 5,
	FETCH_CONNECT_SECONDS = 10,
	FETCH_STALLED_SECONDS = 15, /* so long without a byte ends an attempt … */
	FETCH_ATTEMPT_SECONDS = 60, /* … and so long in all */
	FETCH_ABSENT_TRIES = 3,     /* a server that says "there is no such file", or refuses, is asked so often */
};

struct fetch {
	int rootfd;       /* where files are looked for */
	const char *ca;   /* PEM: https servers are known by these certificates alone; NULL: by those that the machine trusts */
	int64_t deadline; /* clock_ms: nothing is tried again after it; what was not tried yet gets one attempt … */
	int64_t end;      /* … until this time */
	size_t total;     /* bytes so far */
};

/* Read url, which has no variables left, appended to out. What fails is tried again, with pauses that grow, until the deadline;
 * every failed attempt is said on stderr in one line. With found not NULL the document may be missing: *found tells. */
int fetch_url(struct fetch *f, struct arena *a, const char *url, bool *found, struct strbuf *out, struct error *err);
