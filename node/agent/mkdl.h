/* What the map mkdl: of a cloud-config says of Kubernetes and containerd, see cloud-mkdl.c. */
#pragma once

#include "base/pairs.h"
#include "base/strings.h"
#include "config/reader.h"
#include "config/registries.h"

struct mkdl {
	const char *server, *token, *ca, *node_ip; /* NULL: not given */
	struct pairs labels;
	struct strings taints, args, pins; /* pins: hashes of the authority, or "unsafe" */
	struct place kubernetes_at;
	struct registries registries;
};

extern const struct key_map mkdl_map_own, mkdl_map_kubernetes;
