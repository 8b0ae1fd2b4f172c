/* The files that a profile implies: the plan for PID 1, users, the configuration of containerd, of the kubelet and of CNI,
 * static pods, preloaded container images. They go into the tree's site layer (images into their own); what overlays bring
 * is added after them and wins. */
#pragma once

#include <stdbool.h>

#include "builder/build.h"

/* Adds them all to b->tree, which must hold the components' files already: programs are looked for there. Paths that the
 * tree holds already are replaced, overlays come after. Errors name the place in the profile. */
int node_files_add(struct build *b, struct error *err);

/* Components that the profile implies without naming them (the image importer when it has images:), to be resolved, fetched
 * and added like its own. In b->arena. */
const struct component *implicit_components(struct build *b, size_t *count);

/* Kernel modules that the profile implies (for the kinds of its state), added to its own. */
void implicit_modules(struct build *b);

/* Does the image need mkdl's own program that mounts state? */
bool implicit_state_program(const struct build *b);
