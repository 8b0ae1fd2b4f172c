/* The machine's console as text: what it says is watched line by line, and made fit for the user's terminal. */
#pragma once

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/* How a boot can end that will not get any further. */
enum console_failure {
	CONSOLE_FINE,
	CONSOLE_NOT_BOOTED, /* the firmware or a boot loader found nothing to start */
	CONSOLE_INIT_FAILED, /* PID 1 stopped the boot with a message */
	CONSOLE_PANIC,      /* the kernel gave up */
};

struct console {
	const regex_t *until; /* NULL: nothing is waited for */
	/* Called with each line that has ended, without escape sequences; NULL: not wanted. */
	void (*on_line)(void *arg, const char *line);
	void *arg;

	bool kernel;          /* Linux has taken over from the boot loader */
	bool seen;            /* until matched */
	enum console_failure failure; /* the gravest so far */
	struct strbuf seen_line, failure_line; /* as far as they had come */
	bool line_open;       /* the last line is not ended yet */
	unsigned long lines;  /* that have ended */
	unsigned long seen_at, failed_at; /* the value of lines before the line in question ended */

	/* Private: the line under way without escape sequences, and where in a sequence the input is. */
	struct strbuf line;
	enum { CONSOLE_TEXT, CONSOLE_ESCAPE, CONSOLE_SEQUENCE } state;
	struct strbuf sequence;
};

/* Take n bytes of output. Partial lines count: a prompt has no end. What the user is to see is appended to show: the same
 * bytes, less the sequences by which firmware clears the screen or turns off line wrapping. */
void console_feed(struct console *c, const char *data, size_t n, struct strbuf *show);

void console_free(struct console *c);
