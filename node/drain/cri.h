/* The calls of the Container Runtime Interface (kubernetes/cri-api, pkg/apis/runtime/v1/api.proto) that ending pods takes.
 * containerd has runtime.v1 since 1.6. */
#pragma once

#include "node/drain/pods.h"
#include "node/grpc/grpc.h"

/* All sandboxes that are ready, all containers that run. */
int cri_list_sandboxes(struct grpc *g, struct arena *a, struct pod_sandboxes *out, struct error *err);
int cri_list_containers(struct grpc *g, struct arena *a, struct pod_containers *out, struct error *err);

/* Read the answers to these calls (n bytes): foreign bytes. */
int cri_read_sandboxes(struct arena *a, const void *data, size_t n, struct pod_sandboxes *out, struct error *err);
int cri_read_containers(struct arena *a, const void *data, size_t n, struct pod_containers *out, struct error *err);

int cri_malformed(struct error *err);

/* End a container: SIGTERM (or the image's stop signal), after so many seconds SIGKILL. Returns when it has ended. One that is
 * gone already is fine. */
int cri_stop_container(struct grpc *g, const char *id, int64_t seconds, struct error *err);
/* The exit code of a container that has ended; -1 where containerd does not know. */
int cri_exit_code(struct grpc *g, const char *id, int64_t *code, struct error *err);
/* End a sandbox, what runs in it included, and give its network back. */
int cri_stop_sandbox(struct grpc *g, const char *id, struct error *err);
