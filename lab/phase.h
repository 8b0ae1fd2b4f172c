/* How far a machine is, as its console tells. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum phase_step {
	PHASE_OFF,
	PHASE_FIRMWARE, /* and the boot loader */
	PHASE_KERNEL,
	PHASE_INIT,     /* detail names the phase of the init that came to its end last */
	PHASE_UP,
	PHASE_DOWN,     /* it is shutting down */
	PHASE_FAILED,   /* detail says how; a machine that boots again gets out of it */
};

struct phase {
	enum phase_step step;
	char detail[128];
	char said[256];       /* the last line that the init (or the loader's script of ours) had to say */
	unsigned boots;       /* how often a kernel has started since power-on */
	double up_after;      /* seconds the node needed, as it says itself; 0: it has not come up */
};

/* Power on. */
void phase_begin(struct phase *p);

/* One line of the console, without escape sequences. True when step or detail changed. */
bool phase_line(struct phase *p, const char *line);

/* "off", "firmware", "kernel", the init's phase, "up", "failed". */
const char *phase_name(const struct phase *p);
