#include "builder/kubelet-config.h"

#include <stdbool.h>

#include "builder/cni-config.h"
#include "builder/quote.h"
#include "builder/settings.h"

#define FLAG SETTING_FLAG
#define FIELD SETTING_FIELD

enum { BOTH = KUBELET_STANDALONE | KUBELET_JOINED };

static bool is_shim(const void *of)
{
	return ((const struct kubelet_settings *)of)->runtime == RUNTIME_DOCKERSHIM;
}

/* 1.27 dropped the flag: every runtime is remote since the docker shim went in 1.24. */
static const char *runtime_name(struct arena *a, const void *of)
{
	(void)a;
	return is_shim(of) ? "docker" : "remote";
}

static const char *endpoint(struct arena *a, const void *of)
{
	const struct kubelet_settings *s = of;

	(void)a;
	return is_shim(s) ? NULL : s->endpoint;
}

/* The shim does what CRI runtimes do themselves, and its flags went with it. */
static const char *docker_endpoint(struct arena *a, const void *of)
{
	const struct kubelet_settings *s = of;

	(void)a;
	return is_shim(s) ? s->endpoint : NULL;
}

static const char *network_plugin(struct arena *a, const void *of)
{
	(void)a;
	return is_shim(of) ? "cni" : NULL;
}

static const char *cni_bin_dir(struct arena *a, const void *of)
{
	(void)a;
	return is_shim(of) ? CNI_BIN_DIR : NULL;
}

static const char *cni_conf_dir(struct arena *a, const void *of)
{
	(void)a;
	return is_shim(of) ? CNI_CONF_DIR : NULL;
}

static const char *cni_cache_dir(struct arena *a, const void *of)
{
	(void)a;
	return is_shim(of) ? CNI_CACHE_DIR : NULL;
}

static const char *endpoint_quoted(struct arena *a, const void *of)
{
	const struct kubelet_settings *s = of;

	return quote_text(a, s->endpoint);
}

static const char *sandbox_image(struct arena *a, const void *of)
{
	const struct kubelet_settings *s = of;

	(void)a;
	return s->sandbox_image;
}

static const char *node_ip(struct arena *a, const void *of)
{
	const struct kubelet_settings *s = of;

	(void)a;
	return s->node_ip;
}

static const char *labels(struct arena *a, const void *of)
{
	const struct kubelet_settings *s = of;
	const char *text = NULL;

	for (size_t i = 0; i < s->labels.count; i++)
		text = arena_printf(a, "%s%s%s=%s", text ? text : "", text ? "," : "", s->labels.items[i].key,
				    s->labels.items[i].value);
	return text;
}

static const char *taints(struct arena *a, const void *of)
{
	const struct kubelet_settings *s = of;
	const char *text = NULL;

	for (size_t i = 0; i < s->taints.count; i++)
		text = arena_printf(a, "%s%s%s", text ? text : "", text ? "," : "", s->taints.items[i]);
	return text;
}

static const char *dns(struct arena *a, const void *of)
{
	const struct kubelet_settings *s = of;
	const char *text = NULL;

	for (size_t i = 0; i < s->dns.count; i++)
		text = arena_printf(a, "%s%s%s", text ? text : "[", text ? ", " : "", quote_text(a, s->dns.items[i]));
	return text ? arena_printf(a, "%s]", text) : NULL;
}

static const char *domain(struct arena *a, const void *of)
{
	const struct kubelet_settings *s = of;

	return s->domain ? quote_text(a, s->domain) : NULL;
}

static const char *max_pods(struct arena *a, const void *of)
{
	const struct kubelet_settings *s = of;

	return s->max_pods ? arena_printf(a, "%u", s->max_pods) : NULL;
}

static const char *pod_cidr(struct arena *a, const void *of)
{
	const struct kubelet_settings *s = of;

	return s->pod_cidr ? quote_text(a, s->pod_cidr) : NULL;
}

/* When each came and went: Kubernetes' changelogs and, for 1.20, its source. See docs/kubernetes.md. */
static const struct setting rows[] = {
	{FLAG, "config", {0}, {0}, BOTH, KUBELET_CONFIG, NULL},
	{FLAG, "container-runtime", {0}, {1, 27}, BOTH, NULL, runtime_name},
	{FLAG, "docker-endpoint", {0}, {1, 24}, BOTH, NULL, docker_endpoint},
	{FLAG, "network-plugin", {0}, {1, 24}, BOTH, NULL, network_plugin},
	{FLAG, "cni-bin-dir", {0}, {1, 24}, BOTH, NULL, cni_bin_dir},
	{FLAG, "cni-conf-dir", {0}, {1, 24}, BOTH, NULL, cni_conf_dir},
	{FLAG, "cni-cache-dir", {0}, {1, 24}, BOTH, NULL, cni_cache_dir},
	/* The flag is deprecated in favour of the field as soon as there is one. */
	{FLAG, "container-runtime-endpoint", {0}, {1, 27}, BOTH, NULL, endpoint},
	/* Keeps the kubelet from collecting the pause image, which a node without a registry cannot pull again. */
	{FLAG, "pod-infra-container-image", {0}, {1, 35}, BOTH, NULL, sandbox_image},
	{FLAG, "cert-dir", {0}, {0}, BOTH, KUBELET_ROOT "/pki", NULL},
	{FLAG, "hostname-override", {0}, {0}, BOTH, "${hostname}", NULL},
	{FLAG, "node-ip", {0}, {0}, BOTH, NULL, node_ip},
	{FLAG, "bootstrap-kubeconfig", {0}, {0}, KUBELET_JOINED, KUBELET_BOOTSTRAP, NULL},
	{FLAG, "kubeconfig", {0}, {0}, KUBELET_JOINED, KUBELET_ROOT "/kubeconfig", NULL},
	{FLAG, "node-labels", {0}, {0}, KUBELET_JOINED, NULL, labels},
	{FLAG, "register-with-taints", {0}, {0}, KUBELET_JOINED, NULL, taints},
	/* There is a field, but only the node knows its RAM: PID 1 fills it in. */
	{FLAG, "system-reserved", {0}, {0}, KUBELET_JOINED, "cpu=100m,memory=${reserved_memory}", NULL},

	{FIELD, "authentication/anonymous/enabled", {0}, {0}, BOTH, "false", NULL},
	{FIELD, "authentication/webhook/enabled", {0}, {0}, KUBELET_STANDALONE, "false", NULL},
	{FIELD, "authentication/webhook/enabled", {0}, {0}, KUBELET_JOINED, "true", NULL},
	{FIELD, "authentication/x509/clientCAFile", {0}, {0}, KUBELET_JOINED, "\"" KUBELET_CA "\"", NULL},
	/* Nobody can authenticate to a standalone kubelet, and Webhook would need an API server. */
	{FIELD, "authorization/mode", {0}, {0}, KUBELET_STANDALONE, "AlwaysAllow", NULL},
	{FIELD, "authorization/mode", {0}, {0}, KUBELET_JOINED, "Webhook", NULL},
	{FIELD, "cgroupDriver", {0}, {0}, BOTH, CGROUP_DRIVER, NULL},
	{FIELD, "clusterDNS", {0}, {0}, BOTH, NULL, dns},
	{FIELD, "clusterDomain", {0}, {0}, BOTH, NULL, domain},
	/* Logs of containers lie in RAM. */
	{FIELD, "containerLogMaxFiles", {0}, {0}, BOTH, "2", NULL},
	{FIELD, "containerLogMaxSize", {0}, {0}, BOTH, "2Mi", NULL},
	{FIELD, "containerRuntimeEndpoint", {1, 27}, {0}, BOTH, NULL, endpoint_quoted},
	{FIELD, "enforceNodeAllocatable", {0}, {0}, BOTH, "[pods]", NULL},
	/* All of them: a key that is left out counts as zero. The file systems are tmpfs of some hundred megabytes, of which the
	 * kubelet's own defaults (10 and 15 %) would waste RAM that is not even used; memory is what runs out. */
	{FIELD, "evictionHard/imagefs.available", {0}, {0}, BOTH, "\"5%\"", NULL},
	{FIELD, "evictionHard/imagefs.inodesFree", {0}, {0}, BOTH, "\"5%\"", NULL},
	{FIELD, "evictionHard/memory.available", {0}, {0}, BOTH, "\"32Mi\"", NULL},
	{FIELD, "evictionHard/nodefs.available", {0}, {0}, BOTH, "\"5%\"", NULL},
	{FIELD, "evictionHard/nodefs.inodesFree", {0}, {0}, BOTH, "\"5%\"", NULL},
	/* The init mounts cgroup v2 only; with anything else the kubelet should say so. Default since 1.35. */
	{FIELD, "failCgroupV1", {1, 31}, {0}, BOTH, "true", NULL},
	{FIELD, "failSwapOn", {0}, {0}, BOTH, "false", NULL},
	{FIELD, "healthzBindAddress", {0}, {0}, BOTH, "\"127.0.0.1\"", NULL},
	{FIELD, "healthzPort", {0}, {0}, BOTH, "10248", NULL},
	{FIELD, "imageGCHighThresholdPercent", {0}, {0}, BOTH, "90", NULL},
	{FIELD, "imageGCLowThresholdPercent", {0}, {0}, BOTH, "80", NULL},
	{FIELD, "maxPods", {0}, {0}, BOTH, NULL, max_pods},
	{FIELD, "podCIDR", {0}, {0}, KUBELET_STANDALONE, NULL, pod_cidr},
	{FIELD, "readOnlyPort", {0}, {0}, BOTH, "0", NULL},
	/* Before the field there was a flag, which means nothing without a kubeconfig. */
	{FIELD, "registerNode", {1, 25}, {0}, KUBELET_STANDALONE, "false", NULL},
	{FIELD, "resolvConf", {0}, {0}, BOTH, "\"/etc/resolv.conf\"", NULL},
	{FIELD, "rotateCertificates", {0}, {0}, KUBELET_JOINED, "true", NULL},
	/* A sandbox on a slow machine, its image unpacked on first use. */
	{FIELD, "runtimeRequestTimeout", {0}, {0}, BOTH, "5m", NULL},
	{FIELD, "seccompDefault", {1, 27}, {0}, BOTH, "true", NULL},
	/* A serving certificate from the cluster's CA needs a hand to approve it: the kubelet signs its own. */
	{FIELD, "serverTLSBootstrap", {0}, {0}, KUBELET_JOINED, "false", NULL},
	{FIELD, "staticPodPath", {0}, {0}, BOTH, "\"" KUBELET_MANIFESTS "\"", NULL},
	/* The default is below /usr, which may be read-only. */
	{FIELD, "volumePluginDir", {0}, {0}, BOTH, "\"" KUBELET_ROOT "/volume-plugins\"", NULL},
};

static const struct settings table = SETTINGS(rows);

struct strings kubelet_flags(struct arena *a, const struct kubelet_settings *s)
{
	return settings_flags(a, &table, s->version, s->role, s, &s->args);
}

void kubelet_config(struct arena *a, const struct kubelet_settings *s, struct strbuf *out)
{
	strbuf_puts(out, "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n");
	settings_fields(a, &table, s->version, s->role, s, out);
}
