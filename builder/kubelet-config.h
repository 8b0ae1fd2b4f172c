/* The kubelet's command line and its KubeletConfiguration (kubelet.config.k8s.io/v1beta1), as the version in the image
 * wants them. The table in kubelet-config.c says in which versions each flag and each field exists (builder/settings.h). */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "builder/profile.h"
#include "builder/runtime.h"
#include "builder/version.h"

#define KUBELET_CONFIG "/etc/kubernetes/kubelet.yaml"
#define KUBELET_BOOTSTRAP "/etc/kubernetes/bootstrap-kubeconfig"
#define KUBELET_MANIFESTS "/etc/kubernetes/manifests"
#define KUBELET_ROOT "/var/lib/kubelet"
#define KUBELET_CA "/etc/kubernetes/pki/ca.crt"

enum kubelet_role {
	KUBELET_STANDALONE = 1, /* no API server: static pods only */
	KUBELET_JOINED = 2,     /* becomes a node of a cluster by TLS bootstrap */
};

struct kubelet_settings {
	struct version version;
	enum kubelet_role role;
	enum container_runtime runtime;
	const char *endpoint;      /* of the container runtime: "unix:///run/containerd/containerd.sock"; of docker's shim: dockerd's */
	const char *sandbox_image; /* NULL: not known */
	const char *node_ip;       /* an address or "${node_ip}", which PID 1 fills in */
	const char *pod_cidr;      /* NULL: none; only a standalone kubelet takes it from here */
	struct strings dns;
	const char *domain;        /* NULL: the kubelet's own */
	unsigned max_pods;         /* 0: the kubelet's own */
	struct pairs labels;
	struct strings taints;
	struct strings args;       /* the user's own flags, last */
};

/* argv after the program's name, in the arena. */
struct strings kubelet_flags(struct arena *a, const struct kubelet_settings *s);

/* The YAML file, appended to out. */
void kubelet_config(struct arena *a, const struct kubelet_settings *s, struct strbuf *out);
