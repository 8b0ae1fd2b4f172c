/* When what happened since the machine started: each phase of the boot, each service's first start and readiness. In fixed
 * arrays; what is beyond them is counted, not kept. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum timeline_kind { TIMELINE_PHASE, TIMELINE_SERVICE };
enum timeline_outcome {
	TIMELINE_RUNNING,
	TIMELINE_DONE,   /* a phase; a service is ready */
	TIMELINE_WARNED, /* a phase that failed, and the boot went on */
	TIMELINE_FAILED,
};

enum { TIMELINE_ENTRIES = 256, TIMELINE_NAME = 64, TIMELINE_REASON = 512 };

struct timeline_entry {
	enum timeline_kind kind;
	enum timeline_outcome outcome;
	int64_t began, ended; /* clock_ms; ended is 0 while it runs */
	char name[TIMELINE_NAME];
};

/* A phase begins and ends; there is one at a time. */
void timeline_phase(const char *name, int64_t now);
void timeline_phase_ended(enum timeline_outcome outcome, int64_t now);

/* A service is started, is ready. Only the first time of each counts. */
void timeline_service(const char *name, int64_t now);
void timeline_service_ready(const char *name, int64_t now);

/* The boot ended in a phase, for this reason. */
void timeline_failed(const char *phase, const char *reason);

/* The node is up. */
void timeline_up(int64_t now);

/* What was recorded. */
size_t timeline_count(void);
size_t timeline_lost(void);
const struct timeline_entry *timeline_at(size_t index);
const struct timeline_entry *timeline_current_phase(void); /* NULL: none is under way */
const char *timeline_failed_phase(void);                   /* "": none failed */
const char *timeline_failure(void);
int64_t timeline_up_since(void);                           /* 0: not up yet */

/* The word for an outcome: "running", "done" … */
const char *timeline_outcome_name(enum timeline_outcome outcome);
