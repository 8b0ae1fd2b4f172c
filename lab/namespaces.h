/* Where a lab lives: namespaces of its own for network, mounts and processes, and for users unless root opens them. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* Put the calling process, of a single thread, into new namespaces; the next child that it forks is the first process in
 * them (pid_namespaces(7)) and has to call namespaces_settle. */
int namespaces_open(struct error *err);

/* In that first process: its own /proc; nothing that is mounted from here on is seen outside. */
int namespaces_settle(struct error *err);

/* Enter the network of the process, as the lab's root, with the host's files; leaves the caller's processes where they are. */
int namespaces_enter(pid_t pid, struct error *err);
