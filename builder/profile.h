/* A profile: what the user wrote, merged along extends, checked, in the program's terms.
 * All memory belongs to the arena it was loaded with. Every struct keeps the place it was written at, for later errors. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/pairs.h"
#include "base/place.h"
#include "base/strings.h"
#include "builder/tree.h"
#include "config/registries.h"
#include "init/plan.h"

struct diagnostics;

enum source_kind { SOURCE_APT, SOURCE_URL, SOURCE_PATH, SOURCE_BUILD };

/* Where files come from: exactly one of apt:, url:, path:, build:. */
struct source {
	enum source_kind kind;
	const char *spec;       /* package, URL, path or recipe name */
	const char *sha256;     /* url: required, lower-case hex */
	const char *repository; /* apt: a name in repositories:, NULL for the host's own */
	struct pairs with;      /* build: options for the recipe */
	struct strings roots;   /* folders (absolute) in which path: and build: are looked for: the profile's, then mkdl's own */
	struct place at;
};

/* A named part of the image: files taken from one source. */
struct component {
	const char *name;
	struct source source;
	struct strings files;  /* patterns (path_match); empty: with `to`, the source's only file; else everything */
	const char *to;        /* NULL: same path; ends in "/": into that folder by base name; else: rename (one file only) */
	int mode;              /* -1: as in the source */
	int64_t uid, gid;      /* -1: as in the source */
	enum layer layer;
	struct strings dlopen; /* sonames it opens at run time */
	const char *version;   /* stated by the user, or NULL */
	struct place at;
};

struct repository {
	const char *name;
	const char *uri, *suite;
	struct strings components; /* main … */
	const char *key;           /* keyring: absolute path, or NULL for the host's keys */
	struct place at;
};

/* Files of an image kept in the node's own container store before the kubelet starts. */
struct container_image {
	const char *key;      /* its name in the profile */
	struct source source; /* an OCI archive (tar) */
	const char *file;     /* which file of the source; NULL: its only one */
	const char *name;     /* reference; NULL: from the archive's index.json */
	struct place at;
};

struct user {
	const char *name;
	uint32_t uid, gid;
	const char *home, *shell;
	struct strings ssh_keys;
	struct place at;
};

/* etcd, on a server. */
struct etcd {
	struct pairs members;  /* the servers' names and addresses; none: a server is alone */
	bool is_volatile;      /* the cluster may be gone with a reboot: its data may lie in RAM */
	struct strings args;   /* more flags */
};

struct kubernetes {
	bool enabled;          /* the profile has a kubernetes: map */
	const char *role;      /* "server" (a control plane, and a worker), "worker", "standalone" (no API server: static pods only) */
	const char *version;   /* NULL: taken from the kubelet's source */
	const char *server;    /* URL of the API server, "config": the node's configuration names it; or NULL */
	const char *token;     /* bootstrap token, or NULL */
	struct strings ca_cert_hash; /* "sha256:HEX", "unsafe" */
	const char *node_ip;   /* "boot-interface", an interface's name, or an address */
	struct strings pods;   /* manifests (absolute paths on the host) put into /etc/kubernetes/manifests */
	const char *pod_cidr;  /* for the CNI bridge when no API server assigns one */
	struct strings dns;
	const char *domain;
	unsigned max_pods;
	struct strings args;   /* more kubelet flags */
	struct pairs labels;
	const char *cluster_cidr, *service_cidr; /* the pods' of the whole cluster, the services' */
	bool proxy;            /* kube-proxy is part of the image */
	struct etcd etcd;      /* and more flags for the programs of a server and for kube-proxy: */
	struct strings apiserver_args, controller_manager_args, scheduler_args, proxy_args;
	struct strings taints; /* KEY=VALUE:EFFECT */
	struct place at;
};

struct containerd {
	const char *version;       /* NULL: taken from its source */
	const char *sandbox_image; /* reference of the pause image */
	const char *snapshotter;
	bool cri; /* the kubelet's interface although the profile has no kubelet */
	struct place at;
};

enum failure_action { FAILURE_REBOOT, FAILURE_SHELL };

struct compression {
	bool lz4;       /* else zstd */
	int level;
	int window_log; /* zstd; 0: the level's own */
	const char *name;
};

struct profile {
	const char *name;
	const char *file;         /* as given */
	struct strings files;     /* every file that was read, this one last */
	struct strings roots;     /* the project's folder, then mkdl's own: for what the profile implies without naming it */
	struct source kernel;     /* its listing holds /boot/vmlinuz-* and /lib/modules/VERSION */
	struct strings modules;   /* loaded at boot, in this order */
	struct strings drivers;   /* in the image, loaded when the hardware asks: module names, aliases or path patterns */
	struct source *firmware;  /* packages in which firmware named by modules is looked for */
	size_t firmware_count;
	struct source *microcode;
	size_t microcode_count;
	struct source *bootloaders; /* packages with pxelinux.0 and ldlinux.c32, for the boot folder, not for the image */
	size_t bootloader_count;
	struct component *components;
	size_t component_count;
	struct repository *repositories;
	size_t repository_count;
	struct container_image *images;
	size_t image_count;
	struct registries registries;
	struct user *users;
	size_t user_count;
	struct kubernetes kubernetes;
	struct containerd containerd;
	struct strings cmdline;   /* kernel arguments */
	struct strings overlays;  /* names of folders below overlays/ */
	struct strings overlay_dirs; /* the same as absolute paths, each looked for from the file that names it */
	struct strings tree_hooks, image_hooks; /* names below hooks/tree/ and hooks/image/ */
	struct strings tree_hook_paths, image_hook_paths; /* the same as absolute paths */
	const char *hostname;     /* template: "node-${mac}" */
	enum failure_action failure;
	unsigned failure_delay;   /* seconds before the reboot */
	struct compression compression;
	struct plan plan;         /* what the profile says itself: services, state, sysctls …; the rest by default (plan_init) */
	struct strings config_files; /* baked configuration of the node, absolute paths on this machine */
	const char *config_ca;    /* certificates by which servers of configuration are known (absolute); NULL: by the image's */
	struct place config_at;   /* of config: */
	const char *secret;       /* the cluster's, a file (absolute); NULL: none */
	const char *tftp;         /* output folder, relative to the working directory; NULL: none */
};

/* Load, merge and check. All problems are collected in diag (see diagnostics.h); -1 when there was an error. */
int profile_load(struct arena *a, const char *file, struct profile *out, struct diagnostics *diag);

const struct component *profile_component(const struct profile *p, const char *name);
