#include <string.h>

#include "builder/component.h"
#include "builder/containerd-config.h"
#include "builder/docker-config.h"
#include "builder/node-private.h"
#include "init/plan-state-advice.h"

/* A node whose kubelet drives dockerd: containerd is there too, but only for dockerd. */

/* The recipe builds kubelets without the shim unless it is told otherwise. */
static bool is_shimless(const struct component *kubelet)
{
	const char *docker;

	if (!kubelet || kubelet->source.kind != SOURCE_BUILD || strcmp(kubelet->source.spec, "kubernetes") != 0)
		return false;
	docker = pairs_get(&kubelet->source.with, "docker");
	return !docker || strcmp(docker, "yes") != 0;
}

/* The part to blame: docker's, else cri-dockerd's, else what the profile says of Kubernetes. */
static struct place place_of_runtime(const struct profile *p)
{
	const struct component *docker = profile_component(p, "docker"), *cri = profile_component(p, "cri-dockerd");

	return docker ? docker->at : cri ? cri->at : p->kubernetes.at;
}

static int choose_runtime(struct build *b, const struct runtime_parts *parts, struct node_facts *facts, struct error *err)
{
	const struct profile *p = &b->profile;
	const struct component *kubelet = profile_component(p, "kubelet");

	if (runtime_choose(parts, &facts->runtime, err) == 0)
		return 0;
	/* What is to be changed is then the kubelet's. */
	return place_wrap(err, parts->shimless && kubelet ? kubelet->at : place_of_runtime(p));
}

int node_docker_facts(struct build *b, struct node_facts *facts, struct error *err)
{
	const struct component *docker = profile_component(&b->profile, "docker"),
			       *cri = profile_component(&b->profile, "cri-dockerd");
	struct runtime_parts parts = {
		.containerd = facts->containerd,
		.docker = docker != NULL,
		.cri_dockerd = cri != NULL,
		.shimless = is_shimless(profile_component(&b->profile, "kubelet")),
		.kubelet = facts->kubelet_version,
	};

	facts->docker = parts.docker;
	facts->cri_dockerd = parts.cri_dockerd;
	facts->runtime = RUNTIME_CONTAINERD;
	if (docker && component_version(b, "docker", NULL, "version: for the component", docker->at, &parts.dockerd, err) < 0)
		return -1;
	if (cri && component_version(b, "cri-dockerd", NULL, "version: for the component", cri->at,
				     &parts.cri_dockerd_version, err) < 0)
		return -1;
	facts->docker_version = parts.dockerd;
	if (docker && !facts->containerd)
		return place_error(err, docker->at, "dockerd runs its containers by containerd: add the component "
				   "containerd (and runc), as worker.yml has them");
	return facts->kubelet ? choose_runtime(b, &parts, facts, err) : 0;
}

int node_docker_add(struct build *b, const struct node_facts *facts, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const struct docker_settings settings = {
		.version = facts->docker_version,
		.storage_driver = plan_docker_needs_vfs(&b->profile.plan) ? "vfs" : NULL,
	};

	if (!facts->docker)
		return 0;
	docker_config(&settings, &text);
	return node_put_file(b, DOCKER_CONFIG, 0644, 0, 0, text.data, text.len, "component docker", err);
}

static void ready_by_socket(struct build *b, struct plan_service *s, const char *socket)
{
	if (s->ready != PLAN_READY_NONE)
		return;
	s->ready = PLAN_READY_SOCKET;
	strings_add(b->arena, &s->ready_words, socket);
}

static int add_docker(struct build *b, const struct component *c, struct plan *plan, struct error *err)
{
	struct plan_service *s = node_service_want(b, plan, "docker", c->at, 120);
	struct strings flags = docker_flags(b->arena);

	if (registries_docker(b->arena, &b->profile.registries, &flags, err) < 0)
		return -1;
	if (!s->run.count && node_service_run(b, s, "dockerd", &flags, err) < 0)
		return -1;
	ready_by_socket(b, s, DOCKER_SOCKET);
	node_service_need(b->arena, s, "containerd");
	node_service_environment(b->arena, s);
	return 0;
}

static int add_cri_dockerd(struct build *b, const struct node_facts *facts, const struct component *c, struct plan *plan,
			   struct error *err)
{
	struct plan_service *s = node_service_want(b, plan, "cri-dockerd", c->at, 120);
	struct strings flags = cri_dockerd_flags(b->arena, facts->sandbox_image);

	if (!s->run.count && node_service_run(b, s, "cri-dockerd", &flags, err) < 0)
		return -1;
	ready_by_socket(b, s, CRI_DOCKERD_SOCKET);
	node_service_need(b->arena, s, "docker");
	node_service_environment(b->arena, s);
	return 0;
}

int node_docker_services(struct build *b, const struct node_facts *facts, struct plan *plan, struct error *err)
{
	const struct component *docker = profile_component(&b->profile, "docker"),
			       *cri = profile_component(&b->profile, "cri-dockerd");

	if (docker && add_docker(b, docker, plan, err) < 0)
		return -1;
	return cri && facts->kubelet ? add_cri_dockerd(b, facts, cri, plan, err) : 0;
}
