#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "init/plan-state-advice.h"
#include "node/state/state.h"

/* FALL_BACK_MS: a server that starts at the same time as its nodes gets so long before one falls back to RAM. */
enum { AGAIN_MS = 1000, LOUD_MS = 10000, FALL_BACK_MS = 10000 };

static enum outcome attach(struct state_node *n, const struct plan_state *s, struct record *r, struct error *err)
{
	switch (s->kind) {
	case PLAN_STATE_NFS:
		return nfs_attach(n, s, r, err);
	case PLAN_STATE_ISCSI:
		return iscsi_attach(n, s, r, err);
	case PLAN_STATE_LOOP:
		return loop_attach(n, s, r, err);
	case PLAN_STATE_DISK:
		return disk_attach(n, s, r, err);
	case PLAN_STATE_TMPFS:
		break;
	}
	return tmpfs_attach(s->path, s->size, &s->options, err) < 0 ? OUTCOME_FAILED : OUTCOME_DONE;
}

/* What a state is made of, for people. */
static const char *source_of(struct arena *a, const struct plan_state *s)
{
	switch (s->kind) {
	case PLAN_STATE_NFS:
		return arena_printf(a, "%s:%s", s->server, s->export);
	case PLAN_STATE_ISCSI:
		return arena_printf(a, "%s LUN %u", s->target, s->lun);
	case PLAN_STATE_LOOP:
		return arena_printf(a, "%s in %s:%s", s->file, s->server, s->export);
	case PLAN_STATE_DISK:
		return s->device;
	case PLAN_STATE_TMPFS:
		break;
	}
	return s->size;
}

/* The declared fallback: in RAM, and nobody may overlook it. */
static int fall_back(const struct plan_state *s, struct record *r, const char *why, struct error *err)
{
	if (tmpfs_attach(s->path, s->away_size, NULL, err) < 0)
		return -1;
	say("%s: DEGRADED: %s; in RAM (%s) instead: what is written there is lost at the next boot", s->path, why,
	    s->away_size);
	*r = (struct record){.path = s->path,
			     .kind = PLAN_STATE_TMPFS,
			     .source = r->source,
			     .health = HEALTH_DEGRADED,
			     .text = r->text};
	return 0;
}

static void tell_waiting(const struct plan_state *s, const char *why, int64_t began)
{
	int64_t seconds = (clock_ms() - began) / 1000;

	if (s->away == PLAN_AWAY_REBOOT)
		say("%s: %s; waiting for %lld s, rebooting after %u s", s->path, why, (long long)seconds,
		    s->away_seconds);
	else
		say("%s: %s; waiting for it, for %lld s so far", s->path, why, (long long)seconds);
}

/* One state, by its policy. The exit status of the whole, -1 when the boot ends here. */
static int mount_one(struct state_node *n, const struct plan_state *s, struct error *err)
{
	int64_t began = clock_ms(), loud = 0;
	struct record r;

	for (;;) {
		enum outcome outcome;

		error_clear(err);
		r = (struct record){.path = s->path, .kind = s->kind, .source = source_of(&n->arena, s)};
		outcome = attach(n, s, &r, err);
		if (outcome == OUTCOME_FAILED)
			return error_wrap(err, "%s", s->path);
		if (outcome == OUTCOME_DONE)
			break;
		r.text = arena_strdup(&n->arena, error_text(err));
		if (s->away == PLAN_AWAY_TMPFS && clock_ms() - began >= FALL_BACK_MS) {
			error_clear(err);
			if (fall_back(s, &r, r.text, err) < 0)
				return error_wrap(err, "%s", s->path);
			break;
		}
		if (clock_ms() >= loud) {
			tell_waiting(s, r.text, began);
			loud = clock_ms() + LOUD_MS;
		}
		if (s->away == PLAN_AWAY_REBOOT && clock_ms() - began >= (int64_t)s->away_seconds * 1000) {
			say("%s: %s; rebooting, as the plan has it", s->path, r.text);
			return EXIT_REBOOT;
		}
		usleep(AGAIN_MS * 1000);
	}
	r.since = clock_ms();
	if (record_write(&r, err) < 0)
		return -1;
	if (r.health == HEALTH_OK && r.kind != PLAN_STATE_TMPFS)
		say("%s: %s %s%s%s (took %lld ms)", s->path, kind_word(r.kind), r.source, r.device ? ", " : "",
		    r.device ? r.device : "", (long long)(clock_ms() - began));
	return 0;
}

/* The builder's rules again: the plan may have come from elsewhere, and here the kernel is known. */
static int check_plan(struct state_node *n, struct error *err)
{
	const struct plan_advice *list;
	struct utsname system;
	size_t count;

	uname(&system);
	count = plan_advise_states(&n->arena, &n->plan, &(struct plan_surroundings){.kernel = system.release}, &list);
	for (size_t i = 0; i < count; i++) {
		if (list[i].error)
			return error_set(err, "%s: %s", list[i].state->path, list[i].text);
		say("%s: warning: %s", list[i].state->path, list[i].text);
	}
	return 0;
}

int cmd_mount(struct state_node *n, struct error *err)
{
	if (check_plan(n, err) < 0)
		return -1;
	stay_alive();
	for (size_t i = 0; i < n->plan.state_count; i++) {
		int status = mount_one(n, &n->plan.states[i], err);

		if (status != 0)
			return status;
	}
	return 0;
}
