/* Rules for the state of a plan as a whole: what cannot work, and what is dangerous. The builder applies them to a
 * profile, the state's program on the node to the plan that it is about to carry out. */
#pragma once

#include "init/plan.h"

/* What the rules know besides the plan. */
struct plan_surroundings {
	bool many_nodes;         /* the plan is in an image, from which any number of machines may boot */
	const char *kernel;      /* its release, "6.1.0-56-amd64"; NULL: not known */
	const char *snapshotter; /* of containerd, where somebody chose it; else NULL */
};

struct plan_advice {
	const struct plan_state *state;
	bool error;       /* else a warning */
	const char *key;  /* which of its records: "target", "options" …; "path": the state itself */
	const char *text;
};

/* How many pieces of advice there are; the list is in the arena. */
size_t plan_advise_states(struct arena *arena, const struct plan *plan, const struct plan_surroundings *around,
			  const struct plan_advice **out);

/* Is containerd's folder on NFS, so that its snapshotter has to be native? */
bool plan_needs_native(const struct plan *plan);

/* Is dockerd's, so that its storage driver has to be vfs? */
bool plan_docker_needs_vfs(const struct plan *plan);
