/* Sizes in RAM, and how much of it is not the pods'. */
#pragma once

#include <stdint.h>

#include "init/plan.h"

/* "512M", "50%" (of the RAM), "4096", as plans have them → bytes. */
uint64_t memory_bytes(const char *size);

/* What the kubelet is to keep from pods (system-reserved), of total bytes of RAM: what lies in tmpfs already (shmem: the image),
 * 96 MiB for the services, and a quarter of what the states in tmpfs may hold, of that at most 2 GiB; at most half of the RAM,
 * in whole MiB. */
uint64_t memory_reserve(uint64_t total, uint64_t shmem, uint64_t tmpfs);

enum { MEMORY_TEXT = 32 };

/* The same for this machine as it is now, as Kubernetes writes it: "486Mi". */
void memory_reserved(const struct plan *plan, char out[static MEMORY_TEXT]);
