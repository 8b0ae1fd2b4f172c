/* Control groups, version 2 only (Documentation/admin-guide/cgroup-v2.rst). PID 1 and its services live below
 * /sys/fs/cgroup/system, one group each; the rest of the hierarchy is the kubelet's and the container runtime's. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* Enable every controller for the root's and for system's children; move PID 1 into system/init. */
int cgroup_setup(struct error *err);

/* Were groups set up? Without them services are killed by process group. */
bool cgroup_ready(void);

/* Make the group of a service; false (and a line on the console) when that fails. */
bool cgroup_make(const char *name);

/* Move the calling process into the group of a service. For a child before exec: async-signal-safe. */
void cgroup_enter(const char *name);

/* Kill all processes of a service's group at once (cgroup.kill, Linux 5.14). False when there is no such group. */
bool cgroup_kill(const char *name);

/* Write text to a file of a service's group ("memory.max"). */
int cgroup_set(const char *name, const char *file, const char *text, struct error *err);

/* The file memory.events of the group, which becomes readable as EPOLLPRI when something happened; -1: there is none. */
int cgroup_open_events(const char *name);

/* How often the kernel has killed a process of the group for want of memory, from that descriptor. */
unsigned long long cgroup_oom_kills(int events_fd);

/* Is this process in the group of the service, or in one below it? */
bool cgroup_holds(const char *name, pid_t pid);

/* Does the group hold processes? */
bool cgroup_populated(const char *name);
