/* The pods' network: one bridge per node, addresses by host-local (CNI 1.0.0 and older, cni.dev/docs/spec). */
#pragma once

#include <stdbool.h>

#include "base/strbuf.h"

#define CNI_BIN_DIR "/opt/cni/bin"
#define CNI_CONF_DIR "/etc/cni/net.d"
#define CNI_CONF_FILE CNI_CONF_DIR "/10-mkdl.conflist"
#define CNI_RUN_CONF_DIR "/run/cni/net.d" /* where containerd writes what it makes of the template */
#define CNI_TEMPLATE_FILE "/etc/cni/mkdl.conflist.template"
#define CNI_CACHE_DIR "/run/cni/cache"    /* of what runs plugins: results, gone with the pods */
#define CNI_POD_CIDR "10.88.0.0/24"       /* a standalone node's, unless the profile says another */

struct cni_settings {
	const char *pod_cidr; /* "10.88.0.0/24", or the template word that containerd replaces; NULL: whoever runs the plugins
			       * gives it with each call (the capability ipRanges, as the docker shim and cri-dockerd do) */
	bool masquerade;      /* pods reach other networks under the node's address; needs iptables on the node */
	bool portmap;         /* hostPort of pods; needs iptables on the node */
};

/* A network configuration list (JSON), appended to out. */
void cni_config(const struct cni_settings *s, struct strbuf *out);

/* Is it an IPv4 network with a prefix from 8 to 29, host bits zero? */
bool cni_check_cidr(const char *cidr);
