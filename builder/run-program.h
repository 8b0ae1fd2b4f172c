/* Running other programs: always an argument vector, never a shell.
 * The child gets default signal actions, an empty signal mask and, beyond 0, 1 and 2, no descriptor of ours. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"

struct program {
	const char *const *argv; /* NULL-terminated; argv[0] without a slash is looked for in PATH */
	const char *const *env;  /* NULL-terminated "KEY=value"; NULL: our own environment */
	const char *directory;   /* working directory; NULL: ours */

	/* Where the child's streams go; all NULL/0: input is empty, output and errors are dropped. */
	int in_fd;               /* > 0: standard input */
	int out_fd;              /* > 0: standard output goes there */
	int err_fd;              /* > 0: standard error goes there (may equal out_fd: one log for both) */
	struct strbuf *out;      /* standard output is appended here (out_fd is then not used) */
	struct strbuf *err;      /* standard error is appended here */
	size_t limit;            /* most bytes kept of each; 0: 64 MiB. More: the child is killed and that is an error */
};

/* Run p to its end. *status (may be NULL) is the exit code, or 128 + N when signal N ended it.
 * With status NULL anything but 0 is an error: its text holds the last lines of p->err when those were captured.
 * A program that cannot be started ("not installed") is always an error. */
int run_program(const struct program *p, int *status, struct error *err);

/* An environment that does not depend on who builds: PATH, HOME=/, LC_ALL=C.UTF-8, TZ=UTC0, then `extra`
 * ("KEY=value", NULL-terminated, or NULL), which may replace any of them. */
const char *const *program_environment(struct arena *a, const char *const *extra);

/* The last lines of text (at most `lines`), for messages: a copy in the arena without the final newline. */
const char *text_tail(struct arena *a, const char *text, size_t n, unsigned lines);

/* Absolute path of a program in PATH, or where administrators' programs are; NULL when there is none. */
const char *program_find(struct arena *a, const char *name);
