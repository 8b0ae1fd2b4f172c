/* What the map mkdl: of a cloud-config says of Kubernetes and containerd, see cloud-mkdl.c. */
#pragma once

#include "base/pairs.h"
#include "base/strings.h"
#include "config/reader.h"

struct mkdl_registry {
	const char *host;
	struct strings mirrors;
	struct place at;
};

struct mkdl {
	const char *server, *token, *ca, *node_ip; /* NULL: not given */
	struct pairs labels;
	struct strings taints, args, pins; /* pins: hashes of the authority, or "unsafe" */
	struct place kubernetes_at;
	struct mkdl_registry *registries;
	size_t registry_count, registry_cap;
};

extern const struct key_map mkdl_map_own, mkdl_map_kubernetes;
