/* The pods of a node, and what drain asks of the runtime that they run in. There is a drain for each runtime, made of drain.c and
 * either node/drain/containerd.c (by CRI) or node/docker/pods.c (by Docker's API). */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/* As the kubelet writes it into each container's annotations (kubelet/kuberuntime/labels.go). */
#define POD_GRACE_KEY "io.kubernetes.pod.terminationGracePeriod"
enum { POD_DEFAULT_GRACE = 30, POD_LONGEST_GRACE = 86400 };

struct pod_sandbox {
	const char *id, *name, *namespace;
};

struct pod_container {
	const char *id, *sandbox_id, *name;
	int64_t grace; /* seconds between SIGTERM and SIGKILL that its pod asks for */
};

struct pod_sandboxes {
	struct pod_sandbox *items;
	size_t count, cap;
};

struct pod_containers {
	struct pod_container *items;
	size_t count, cap;
};

struct pods {
	struct pod_sandboxes sandboxes;   /* that are ready */
	struct pod_containers containers; /* that run */
};

/* The value of POD_GRACE_KEY; fallback when it is none. */
int64_t pod_grace(const char *text, int64_t fallback);

/* Where the runtime listens unless drain is told otherwise. */
extern const char runtime_socket[];

/* Each call has a connection of its own, and an answer within patience_ms, or fails. Strings live in the arena. */
int runtime_list(const char *socket, int64_t patience_ms, struct arena *a, struct pods *out, struct error *err);

/* End a container: SIGTERM (or the image's stop signal), after so many seconds SIGKILL. Returns when it has ended, with its exit
 * code (-1: not known). One that is gone already is fine. */
int runtime_stop_container(const char *socket, int64_t patience_ms, const char *id, int64_t seconds, int64_t *code,
			   struct error *err);

/* End a sandbox, what runs in it included. */
int runtime_stop_sandbox(const char *socket, int64_t patience_ms, const char *id, struct error *err);
