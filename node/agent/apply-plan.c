/* What of the configuration is the plan's: names, time, network, state. The services of commands are in
 * apply-commands.c. */
#include <string.h>

#include "node/agent/apply.h"

/* node1.example.org: the first label, and the rest as a domain to look in. */
static void set_hostname(struct apply *a)
{
	const struct settings *s = &a->settings;
	const char *name = s->hostname, *dot;

	if (s->preserve_hostname)
		return;
	if (s->fqdn && (s->prefer_fqdn || !name))
		name = s->prefer_fqdn ? s->fqdn : arena_strndup(a->arena, s->fqdn, strcspn(s->fqdn, "."));
	if (!name)
		name = s->local_hostname;
	if (name)
		a->plan->hostname = name;
	dot = s->fqdn ? strchr(s->fqdn, '.') : NULL;
	if (dot && dot[1] && !strchr(s->fqdn, '$') && !strings_has(&a->plan->search, dot + 1))
		strings_add(a->arena, &a->plan->search, dot + 1);
}

static void set_time(struct apply *a)
{
	const struct settings *s = &a->settings;

	if (!s->have_ntp)
		return;
	if (s->ntp_off || s->ntp_servers.count || s->ntp_pools.count)
		a->plan->ntp = (struct strings){0};
	for (size_t i = 0; !s->ntp_off && i < s->ntp_servers.count; i++)
		strings_add(a->arena, &a->plan->ntp, s->ntp_servers.items[i]);
	for (size_t i = 0; !s->ntp_off && i < s->ntp_pools.count; i++)
		strings_add(a->arena, &a->plan->ntp, s->ntp_pools.items[i]);
}

static void set_network(struct apply *a)
{
	struct settings *s = &a->settings;
	struct plan *p = a->plan;

	if (s->nameservers.count)
		p->nameservers = s->nameservers;
	if (s->search.count)
		p->search = s->search;
}

static void add_options(struct apply *a, struct plan_state *state, const char *options)
{
	static const char *const ours[] = {"defaults", "nofail", "_netdev", "auto", "nobootwait", "user"};

	for (const char *p = options; *p;) {
		size_t n = strcspn(p, ",");
		const char *word = arena_strndup(a->arena, p, n);
		bool skip = !n || !strncmp(word, "x-", 2) || !strncmp(word, "comment=", 8);

		for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
			skip = skip || !strcmp(word, ours[i]);
		if (state->kind == PLAN_STATE_TMPFS && !strncmp(word, "size=", 5))
			state->size = word + 5;
		else if (!skip)
			strings_add(a->arena, &state->options, word);
		p += n + (p[n] == ',');
	}
}

static struct plan_state state_of(struct apply *a, const struct setting_mount *m)
{
	bool nfs = !strncmp(m->type, "nfs", 3), tmpfs = !strcmp(m->type, "tmpfs");
	struct plan_state state = plan_state_new(m->path, nfs	  ? PLAN_STATE_NFS
							  : tmpfs ? PLAN_STATE_TMPFS
								  : PLAN_STATE_DISK);
	const char *colon =
		m->device[0] == '[' && strstr(m->device, "]:") ? strstr(m->device, "]:") + 1 : strchr(m->device, ':');

	state.at = m->at;
	if (nfs) {
		bool bracket = m->device[0] == '[';

		state.server = arena_strndup(a->arena, m->device + bracket, (size_t)(colon - m->device) - 2 * bracket);
		state.export = colon + 1;
	} else if (tmpfs) {
		state.size = "50%";
	} else {
		state.device = strncmp(m->device, "/dev/disk/by-id/", 16)
				       ? m->device
				       : arena_printf(a->arena, "ID=%s", m->device + 16);
		state.fs = !strcmp(m->type, "xfs") ? PLAN_FS_XFS : PLAN_FS_EXT4;
	}
	add_options(a, &state, m->options);
	return state;
}

static void set_states(struct apply *a)
{
	for (size_t i = 0; i < a->settings.mount_count; i++) {
		struct plan_state state = state_of(a, &a->settings.mounts[i]);
		size_t at = 0;

		while (at < a->plan->state_count && strcmp(a->plan->states[at].path, state.path) != 0)
			at++;
		if (at < a->plan->state_count)
			a->plan->states[at] = state;
		else
			plan_add_state(a->arena, a->plan, state);
	}
}

int apply_plan_prepare(struct apply *a, struct error *err)
{
	(void)err;
	set_hostname(a);
	set_time(a);
	set_network(a);
	set_states(a);
	if (a->settings.final_message)
		a->plan->final_message = a->settings.final_message;
	return 0;
}
