/* That nothing in a profile contradicts what runtime.h decides for the kubelet and its runtime: neither a service's own command
 * line nor a file that an overlay puts in place of a generated one. Such a node would boot and then run no pod. */
#pragma once

#include "builder/build.h"
#include "builder/runtime.h"
#include "init/plan.h"

/* The command lines of kubelet, containerd, docker and cri-dockerd in the plan, once they are complete. endpoint: the runtime's,
 * as the kubelet gets it. Errors name the service's place in the profile. */
int runtime_check_services(const struct plan *plan, enum container_runtime runtime, const char *endpoint, struct error *err);

/* The finished tree's configuration files. Errors name overlay or hook, path and line. */
int runtime_check_files(struct build *b, struct error *err);
