/* One machine of the lab: its QEMU, its console, and how far it is. */
#pragma once

#include <stdint.h>

#include "base/strbuf.h"
#include "builder/qemu-console.h"
#include "lab/lab.h"
#include "lab/phase.h"

struct lab_machine {
	const struct lab *lab;
	const struct lab_node *node;
	struct qemu_process process; /* pid 0: off */
	struct console console;
	struct phase phase;
	int log;                /* console/NODE */
	int64_t on_at, up_at;   /* clock_ms; 0: off, not up */
	unsigned starts;        /* how often it was switched on */
	struct strbuf input;    /* for its console, not yet taken */
	struct strbuf errors;   /* what QEMU itself said */

	/* From readiness. */
	bool listed, ready;     /* there is a Node of this name; it is Ready */
	char boot_id[40];       /* of the Node as last seen */
	char stale_boot_id[40]; /* what it was before the machine was switched on or reset: such a Node is of the past */
};

void machine_init(struct lab_machine *m, const struct lab *l, const struct lab_node *n);
int machine_start(struct lab_machine *m, struct error *err);
/* Pull the plug. */
void machine_stop(struct lab_machine *m);
/* The ACPI power button. */
void machine_button(struct lab_machine *m);

/* Take what the console has to say; it is appended to show, too. False when there is nothing more for now. */
bool machine_read(struct lab_machine *m, struct strbuf *show);
/* Pass on what was typed. */
void machine_type(struct lab_machine *m);

/* Its process was reaped by somebody else, with this status of waitpid. */
void machine_ended(struct lab_machine *m, int status);

/* Is the Node that the API shows this boot's, and Ready? */
bool machine_is_ready(const struct lab_machine *m);

/* Memory of the host that the machine takes, KiB; 0: not known. */
unsigned long machine_memory(const struct lab_machine *m);
