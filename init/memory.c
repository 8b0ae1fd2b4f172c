#include "init/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "base/cleanup.h"

#define MIB (UINT64_C(1) << 20)

static uint64_t total_ram(void)
{
	struct sysinfo info = {0};

	return sysinfo(&info) == 0 ? (uint64_t)info.totalram * info.mem_unit : 0;
}

uint64_t memory_bytes(const char *size)
{
	static const char units[] = "kmg";
	char *unit;
	uint64_t n = strtoull(size, &unit, 10);
	const char *known;

	if (*unit == '%')
		return total_ram() / 100 * n;
	known = *unit ? strchr(units, *unit | 0x20) : NULL;
	return known ? n << 10 * (known - units + 1) : n;
}

uint64_t memory_reserve(uint64_t total, uint64_t shmem, uint64_t tmpfs)
{
	const uint64_t services = 96 * MIB, most = 2048 * MIB;
	uint64_t files = tmpfs / 4 > most ? most : tmpfs / 4, all = shmem + services + files;

	return (all > total / 2 ? total / 2 : all) / MIB * MIB;
}

/* "Shmem:" of /proc/meminfo: pages of all tmpfs, the unpacked image's among them. */
static uint64_t read_shmem(void)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/meminfo", "re");
	unsigned long long kb;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Shmem: %llu kB", &kb) == 1)
			return kb * 1024;
	return 0;
}

void memory_reserved(const struct plan *plan, char out[static MEMORY_TEXT])
{
	uint64_t tmpfs = 0;

	for (size_t i = 0; i < plan->state_count; i++)
		if (plan->states[i].kind == PLAN_STATE_TMPFS && plan->states[i].size)
			tmpfs += memory_bytes(plan->states[i].size);
	snprintf(out, MEMORY_TEXT, "%" PRIu64 "Mi", memory_reserve(total_ram(), read_shmem(), tmpfs) / MIB);
}
