/* Does what stands behind a forwarded port answer? Asked over HTTP, again and again, while the machine runs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "builder/qemu.h"

struct probe {
	struct forward forward;
	bool answered;
	long status;         /* of HTTP; 0: it answered with something else */
	struct strbuf body;  /* the beginning of the answer */
	bool body_cut;

	/* Private. */
	void *easy;
	int64_t next;        /* when to try again */
};

struct probes {
	struct probe *items;
	size_t count;
	void *multi;
};

/* One probe for each forward; memory from the heap. */
int probes_start(struct probes *p, const struct forward *forwards, size_t count, struct error *err);
/* Go on, without waiting; now as from clock_ms. True once every port has answered. */
bool probes_step(struct probes *p, int64_t now);
void probes_free(struct probes *p);
