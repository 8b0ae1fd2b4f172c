#include "init/rate.h"

bool rate_allows(struct rate *r, int64_t now, unsigned *unsaid)
{
	/* Quiet for long: it begins anew. */
	if (r->said && now >= r->next + RATE_INTERVAL_MS)
		r->said = 0;
	if (r->said >= RATE_AT_ONCE && now < r->next) {
		r->unsaid++;
		return false;
	}
	r->said++;
	r->next = now + RATE_INTERVAL_MS;
	*unsaid = r->unsaid;
	r->unsaid = 0;
	return true;
}
