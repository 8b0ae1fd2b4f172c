/* What the user sees while it works: a live line per running step on a terminal, one line per finished step elsewhere.
 * Goes to stderr. Safe to call from several threads. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct progress;
struct progress_step;

struct progress *progress_new(bool terminal, bool color, int verbose);
void progress_free(struct progress *p);

/* A step: "download", "containerd_1.6.20_amd64.deb". total in bytes, 0 when unknown. */
struct progress_step *progress_begin(struct progress *p, const char *verb, const char *name, uint64_t total);
void progress_advance(struct progress_step *s, uint64_t done);
/* Ends the step and prints its line with bytes and time; note (may be NULL) is added. */
void progress_end(struct progress_step *s, const char *note);

/* A line that stays, at verbosity level (0 always, 1 with -v). */
void progress_say(struct progress *p, int level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
