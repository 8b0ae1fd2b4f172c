/* The subcommands: one file each (cmd-NAME.c), one row each in the table in command.c, from which help and manual are made. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

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

/* What the rows run. */
int cmd_build(const struct globals *g, int argc, char **argv, struct error *err);
int cmd_cache(const struct globals *g, int argc, char **argv, struct error *err);
int cmd_check(const struct globals *g, int argc, char **argv, struct error *err);
int cmd_cluster(const struct globals *g, int argc, char **argv, struct error *err);
int cmd_config(const struct globals *g, int argc, char **argv, struct error *err);
int cmd_init(const struct globals *g, int argc, char **argv, struct error *err);
int cmd_lab(const struct globals *g, int argc, char **argv, struct error *err);
int cmd_list(const struct globals *g, int argc, char **argv, struct error *err);
int cmd_lock(const struct globals *g, int argc, char **argv, struct error *err);
int cmd_recipe(const struct globals *g, int argc, char **argv, struct error *err);
int cmd_run(const struct globals *g, int argc, char **argv, struct error *err);
int cmd_sign(const struct globals *g, int argc, char **argv, struct error *err);
int cmd_version(const struct globals *g, int argc, char **argv, struct error *err);
int cmd_why(const struct globals *g, int argc, char **argv, struct error *err);

extern const struct command commands[];
extern const size_t command_count;

/* "usage: mkdl NAME …" in lines of 80 columns. */
void command_usage(FILE *to, const struct command *c);

/* The section COMMANDS of mkdl(1), in scdoc, from the same table as the help. */
void commands_manual(FILE *to);

/* getopt_long(3) for one command: the next option's value, -1 after the last. Prints nothing; for a bad option it fills err and
 * returns '?'. Another argv starts from the beginning. */
struct option;
int command_getopt(int argc, char **argv, const char *short_options, const struct option *options, struct error *err);

/* Rows of `struct option` for the commands that run the pipeline, and what they mean: sets the option when c is one of
 * these and tells whether it was. */
#define COMMAND_BUILD_OPTIONS \
	{"out", required_argument, NULL, 'o'}, {"locked", no_argument, NULL, 'l'}, {"offline", no_argument, NULL, 'f'}
struct build_options;
bool command_build_option(int c, struct build_options *out);
