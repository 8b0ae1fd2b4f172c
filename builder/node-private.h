/* What the files builder/node-*.c share; for nobody else. */
#pragma once

#include <stdbool.h>

#include "builder/build.h"
#include "builder/images.h"
#include "builder/kubelet-config.h"
#include "builder/version.h"
#include "init/plan.h"

#define NODE_IMPORTER "/usr/libexec/mkdl/image-import"
#define NODE_DRAIN "/usr/libexec/mkdl/drain"
#define NODE_IMAGES "/usr/share/mkdl/images"

/* What the profile and the components come to, worked out once. */
struct node_facts {
	bool containerd;            /* the image runs it */
	bool kubelet;               /* the image runs it */
	bool docker, cri_dockerd;   /* the image runs it; containerd is dockerd's then */
	enum container_runtime runtime; /* of the kubelet */
	struct version containerd_version, kubelet_version, docker_version;
	enum kubelet_role role;
	const char *sandbox_image;  /* full reference, or NULL: containerd's own */
	bool iptables;              /* the image has it */
	struct images images;
};

/* Store the content and add a file to the tree's site layer. reason as in struct node. */
int node_put_file(struct build *b, const char *path, mode_t mode, uint32_t uid, uint32_t gid, const void *data, size_t size,
		  const char *reason, struct error *err);
void node_put_dir(struct build *b, const char *path, mode_t mode, uint32_t uid, uint32_t gid, const char *reason);

/* passwd, group, shadow, shells, nsswitch.conf, authorized keys. */
int node_users_add(struct build *b, struct error *err);

/* Baked configuration and the cluster's secret. paths: where the configuration's files are in the image. */
int node_config_add(struct build *b, struct error *err);
struct strings node_config_paths(struct arena *a, const struct profile *p);

/* Static pods into KUBELET_MANIFESTS. */
int node_pods_add(struct build *b, struct error *err);

/* containerd's, the kubelet's and CNI's configuration. */
int node_kubernetes_facts(struct build *b, struct node_facts *facts, struct error *err);
int node_kubernetes_add(struct build *b, const struct node_facts *facts, struct error *err);
struct kubelet_settings node_kubelet_settings(struct arena *a, const struct profile *p, const struct node_facts *facts);

/* A server's control plane and kube-proxy: what cannot work is refused; files; services, after the kubelet's. */
int node_control_plane_check(struct build *b, const struct node_facts *facts, struct error *err);
int node_control_plane_add(struct build *b, struct error *err);
int node_control_plane_services(struct build *b, const struct node_facts *facts, struct plan *plan, struct error *err);

/* The address of the cluster's DNS: the first that the profile names, else the tenth of service_cidr. */
const char *node_cluster_dns(struct arena *a, const struct kubernetes *k);

/* Becoming a member: services, and what of their input the profile has. Of a worker with an API server. */
int node_join_services(struct build *b, struct plan *plan, struct error *err);
int node_join_add(struct build *b, struct error *err);

/* dockerd and cri-dockerd: what the image has of them and how the kubelet drives them (after the facts about containerd and the
 * kubelet); their files; their services, before the kubelet's. */
int node_docker_facts(struct build *b, struct node_facts *facts, struct error *err);
int node_docker_add(struct build *b, const struct node_facts *facts, struct error *err);
int node_docker_services(struct build *b, const struct node_facts *facts, struct plan *plan, struct error *err);

/* For services that the profile need not spell out: the plan's service of that name, or a new one that has so many seconds to get
 * ready; its program, looked for in the image, with these arguments; what it needs; PATH and HOME. */
struct plan_service *node_service_want(struct build *b, struct plan *plan, const char *name, struct place at,
				       unsigned ready_timeout);
int node_service_run(struct build *b, struct plan_service *s, const char *program, const struct strings *args,
		     struct error *err);
void node_service_need(struct arena *a, struct plan_service *s, const char *name);
void node_service_environment(struct arena *a, struct plan_service *s);

/* Add the generated services to the profile's own in the plan, command lines filled in. */
int node_services(struct build *b, const struct node_facts *facts, struct plan *plan, struct error *err);

/* The plan of the node: the profile's own with what follows from it and from the components. */
int node_plan(struct build *b, const struct node_facts *facts, struct plan *out, struct error *err);

/* The text of /etc/mkdl/plan, read back by PID 1's own reader. file is the profile's name for messages. */
int node_plan_write(struct arena *a, const char *file, const struct plan *plan, struct strbuf *out, struct error *err);

/* What the state of the profile implies: does the image need the program that mounts it; components (at most
 * NODE_STATE_COMPONENTS, appended to out; returns how many); kernel modules, added to the profile's. */
enum { NODE_STATE_COMPONENTS = 3 };
bool node_state_program(const struct profile *p);
size_t node_state_components(struct build *b, struct component *out);
void node_state_modules(struct build *b);
