/* The command lines of a server's programs and of kube-proxy, as the versions in the image want them. The tables in
 * control-plane-config.c say in which versions each flag exists (builder/settings.h).
 *
 * Files are where kubeadm has them: /etc/kubernetes/pki/{ca,front-proxy-ca}.{crt,key}, apiserver.{crt,key} and so on, etcd's in
 * /etc/kubernetes/pki/etcd, and /etc/kubernetes/{admin,controller-manager,scheduler}.kubeconfig (cluster/pki.h makes them). */
#pragma once

#include "base/arena.h"
#include "base/pairs.h"
#include "base/strings.h"
#include "builder/version.h"

#define CONTROL_PLANE_PKI "/etc/kubernetes/pki"
#define CONTROL_PLANE_ADMIN "/etc/kubernetes/admin.kubeconfig"
#define CONTROL_PLANE_ADDONS "/etc/kubernetes/addons"
#define CONTROL_PLANE_ETCD_STATE "/var/lib/etcd"
#define CONTROL_PLANE_CLUSTER_CIDR "10.244.0.0/16"
#define CONTROL_PLANE_SERVICE_CIDR "10.96.0.0/16"
#define CONTROL_PLANE_DOMAIN "cluster.local"
/* Where each tells its health on the loopback. */
#define ETCD_HEALTH "http://127.0.0.1:2381/health"
#define PROXY_HEALTH "http://127.0.0.1:10256/healthz"
#define CONTROLLER_MANAGER_PORT "10257"
#define SCHEDULER_PORT "10259"

enum control_plane_program {
	PROGRAM_ETCD = 1,
	PROGRAM_APISERVER = 2,
	PROGRAM_CONTROLLER_MANAGER = 4,
	PROGRAM_SCHEDULER = 8,
	PROGRAM_PROXY = 16,
};

struct control_plane {
	struct version etcd, kubernetes; /* kubernetes: of the program that is asked for */
	struct pairs members;            /* name → IPv4 address of every server; none: this one is alone */
	const char *cluster_cidr, *service_cidr;
	const char *domain;
	unsigned api_port;
};

/* argv after the program's name: its flags, then more. In the arena. */
struct strings control_plane_flags(struct arena *a, enum control_plane_program program, const struct control_plane *c,
				   const struct strings *more);
