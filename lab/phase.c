#include "lab/phase.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void phase_begin(struct phase *p)
{
	*p = (struct phase){.step = PHASE_FIRMWARE};
}

static void keep(char *to, size_t size, const char *text, size_t n)
{
	if (n >= size)
		n = size - 1;
	memcpy(to, text, n);
	to[n] = '\0';
}

static bool failed(struct phase *p, const char *why)
{
	p->step = PHASE_FAILED;
	keep(p->detail, sizeof(p->detail), why, strlen(why));
	keep(p->said, sizeof(p->said), why, strlen(why));
	return true;
}

/* The firmware speaks again: the machine was reset, or has reset itself. */
static bool begins_again(const struct phase *p, const char *line)
{
	return p->step > PHASE_FIRMWARE && (strstr(line, "SeaBIOS (version") || strstr(line, "iPXE initialising devices"));
}

/* What the init says of one of its phases: the name, blanks up to a column, what came of it, "(1.9 s, took 3 ms)". */
static bool init_says(struct phase *p, const char *text)
{
	size_t n = strcspn(text, " ");
	double seconds;

	keep(p->said, sizeof(p->said), text, strlen(text));
	if (!strncmp(text, "BOOT FAILED in ", 15))
		return failed(p, text);
	if (sscanf(text, "node up in %lf s", &seconds) == 1) {
		p->step = PHASE_UP;
		p->up_after = seconds;
		p->detail[0] = '\0';
		return true;
	}
	/* "rebooting in 30 s" after a failure is the failure's. */
	if (p->step != PHASE_FAILED && p->step != PHASE_DOWN &&
	    (!strncmp(text, "rebooting", 9) || !strncmp(text, "powering off", 12) || !strncmp(text, "halting", 7))) {
		p->step = PHASE_DOWN;
		p->detail[0] = '\0';
		return true;
	}
	/* Later lines are of services and of phases that are retried: the phase stays. */
	if (p->step > PHASE_INIT || !strstr(text, " ms)") || !strncmp(text, "service ", 8))
		return false;
	p->step = PHASE_INIT;
	keep(p->detail, sizeof(p->detail), text, n);
	return true;
}

bool phase_line(struct phase *p, const char *line)
{
	const char *text;

	if (p->step == PHASE_OFF)
		return false;
	if (begins_again(p, line)) {
		unsigned boots = p->boots;

		phase_begin(p);
		p->boots = boots;
		return true;
	}
	if (strstr(line, "Linux version ") && p->step != PHASE_KERNEL) {
		p->step = PHASE_KERNEL;
		p->detail[0] = '\0';
		p->up_after = 0;
		p->boots++;
		return true;
	}
	text = strstr(line, "Kernel panic - not syncing");
	if (text)
		return failed(p, text);
	if (p->step == PHASE_FIRMWARE && (strstr(line, "No bootable device.") || strstr(line, "No more network devices")))
		return failed(p, "it found nothing to boot: no answer by DHCP, or none by TFTP");
	/* What the services of a boot that hangs say of the reason. */
	if (!strncmp(line, "join: ", 6) || !strncmp(line, "state: ", 7)) {
		keep(p->said, sizeof(p->said), line, strlen(line));
		return false;
	}
	/* The console's driver may put the kernel's time before it. */
	text = !strncmp(line, "mkdl: ", 6) ? line : strstr(line, "] mkdl: ");
	if (!text)
		return false;
	text = strstr(text, "mkdl: ") + 6;
	return init_says(p, text);
}

const char *phase_name(const struct phase *p)
{
	static const char *const names[] = {"off", "firmware", "kernel", "init", "up", "shutdown", "failed"};

	return p->step == PHASE_INIT ? p->detail : names[p->step];
}
