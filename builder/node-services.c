#include <string.h>

#include "base/path.h"
#include "builder/containerd-config.h"
#include "builder/docker-config.h"
#include "builder/node-private.h"
#include "builder/runtime-check.h"

/* The services that a profile need not spell out. What it does say about them (readiness, time limits, environment, a whole
 * command line) is kept. */

struct plan_service *node_service_want(struct build *b, struct plan *plan, const char *name, struct place at,
				       unsigned ready_timeout)
{
	struct plan_service *s = plan_find_service(plan, name);

	if (s)
		return s;
	s = plan_add_service(b->arena, plan, plan_service_new(name));
	s->at = at;
	s->ready_timeout = ready_timeout;
	return s;
}

void node_service_need(struct arena *a, struct plan_service *s, const char *name)
{
	if (!strings_has(&s->needs, name))
		strings_add(a, &s->needs, name);
}

static void default_env(struct arena *a, struct pairs *env, const char *key, const char *value)
{
	if (!pairs_get(env, key))
		pairs_add(a, env, key, value, (struct place){0});
}

/* They run other programs by name (runc, mount, iptables) and keep files in the home of their user. */
void node_service_environment(struct arena *a, struct plan_service *s)
{
	default_env(a, &s->env, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	default_env(a, &s->env, "HOME", "/root");
}

/* Neither containerd nor the images that go into it need the network. */
static void default_early(struct plan_service *s)
{
	if (s->start == PLAN_START_DEFAULT && !plan_service_has_variables(s))
		s->start = PLAN_START_EARLY;
}

/* Where the image has a program of this name. */
static const char *find_program(struct build *b, const char *name)
{
	static const char *const folders[] = {"/usr/bin", "/usr/local/bin", "/usr/sbin", "/usr/local/sbin", "/bin", "/sbin"};

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		const char *path = path_join(b->arena, folders[i], name);
		const struct node *node = tree_resolve(&b->tree, path);

		if (node && node->type == NODE_FILE)
			return path;
	}
	return NULL;
}

int node_service_run(struct build *b, struct plan_service *s, const char *program, const struct strings *args,
		     struct error *err)
{
	const char *path = find_program(b, program);

	if (!path)
		return place_error(err, s->at,
				   "service %s: no component brings a program %s to the image's /usr/bin; add one, or "
				   "say what to run", s->name, program);
	strings_add(b->arena, &s->run, path);
	for (size_t i = 0; i < args->count; i++)
		strings_add(b->arena, &s->run, args->items[i]);
	return 0;
}

static int add_containerd(struct build *b, struct plan *plan, struct error *err)
{
	const struct component *c = profile_component(&b->profile, "containerd");
	struct plan_service *s = node_service_want(b, plan, "containerd", c ? c->at : b->profile.containerd.at, 120);
	static const char *const args[] = {"--config", CONTAINERD_CONFIG};

	if (!s->run.count && node_service_run(b, s, "containerd", &(struct strings){.items = (const char **)args, .count = 2}, err) < 0)
		return -1;
	if (s->ready == PLAN_READY_NONE) {
		s->ready = PLAN_READY_SOCKET;
		strings_add(b->arena, &s->ready_words, CONTAINERD_SOCKET);
	}
	node_service_environment(b->arena, s);
	default_early(s);
	return 0;
}

/* Pods end within their own grace periods before the runtime does; the kubelet, which needs it, has ended by then. A stop command
 * has three quarters of the stop-timeout (init/service.c); beyond the pods' own time, drain takes some for their networks. */
static void add_drain(struct build *b, const struct node_facts *facts, struct plan *plan)
{
	enum { STOP_SECONDS = 180, REST_SECONDS = 15 };
	struct plan_service *s = plan_find_service(plan, facts->docker ? "docker" : "containerd");
	unsigned most;

	if (s->stop.count)
		return;
	if (s->stop_timeout == plan_service_new("").stop_timeout)
		s->stop_timeout = STOP_SECONDS;
	most = s->stop_timeout / 4 * 3;
	most = most > 2 * REST_SECONDS ? most - REST_SECONDS : most / 2;
	strings_add(b->arena, &s->stop, NODE_DRAIN);
	strings_add(b->arena, &s->stop, "--timeout");
	strings_add(b->arena, &s->stop, arena_printf(b->arena, "%u", most));
}

/* Loads the preloaded images into the runtime and gives their RAM back. */
static int add_images(struct build *b, const struct node_facts *facts, struct plan *plan, struct error *err)
{
	struct plan_service *s = node_service_want(b, plan, "images", b->profile.images[0].at, 300);
	const char *const runtime = facts->docker ? "docker" : "containerd";
	const char *const run[] = {
		NODE_IMPORTER, "--socket", facts->docker ? DOCKER_SOCKET : CONTAINERD_SOCKET, "--list", NODE_IMAGES "/list",
		"--blobs", NODE_IMAGES "/blobs/sha256", "--remove",
	};

	if (!plan_find_service(plan, runtime))
		return place_error(err, s->at,
				   "images: are loaded into containerd or dockerd, and the profile has neither; add the "
				   "component");
	if (!s->run.count)
		for (size_t i = 0; i < sizeof(run) / sizeof(*run); i++)
			strings_add(b->arena, &s->run, run[i]);
	node_service_need(b->arena, s, runtime);
	s->oneshot = true;
	default_early(s);
	return 0;
}

static int add_kubelet(struct build *b, const struct node_facts *facts, struct plan *plan, struct error *err)
{
	struct plan_service *s = node_service_want(b, plan, "kubelet", b->profile.kubernetes.at, 300);
	struct kubelet_settings settings = node_kubelet_settings(b->arena, &b->profile, facts);
	struct strings flags = kubelet_flags(b->arena, &settings);

	if (!s->run.count && node_service_run(b, s, "kubelet", &flags, err) < 0)
		return -1;
	if (s->ready == PLAN_READY_NONE) {
		s->ready = PLAN_READY_HTTP;
		strings_add(b->arena, &s->ready_words, "http://127.0.0.1:10248/healthz");
	}
	if (facts->containerd)
		node_service_need(b->arena, s, "containerd");
	if (facts->docker)
		node_service_need(b->arena, s, "docker");
	if (facts->cri_dockerd)
		node_service_need(b->arena, s, "cri-dockerd");
	if (plan_find_service(plan, "images"))
		node_service_need(b->arena, s, "images");
	node_service_environment(b->arena, s);
	return 0;
}

int node_services(struct build *b, const struct node_facts *facts, struct plan *plan, struct error *err)
{
	const struct kubelet_settings settings = node_kubelet_settings(b->arena, &b->profile, facts);

	if (facts->containerd && add_containerd(b, plan, err) < 0)
		return -1;
	if (node_docker_services(b, facts, plan, err) < 0)
		return -1;
	if (facts->images.count && add_images(b, facts, plan, err) < 0)
		return -1;
	if (facts->kubelet && add_kubelet(b, facts, plan, err) < 0)
		return -1;
	if (facts->kubelet && facts->role == KUBELET_JOINED && node_join_services(b, plan, err) < 0)
		return -1;
	if (facts->kubelet && node_control_plane_services(b, facts, plan, err) < 0)
		return -1;
	if (facts->kubelet && facts->containerd)
		add_drain(b, facts, plan);
	for (size_t i = 0; i < plan->service_count; i++)
		if (!plan->services[i].run.count)
			return place_error(err, plan->services[i].at,
					   "service %s does not say what to run", plan->services[i].name);
	return runtime_check_services(plan, facts->runtime, settings.endpoint, err);
}
