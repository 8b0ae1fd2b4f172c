/* Services that need no network (start: early) run while drivers are loaded and the network comes up, for a container runtime takes
 * a second or more to be ready. What they do need is there before: the modules that the image loads, control groups, state in
 * RAM, the loopback interface, a clock that is not before the image's.
 *
 * Nothing starts early where the configuration of the node, which may change every service, has yet to be read, nor where
 * state is on a server or a disk. */
#pragma once

#include "init/node.h"

/* Is the configuration still to be read, by phase_config? */
bool config_is_asked_for(const struct node *node);

/* Is all state in RAM? */
bool state_is_in_ram(const struct plan *plan);

/* Mount it; once only, phase_state then finds it there. */
int state_mount_ram(struct node *node, struct error *err);

/* The clock is not before the image, or its kernel, was made. */
void time_raise_to_floor(uint64_t built);

/* Hand the services of the plan to the supervisor that it does not have yet; early: those only that start early. Returns how many, or
 * -1. */
int services_add(struct node *node, bool early, struct error *err);
