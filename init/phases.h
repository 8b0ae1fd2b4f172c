/* The phases of the boot, one function each, in the order of the table in phases.c. On success `detail` holds what is
 * worth a word on the phase's line (may stay empty); on failure err says what failed and what to do. */
#pragma once

#include "base/error.h"
#include "init/node.h"

/* Run them all, each by its policy on failure. False when the boot ended early (it was told why; a shell was offered
 * or the delay has passed) or somebody asked for the end: the machine is to go down then. */
bool phases_run(struct node *node);

enum { DETAIL_SIZE = 160 };

/* Put the root on a mount of its own: the kernel's rootfs cannot be pivoted, which runc does. */
int phase_root(struct node *node, char *detail, struct error *err);
/* /proc, /sys, /dev and the like, all shared. */
int phase_mounts(struct node *node, char *detail, struct error *err);
/* Open the console; read the kernel command line. */
int phase_console(struct node *node, char *detail, struct error *err);
/* Is everything there that the manifest lists? */
int phase_image(struct node *node, char *detail, struct error *err);
/* Read /etc/mkdl/plan and /etc/mkdl/modalias. */
int phase_plan(struct node *node, char *detail, struct error *err);
int phase_cgroups(struct node *node, char *detail, struct error *err);
/* Load /etc/mkdl/modules, in order. */
int phase_modules(struct node *node, char *detail, struct error *err);
/* Start the services that need not wait for the network (docs/services.md). */
int phase_early(struct node *node, char *detail, struct error *err);
/* Load what the hardware asks for, now and when it appears. */
int phase_coldplug(struct node *node, char *detail, struct error *err);
/* Arm the hardware watchdog, if the plan says so. */
int phase_watchdog(struct node *node, char *detail, struct error *err);
int phase_network(struct node *node, char *detail, struct error *err);
/* The clock: not before the image was made, then by NTP. */
int phase_time(struct node *node, char *detail, struct error *err);
/* Run the agent, if there is configuration to read, and take the plan that it writes. */
int phase_config(struct node *node, char *detail, struct error *err);
/* Host name, machine-id, /etc/hosts, /etc/resolv.conf. */
int phase_identity(struct node *node, char *detail, struct error *err);
int phase_state(struct node *node, char *detail, struct error *err);
int phase_sysctl(struct node *node, char *detail, struct error *err);
/* Hand the services of the plan to the supervisor. */
int phase_services(struct node *node, char *detail, struct error *err);
