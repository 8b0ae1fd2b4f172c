/* What dockerd and cri-dockerd are told: /etc/docker/daemon.json and their command lines, as their versions want them. Mirrors
 * of registries are flags, so that a node's own configuration can add some; what is in the file cannot be a flag as well. */
#pragma once

#include "base/arena.h"
#include "base/strbuf.h"
#include "base/strings.h"
#include "builder/version.h"

#define DOCKER_CONFIG "/etc/docker/daemon.json"
#define DOCKER_ROOT "/var/lib/docker"
#define DOCKER_SOCKET "/run/docker.sock"
#define CRI_DOCKERD_SOCKET "/run/cri-dockerd.sock"
#define CRI_DOCKERD_ROOT "/var/lib/cri-dockerd"

struct docker_settings {
	struct version version;
	const char *storage_driver; /* NULL: overlay2 */
};

/* The JSON file, appended to out. */
void docker_config(const struct docker_settings *s, struct strbuf *out);

/* argv after the program's name, in the arena. sandbox_image: NULL for cri-dockerd's own. */
struct strings docker_flags(struct arena *a);
struct strings cri_dockerd_flags(struct arena *a, const char *sandbox_image);
