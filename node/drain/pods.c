#include "node/drain/pods.h"

#include <stdlib.h>

int64_t pod_grace(const char *text, int64_t fallback)
{
	char *end;
	long long seconds = strtoll(text, &end, 10);

	return *text && !*end && seconds >= 0 && seconds <= POD_LONGEST_GRACE ? seconds : fallback;
}
