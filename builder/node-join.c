/* How a worker becomes a member of a cluster: the services "join", before the kubelet, and "uncordon", after it, and what of
 * their input the profile has. The node's configuration may bring the rest (node/agent/join-file.h). */
#include <string.h>

#include "builder/node-private.h"
#include "node/agent/join-file.h"

#define AGENT "/usr/libexec/mkdl/agent"

static int check_agent(struct build *b, struct error *err)
{
	if (tree_resolve(&b->tree, AGENT))
		return 0;
	return place_error(err, b->profile.kubernetes.at,
			   "kubernetes: a worker with server: joins by %s, which the image lacks: add the component "
			   "agent: {build: agent}", AGENT);
}

/* A oneshot of the agent, unless the profile has a service of that name. */
static struct plan_service *add_oneshot(struct build *b, struct plan *plan, const char *name, const char *need)
{
	struct plan_service *s = plan_find_service(plan, name);

	if (!s) {
		s = plan_add_service(b->arena, plan, plan_service_new(name));
		s->at = b->profile.kubernetes.at;
		s->oneshot = true;
		s->log = "console"; /* what a node waits for has to be seen */
	}
	if (!s->run.count) {
		strings_add(b->arena, &s->run, AGENT);
		strings_add(b->arena, &s->run, name);
	}
	if (need && !strings_has(&s->needs, need))
		strings_add(b->arena, &s->needs, need);
	return s;
}

int node_join_services(struct build *b, struct plan *plan, struct error *err)
{
	struct plan_service *kubelet;

	if (check_agent(b, err) < 0)
		return -1;
	add_oneshot(b, plan, "join", NULL);
	add_oneshot(b, plan, "uncordon", "kubelet");
	/* Adding may have moved it. */
	kubelet = plan_find_service(plan, "kubelet");
	if (!strings_has(&kubelet->needs, "join"))
		strings_add(b->arena, &kubelet->needs, "join");
	/* Before it ends for good it says that this node takes no pods; for a restart the command is not run. */
	if (!kubelet->stop.count) {
		strings_add(b->arena, &kubelet->stop, AGENT);
		strings_add(b->arena, &kubelet->stop, "cordon");
	}
	return 0;
}

int node_join_add(struct build *b, struct error *err)
{
	const struct kubernetes *k = &b->profile.kubernetes;
	struct join_file j = {.server = strcmp(k->server, "config") ? k->server : NULL, .token = k->token};
	_cleanup_strbuf_ struct strbuf text = {0};

	join_file_add_pins(b->arena, &j, &k->ca_cert_hash);
	join_file_write(&j, &text);
	return node_put_file(b, JOIN_BAKED, 0600, 0, 0, text.data ? text.data : "", text.len, "kubernetes:", err);
}
