/* Which container runtime the kubelet drives, and by what. Everything that the two have to agree upon is decided here and
 * nowhere else: files and flags of both sides are made from it, so that they agree by construction. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "builder/version.h"

/* There is no systemd on a node. containerd, dockerd and the kubelet are all told the same; a profile that says otherwise
 * does not build (runtime-check.h). */
#define CGROUP_DRIVER "cgroupfs"

enum container_runtime {
	RUNTIME_CONTAINERD = 1,  /* by CRI */
	RUNTIME_DOCKERSHIM = 2,  /* dockerd, by the shim that kubelets had until 1.23 */
	RUNTIME_CRI_DOCKERD = 4, /* dockerd, by CRI through cri-dockerd */
	RUNTIME_CRI = RUNTIME_CONTAINERD | RUNTIME_CRI_DOCKERD,
	RUNTIME_DOCKER = RUNTIME_DOCKERSHIM | RUNTIME_CRI_DOCKERD,
};

/* The first kubelet without the shim. */
#define DOCKERSHIM_UNTIL ((struct version){1, 24})

/* What the image has to choose from. */
struct runtime_parts {
	bool containerd, docker, cri_dockerd;
	bool shimless; /* the kubelet was built without the shim, though its version had it */
	struct version kubelet, dockerd, cri_dockerd_version;
};

/* How this kubelet drives these. An error says what does not fit and what to take instead. */
int runtime_choose(const struct runtime_parts *parts, enum container_runtime *out, struct error *err);
