/* How often something may be said: a few times at once, then now and then, and how often it was not. For what repeats
 * itself for as long as the machine runs. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { RATE_AT_ONCE = 8, RATE_INTERVAL_MS = 300000 };

struct rate {
	int64_t next;    /* clock_ms when another one may be said */
	unsigned said;   /* of those at once */
	unsigned unsaid; /* since the last that was said */
};

/* May it be said now? When it may, *unsaid is how often it was not since the last time. */
bool rate_allows(struct rate *r, int64_t now, unsigned *unsaid);
