/* The state of a profile by the rules of init/plan-state-advice.h, said where it was written. */
#include "builder/profile-private.h"
#include "init/plan-state-advice.h"

void check_profile_state(struct loader *l)
{
	struct profile *p = l->profile;
	const struct value *states = value_get(l->merged, "state", NULL);
	const struct value *chosen = value_get(value_get(l->merged, "containerd", NULL), "snapshotter", NULL);
	const struct plan_surroundings around = {.many_nodes = true,
						 .snapshotter = chosen ? p->containerd.snapshotter : NULL};
	const struct plan_advice *list;
	size_t count = plan_advise_states(l->reader.arena, &p->plan, &around, &list);

	for (size_t i = 0; i < count; i++) {
		const struct plan_state *s = list[i].state;
		const struct value *name = NULL, *v = value_get(value_get(states, s->path, NULL), list[i].key, &name);
		enum severity severity = list[i].error ? SEVERITY_ERROR : SEVERITY_WARNING;

		if (v)
			diagnose(l->reader.diag, severity, v->at, v->width, "state %s: %s", s->path, list[i].text);
		else
			diagnose(l->reader.diag, severity, s->at, 1, "state %s: %s", s->path, list[i].text);
	}
	if (!chosen && plan_needs_native(&p->plan))
		p->containerd.snapshotter = "native";
}
