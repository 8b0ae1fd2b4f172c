/* What the nodes boot from and keep their state on: DHCP and TFTP, HTTP, iSCSI, NFS, and a registry. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "lab/lab.h"

enum lab_server_id { SERVER_DHCP, SERVER_HTTP, SERVER_ISCSI, SERVER_NFS, SERVER_REGISTRY, SERVER_COUNT };

struct lab_server {
	pid_t pid;   /* 0: not running */
	bool wanted; /* by this lab */
	int status;  /* of waitpid, once it has ended */
};

struct lab_servers {
	struct lab_server items[SERVER_COUNT];
};

const char *server_name(enum lab_server_id id);

/* Write their configuration and start those that this lab needs, in its namespaces; returns when they answer. */
int servers_start(const struct lab *l, struct lab_servers *s, struct error *err);

/* Was that one of them? Its end is told in the lab's story. */
bool servers_ended(const struct lab *l, struct lab_servers *s, pid_t pid, int status);

/* The programs that `mkdl lab` runs on this host. Every one that this cluster needs and that is not there is named, with the
 * packages to install. */
int requirements_check(const struct cluster *c, struct error *err);

/* Does a state of some node live with the provisioner? What is elsewhere is not the lab's to serve. */
bool storage_wants(const struct cluster *c, enum plan_state_kind kind);
