#include "builder/control-plane-config.h"

#include "builder/settings.h"

#define FLAG SETTING_FLAG
#define PKI CONTROL_PLANE_PKI

enum {
	ETCD = PROGRAM_ETCD,
	API = PROGRAM_APISERVER,
	MANAGER = PROGRAM_CONTROLLER_MANAGER,
	SCHEDULER = PROGRAM_SCHEDULER,
	PROXY = PROGRAM_PROXY,
};

static const char *initial_cluster(struct arena *a, const void *of)
{
	const struct control_plane *c = of;
	const char *text = NULL;

	for (size_t i = 0; i < c->members.count; i++)
		text = arena_printf(a, "%s%s%s=https://%s:2380", text ? text : "", text ? "," : "", c->members.items[i].key,
				    c->members.items[i].value);
	return text ? text : "${hostname}=https://${node_ip}:2380";
}

/* Without others to agree with there is nobody to elect, and no lease of the last boot to wait for. */
static const char *leader_elect(struct arena *a, const void *of)
{
	const struct control_plane *c = of;

	(void)a;
	return c->members.count > 1 ? "true" : "false";
}

static const char *cluster_cidr(struct arena *a, const void *of)
{
	const struct control_plane *c = of;

	(void)a;
	return c->cluster_cidr;
}

static const char *service_cidr(struct arena *a, const void *of)
{
	const struct control_plane *c = of;

	(void)a;
	return c->service_cidr;
}

static const char *secure_port(struct arena *a, const void *of)
{
	const struct control_plane *c = of;

	return arena_printf(a, "%u", c->api_port);
}

static const char *issuer(struct arena *a, const void *of)
{
	const struct control_plane *c = of;

	return arena_printf(a, "https://kubernetes.default.svc.%s", c->domain);
}

/* Names and addresses are the node's own, so that one image serves all members. */
static const struct setting etcd_rows[] = {
	{FLAG, "name", {0}, {0}, ETCD, "${hostname}", NULL},
	/* A folder of its own, because mke2fs puts lost+found into the file system's, and etcd wants 0700. */
	{FLAG, "data-dir", {0}, {0}, ETCD, CONTROL_PLANE_ETCD_STATE "/data", NULL},
	/* Read only while there are no data: the same flags do for every later boot. initial-cluster-state (default: new) is
	 * for the script etcd-member to say, by the environment. */
	{FLAG, "initial-cluster", {0}, {0}, ETCD, NULL, initial_cluster},
	{FLAG, "initial-advertise-peer-urls", {0}, {0}, ETCD, "https://${node_ip}:2380", NULL},
	{FLAG, "listen-peer-urls", {0}, {0}, ETCD, "https://${node_ip}:2380", NULL},
	{FLAG, "listen-client-urls", {0}, {0}, ETCD, "https://127.0.0.1:2379,https://${node_ip}:2379", NULL},
	{FLAG, "advertise-client-urls", {0}, {0}, ETCD, "https://${node_ip}:2379", NULL},
	/* Health without a certificate, for PID 1. */
	{FLAG, "listen-metrics-urls", {0}, {0}, ETCD, "http://127.0.0.1:2381", NULL},
	{FLAG, "client-cert-auth", {0}, {0}, ETCD, "true", NULL},
	{FLAG, "trusted-ca-file", {0}, {0}, ETCD, PKI "/etcd/ca.crt", NULL},
	{FLAG, "cert-file", {0}, {0}, ETCD, PKI "/etcd/server.crt", NULL},
	{FLAG, "key-file", {0}, {0}, ETCD, PKI "/etcd/server.key", NULL},
	{FLAG, "peer-client-cert-auth", {0}, {0}, ETCD, "true", NULL},
	{FLAG, "peer-trusted-ca-file", {0}, {0}, ETCD, PKI "/etcd/ca.crt", NULL},
	{FLAG, "peer-cert-file", {0}, {0}, ETCD, PKI "/etcd/peer.crt", NULL},
	{FLAG, "peer-key-file", {0}, {0}, ETCD, PKI "/etcd/peer.key", NULL},
	/* The write-ahead log is synced over a network: the defaults (100 and 1000 ms) are for a disk in the machine. */
	{FLAG, "heartbeat-interval", {0}, {0}, ETCD, "250", NULL},
	{FLAG, "election-timeout", {0}, {0}, ETCD, "2500", NULL},
	/* Entries in RAM until a snapshot. 3.6 does so by default. */
	{FLAG, "snapshot-count", {0}, {3, 6}, ETCD, "10000", NULL},
	/* A member whose data differs from the others' does not start. */
	{FLAG, "experimental-initial-corrupt-check", {3, 4}, {3, 6}, ETCD, "true", NULL},
	{FLAG, "feature-gates", {3, 6}, {0}, ETCD, "InitialCorruptCheck=true", NULL},
	/* The API server's cache counts on it. */
	{FLAG, "experimental-watch-progress-notify-interval", {3, 5}, {3, 6}, ETCD, "5s", NULL},
	{FLAG, "watch-progress-notify-interval", {3, 6}, {0}, ETCD, "5s", NULL},
};

/* kube-apiserver, kube-controller-manager, kube-scheduler, kube-proxy: by Kubernetes' changelogs and, for 1.20, its source. */
static const struct setting kubernetes_rows[] = {
	{FLAG, "advertise-address", {0}, {0}, API, "${node_ip}", NULL},
	{FLAG, "secure-port", {0}, {0}, API, NULL, secure_port},
	/* Before 1.20 it would listen there; 1.24 does not know the flag. */
	{FLAG, "insecure-port", {0}, {1, 20}, API, "0", NULL},
	{FLAG, "tls-cert-file", {0}, {0}, API, PKI "/apiserver.crt", NULL},
	{FLAG, "tls-private-key-file", {0}, {0}, API, PKI "/apiserver.key", NULL},
	{FLAG, "client-ca-file", {0}, {0}, API, PKI "/ca.crt", NULL},
	{FLAG, "authorization-mode", {0}, {0}, API, "Node,RBAC", NULL},
	{FLAG, "enable-admission-plugins", {0}, {0}, API, "NodeRestriction", NULL},
	{FLAG, "enable-bootstrap-token-auth", {0}, {0}, API, "true", NULL},
	{FLAG, "allow-privileged", {0}, {0}, API, "true", NULL},
	{FLAG, "profiling", {0}, {0}, API | MANAGER | SCHEDULER, "false", NULL},
	{FLAG, "encryption-provider-config", {0}, {0}, API, "/etc/kubernetes/encryption.yaml", NULL},
	/* Its own member: they all say the same. */
	{FLAG, "etcd-servers", {0}, {0}, API, "https://127.0.0.1:2379", NULL},
	{FLAG, "etcd-cafile", {0}, {0}, API, PKI "/etcd/ca.crt", NULL},
	{FLAG, "etcd-certfile", {0}, {0}, API, PKI "/apiserver-etcd-client.crt", NULL},
	{FLAG, "etcd-keyfile", {0}, {0}, API, PKI "/apiserver-etcd-client.key", NULL},
	{FLAG, "kubelet-client-certificate", {0}, {0}, API, PKI "/apiserver-kubelet-client.crt", NULL},
	{FLAG, "kubelet-client-key", {0}, {0}, API, PKI "/apiserver-kubelet-client.key", NULL},
	/* The nodes' names are known to nobody's DNS. */
	{FLAG, "kubelet-preferred-address-types", {0}, {0}, API, "InternalIP", NULL},
	{FLAG, "proxy-client-cert-file", {0}, {0}, API, PKI "/front-proxy-client.crt", NULL},
	{FLAG, "proxy-client-key-file", {0}, {0}, API, PKI "/front-proxy-client.key", NULL},
	{FLAG, "requestheader-client-ca-file", {0}, {0}, API | MANAGER, PKI "/front-proxy-ca.crt", NULL},
	{FLAG, "requestheader-allowed-names", {0}, {0}, API, "front-proxy-client", NULL},
	{FLAG, "requestheader-username-headers", {0}, {0}, API, "X-Remote-User", NULL},
	{FLAG, "requestheader-group-headers", {0}, {0}, API, "X-Remote-Group", NULL},
	{FLAG, "requestheader-extra-headers-prefix", {0}, {0}, API, "X-Remote-Extra-", NULL},
	{FLAG, "service-account-issuer", {0}, {0}, API, NULL, issuer},
	{FLAG, "service-account-key-file", {0}, {0}, API, PKI "/sa.pub", NULL},
	{FLAG, "service-account-signing-key-file", {0}, {0}, API, PKI "/sa.key", NULL},
	{FLAG, "service-cluster-ip-range", {0}, {0}, API, NULL, service_cidr},

	{FLAG, "kubeconfig", {0}, {0}, MANAGER, "/etc/kubernetes/controller-manager.kubeconfig", NULL},
	{FLAG, "authentication-kubeconfig", {0}, {0}, MANAGER, "/etc/kubernetes/controller-manager.kubeconfig", NULL},
	{FLAG, "authorization-kubeconfig", {0}, {0}, MANAGER, "/etc/kubernetes/controller-manager.kubeconfig", NULL},
	{FLAG, "kubeconfig", {0}, {0}, SCHEDULER, "/etc/kubernetes/scheduler.kubeconfig", NULL},
	{FLAG, "authentication-kubeconfig", {0}, {0}, SCHEDULER, "/etc/kubernetes/scheduler.kubeconfig", NULL},
	{FLAG, "authorization-kubeconfig", {0}, {0}, SCHEDULER, "/etc/kubernetes/scheduler.kubeconfig", NULL},
	{FLAG, "bind-address", {0}, {0}, MANAGER | SCHEDULER, "127.0.0.1", NULL},
	/* A second port, without authentication, until 1.21 (controller-manager) and 1.22 (scheduler). */
	{FLAG, "port", {0}, {1, 22}, MANAGER, "0", NULL},
	{FLAG, "port", {0}, {1, 23}, SCHEDULER, "0", NULL},
	{FLAG, "leader-elect", {0}, {0}, MANAGER | SCHEDULER, NULL, leader_elect},
	/* Each Node object has its pod CIDR before its node joins (addons), because routes to it are part of the others' network. */
	{FLAG, "allocate-node-cidrs", {0}, {0}, MANAGER, "false", NULL},
	{FLAG, "client-ca-file", {0}, {0}, MANAGER, PKI "/ca.crt", NULL},
	{FLAG, "cluster-signing-cert-file", {0}, {0}, MANAGER, PKI "/ca.crt", NULL},
	{FLAG, "cluster-signing-key-file", {0}, {0}, MANAGER, PKI "/ca.key", NULL},
	{FLAG, "controllers", {0}, {0}, MANAGER, "*,bootstrapsigner,tokencleaner", NULL},
	{FLAG, "root-ca-file", {0}, {0}, MANAGER, PKI "/ca.crt", NULL},
	{FLAG, "service-account-private-key-file", {0}, {0}, MANAGER, PKI "/sa.key", NULL},
	{FLAG, "use-service-account-credentials", {0}, {0}, MANAGER, "true", NULL},

	/* The kubelet's: the cluster lets nodes be proxies. */
	{FLAG, "kubeconfig", {0}, {0}, PROXY, "/var/lib/kubelet/kubeconfig", NULL},
	{FLAG, "hostname-override", {0}, {0}, PROXY, "${hostname}", NULL},
	{FLAG, "proxy-mode", {0}, {0}, PROXY, "iptables", NULL},
	{FLAG, "cluster-cidr", {0}, {0}, PROXY, NULL, cluster_cidr},
	{FLAG, "healthz-bind-address", {0}, {0}, PROXY, "127.0.0.1:10256", NULL},
	{FLAG, "metrics-bind-address", {0}, {0}, PROXY, "127.0.0.1:10249", NULL},
};

struct strings control_plane_flags(struct arena *a, enum control_plane_program program, const struct control_plane *c,
				   const struct strings *more)
{
	static const struct settings etcd = SETTINGS(etcd_rows), kubernetes = SETTINGS(kubernetes_rows);

	if (program == PROGRAM_ETCD)
		return settings_flags(a, &etcd, c->etcd, program, c, more);
	return settings_flags(a, &kubernetes, c->kubernetes, program, c, more);
}
