/* What the user sees while mkdl works, on stderr: on a terminal a live line per running step, elsewhere one plain line per
 * finished step, and one when a step has been running for three seconds, then every thirty. Safe to call from several threads; every function takes NULL for "nobody is watching". */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct progress;
struct progress_step;

/* verbose: 0, 1 (-v) or 2. The terminal is looked at by progress itself. */
struct progress *progress_new(bool color, int verbose);
void progress_free(struct progress *p);

/* A step: verb "download", name "containerd_1.6.20_amd64.deb". total in bytes, 0 when unknown. Strings are copied. */
struct progress_step *progress_begin(struct progress *p, const char *verb, const char *name, uint64_t total);

/* done: bytes so far. */
void progress_advance(struct progress_step *s, uint64_t done);

/* Ends the step, releases it and prints its line with bytes and time; note (may be NULL) is added.
 * Steps under a tenth of a second are printed with -v only. */
void progress_end(struct progress_step *s, const char *note);

/* Releases a step that failed without a line: the error tells. */
void progress_drop(struct progress_step *s);

/* A line that stays, from this verbosity level on. */
void progress_say(struct progress *p, int level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
