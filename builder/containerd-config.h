/* containerd's config.toml as the version in the image wants it: version 2 of the format for 1.6 and 1.7, version 3 (where the
 * CRI plugin is two) from 2.0 on. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "builder/version.h"

#define CONTAINERD_CONFIG "/etc/containerd/config.toml"
#define CONTAINERD_ROOT "/var/lib/containerd"
#define CONTAINERD_STATE "/run/containerd"
#define CONTAINERD_SOCKET CONTAINERD_STATE "/containerd.sock"
#define CONTAINERD_CERTS "/etc/containerd/certs.d"

struct containerd_settings {
	struct version version;
	const char *sandbox_image; /* NULL: containerd's own */
	const char *snapshotter;   /* NULL: overlayfs */
	bool cri;                  /* a kubelet, or somebody else, speaks CRI to it */
	const char *cni_conf_dir;
	const char *cni_template;  /* file from which containerd makes the CNI configuration once it knows the pod CIDR, or NULL */
};

/* Appended to out. An error for versions before 1.6, which no kubelet of today speaks to. */
int containerd_config(struct arena *a, const struct containerd_settings *s, struct strbuf *out, struct error *err);

/* Can this kubelet work with this containerd? An error that says why not. */
int containerd_check_kubelet(struct version containerd, struct version kubelet, struct error *err);
