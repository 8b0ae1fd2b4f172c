/* The subcommands: one file each (cmd-NAME.c), one row each in the table in commands.c, from which help is made. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum exit_code { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_PANIC = 3 };

/* Global options, valid before or after the subcommand. */
struct globals {
	bool json, no_color;
	int verbose;
};

struct command {
	const char *name;
	const char *synopsis; /* "PROFILE [--out DIR] …" */
	const char *help;     /* one line for the list */
	const char *details;  /* options, one per line, for `mkdl help NAME`; ends in a newline */
	/* argv[0] is the command's name. Returns an exit code; with EXIT_FAILED and err filled main prints the error,
	 * with EXIT_USAGE main adds the synopsis. */
	int (*run)(const struct globals *g, int argc, char **argv, struct error *err);
};

extern const struct command commands[];
extern const size_t command_count;

/* Option parsing for one command over getopt_long: `struct option` rows, values through the callback-free switch of the
 * caller. Prints nothing; on a bad option fills err and returns '?'. Resets getopt when argv[0] changes. */
struct option;
int command_getopt(int argc, char **argv, const char *short_options, const struct option *options, struct error *err);
