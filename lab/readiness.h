/* Which Nodes does the API show, and are they Ready? Asked by a process of its own, so that the lab never waits for it. */
#pragma once

#include <sys/types.h>

#include "lab/lab.h"

enum { READINESS_PAUSE = 2 }; /* seconds between two questions */

/* Start it; *out is the end of a pipe that records come from (base/flat.h), after every question:
 *	node NAME yes|no BOOT_ID	for each Node
 *	api up				or: api down REASON
 * The process ends with the lab. */
int readiness_start(const struct lab *l, int *out, pid_t *pid, struct error *err);
