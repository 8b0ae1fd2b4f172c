#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "builder/docker-config.h"
#include "builder/node-config.h"
#include "builder/node-private.h"
#include "init/plan-words.h"

/* node_ip may name an interface, which is then the node's. An address or a network leaves that to the boot. */
static void set_node_ip(const char *ip, struct plan *plan)
{
	unsigned char buffer[sizeof(struct in6_addr)];

	if (!ip || !strcmp(ip, "boot-interface"))
		return;
	plan->node_ip = ip;
	if (!strchr(ip, '/') && inet_pton(AF_INET, ip, buffer) != 1 && inet_pton(AF_INET6, ip, buffer) != 1)
		plan->interface = ip;
}

/* Overlays cannot lie on the root's own overlay, and the kubelet measures the file system that its folder is on: both
 * need a mount of their own. */
static void add_states(struct arena *a, const struct node_facts *facts, struct plan *plan)
{
	const struct {
		bool wanted;
		const char *path;
	} own[] = {{facts->containerd, "/var/lib/containerd"}, {facts->kubelet, KUBELET_ROOT}, {facts->docker, DOCKER_ROOT}};

	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
		bool known = !own[i].wanted;

		for (size_t j = 0; j < plan->state_count; j++)
			known = known || !strcmp(plan->states[j].path, own[i].path);
		if (!known)
			plan_add_state(a, plan, plan_state_new(own[i].path, PLAN_STATE_TMPFS))->size = "50%";
	}
}

/* No input of the image is newer, so no clock can be right that is before it. Packages have the time of their
 * changelog's last entry; what recipes make and what lies on this machine has none that would be the same elsewhere. */
static int find_built(const struct build *b, uint64_t *built, struct error *err)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");

	*built = 0;
	if (epoch && *epoch) {
		if (plan_word_number(epoch, UINT64_C(253402300799), built))
			return 0;
		return error_set(err, "SOURCE_DATE_EPOCH=%s: not a number of seconds since 1970", epoch);
	}
	for (size_t i = 0; i < b->tree.count; i++) {
		const struct package *p = b->tree.nodes[i].package;

		if (p && p->newest > *built)
			*built = p->newest;
	}
	return 0;
}

/* A copy that may grow without writing into the profile's arrays. */
static void own_arrays(struct arena *a, struct plan *plan)
{
	struct plan_service *services = arena_calloc(a, plan->service_count + 1, sizeof(*services));
	struct plan_state *states = arena_calloc(a, plan->state_count + 1, sizeof(*states));
	struct pair *sysctls = arena_calloc(a, plan->sysctls.count + 1, sizeof(*sysctls));

	if (plan->service_count)
		memcpy(services, plan->services, plan->service_count * sizeof(*services));
	if (plan->state_count)
		memcpy(states, plan->states, plan->state_count * sizeof(*states));
	if (plan->sysctls.count)
		memcpy(sysctls, plan->sysctls.items, plan->sysctls.count * sizeof(*sysctls));
	plan->services = services;
	plan->service_cap = plan->service_count + 1;
	plan->states = states;
	plan->state_cap = plan->state_count + 1;
	plan->sysctls = (struct pairs){sysctls, plan->sysctls.count, plan->sysctls.count + 1};
}

int node_plan(struct build *b, const struct node_facts *facts, struct plan *out, struct error *err)
{
	static const char forward[] = "net.ipv4.ip_forward";
	const struct profile *p = &b->profile;
	struct plan plan = p->plan;

	if (find_built(b, &plan.built, err) < 0)
		return -1;
	own_arrays(b->arena, &plan);
	plan.name = p->name;
	plan.hostname = p->hostname ? p->hostname : "";
	plan.failure = p->failure == FAILURE_SHELL ? PLAN_FAILURE_SHELL : PLAN_FAILURE_REBOOT;
	plan.failure_delay = p->failure_delay;
	set_node_ip(p->kubernetes.node_ip, &plan);
	plan.config_files = node_config_paths(b->arena, p);
	plan.config_ca = p->config_ca ? NODE_CONFIG_CA : NULL;
	if (facts->kubelet && !pairs_get(&plan.sysctls, forward))
		pairs_add(b->arena, &plan.sysctls, forward, "1", (struct place){0}); /* pods are behind a bridge */
	add_states(b->arena, facts, &plan);
	if (node_services(b, facts, &plan, err) < 0)
		return -1;
	*out = plan;
	return 0;
}

int node_plan_write(struct arena *a, const char *file, const struct plan *plan, struct strbuf *out, struct error *err)
{
	struct plan back;

	plan_write(plan, out);
	if (plan_parse(a, "/etc/mkdl/plan", out->data, out->len, &back, err) < 0)
		return error_wrap(err, "%s: PID 1 would refuse its plan", file);
	return 0;
}
