#include "init/timeline.h"

#include <stdio.h>
#include <string.h>

static struct timeline_entry entries[TIMELINE_ENTRIES];
static size_t count, lost;
static struct timeline_entry *phase; /* under way */
static char failed_phase[TIMELINE_NAME], failure[TIMELINE_REASON];
static int64_t up_since;

static struct timeline_entry *add(enum timeline_kind kind, const char *name, int64_t now)
{
	struct timeline_entry *e;

	if (count == TIMELINE_ENTRIES) {
		lost++;
		return NULL;
	}
	e = &entries[count++];
	*e = (struct timeline_entry){.kind = kind, .began = now};
	snprintf(e->name, sizeof(e->name), "%s", name);
	return e;
}

static struct timeline_entry *find_service(const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (entries[i].kind == TIMELINE_SERVICE && !strcmp(entries[i].name, name))
			return &entries[i];
	return NULL;
}

void timeline_phase(const char *name, int64_t now)
{
	phase = add(TIMELINE_PHASE, name, now);
}

void timeline_phase_ended(enum timeline_outcome outcome, int64_t now)
{
	if (!phase)
		return;
	phase->outcome = outcome;
	phase->ended = now;
	phase = NULL;
}

void timeline_service(const char *name, int64_t now)
{
	if (!find_service(name))
		add(TIMELINE_SERVICE, name, now);
}

void timeline_service_ready(const char *name, int64_t now)
{
	struct timeline_entry *e = find_service(name);

	if (!e || e->outcome != TIMELINE_RUNNING)
		return;
	e->outcome = TIMELINE_DONE;
	e->ended = now;
}

void timeline_failed(const char *name, const char *reason)
{
	snprintf(failed_phase, sizeof(failed_phase), "%s", name);
	snprintf(failure, sizeof(failure), "%s", reason);
}

void timeline_up(int64_t now)
{
	up_since = now;
}

size_t timeline_count(void)
{
	return count;
}

size_t timeline_lost(void)
{
	return lost;
}

const struct timeline_entry *timeline_at(size_t index)
{
	return &entries[index];
}

const struct timeline_entry *timeline_current_phase(void)
{
	return phase;
}

const char *timeline_failed_phase(void)
{
	return failed_phase;
}

const char *timeline_failure(void)
{
	return failure;
}

int64_t timeline_up_since(void)
{
	return up_since;
}

const char *timeline_outcome_name(enum timeline_outcome outcome)
{
	static const char *const names[] = {
		[TIMELINE_RUNNING] = "running", [TIMELINE_DONE] = "done", [TIMELINE_WARNED] = "warned",
		[TIMELINE_FAILED] = "failed",
	};

	return names[outcome];
}
