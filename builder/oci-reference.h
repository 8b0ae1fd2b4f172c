/* Names of container images: [DOMAIN[:PORT]/]PATH[:TAG][@sha256:HEX] (the grammar of the distribution project). */
#pragma once

#include "base/arena.h"
#include "base/error.h"

/* The full form under which containerd's CRI plugin looks an image up: "demo" → "docker.io/library/demo:latest",
 * "registry.k8s.io/pause:3.9" as it is. An error when it is no such name. */
int oci_reference_normalize(struct arena *a, const char *name, const char **out, struct error *err);
