/* A machine from power-on to its end: console on the user's terminal, what is waited for, forwarded ports asked, signals. */
#pragma once

#include <regex.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "builder/qemu-console.h"
#include "builder/qemu-forward.h"
#include "builder/qemu.h"

enum session_end {
	SESSION_OFF,         /* the machine switched itself off, or asked for a reset */
	SESSION_SEEN,        /* what was waited for has come, and every forwarded port answers */
	SESSION_TIMEOUT,
	SESSION_FAILED,      /* console.failure says how */
	SESSION_INTERRUPTED, /* by a signal */
};

struct session {
	/* What is wanted. */
	const struct forward *forwards;
	size_t forward_count;
	const regex_t *until; /* NULL: until the machine ends */
	unsigned timeout;     /* seconds; 0: none */
	bool keep;            /* stay after it was seen */
	int output;           /* descriptor that the console is shown on */

	/* How it went; release with session_free. */
	enum session_end end;
	bool seen;            /* until matched, whatever came later */
	struct console console;
	struct probes probes; /* started once seen */
	bool answered;        /* all of them */
	int64_t started, kernel_at, seen_at, answered_at, ended_at; /* clock_ms; 0: never */

	/* Private. */
	struct qemu_process process;
	int signals;
	bool input_open;      /* the user's keys go to the machine */
	struct strbuf input;  /* typed, not yet taken by the machine */
	struct strbuf errors; /* QEMU's own messages */
	int64_t stop_at;       /* 0, or when to stop: the last words are still shown */
	int64_t press_at;      /* 0, or when to press the power button again */
	unsigned interrupts;
	bool over;
};

/* Starts QEMU with argv (qemu_arguments, not by hand) and returns when the machine is gone. An error when QEMU itself fails. */
int session_run(struct session *s, const char *const *argv, struct error *err);
void session_free(struct session *s);
