#include "init/early.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "init/console.h"
#include "init/phases.h"

/* Daemons listen on 127.0.0.1, which the interface has once it is up. The network program does the same later, and more. */
static void raise_loopback(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		console_detail("early: the loopback interface cannot be switched on");
	if (fd >= 0)
		close(fd);
}

static bool has_any(const struct plan *plan)
{
	for (size_t i = 0; i < plan->service_count; i++)
		if (plan->services[i].start == PLAN_START_EARLY)
			return true;
	return false;
}

int phase_early(struct node *node, char *detail, struct error *err)
{
	int count;

	if (!has_any(&node->plan)) {
		strcpy(detail, "no services");
		return 0;
	}
	if (config_is_asked_for(node) || !state_is_in_ram(&node->plan)) {
		snprintf(detail, DETAIL_SIZE, "no services: %s", config_is_asked_for(node) ? "there is configuration to read" :
			 "they wait for the state");
		return 0;
	}
	time_raise_to_floor(node->plan.built);
	raise_loopback();
	if (state_mount_ram(node, err) < 0)
		return -1;
	count = services_add(node, true, err);
	if (count < 0)
		return -1;
	snprintf(detail, DETAIL_SIZE, "%d service%s to start", count, count == 1 ? "" : "s");
	/* One turn, without waiting: they start now. */
	supervise_step(&node->supervisor, clock_ms());
	return 0;
}
