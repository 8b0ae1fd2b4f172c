/* The error contract of every function that can fail:
 *
 *	int f(…, struct error *err)	returns 0, or -1 with err filled; outputs untouched on failure
 *
 * A caller adds what it knows with error_wrap ("outer: inner") and returns -1; only main prints.
 * err must start zeroed (`struct error err = {0}`); the text is heap memory, released by error_clear. */
#pragma once

struct error {
	char *text;
};

/* Fill err with a formatted message; returns -1 so that callers can `return error_set(…)`. */
int error_set(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same followed by ": " and the text of errno. */
int error_errno(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Put a formatted prefix and ": " before the message already in err; returns -1. */
int error_wrap(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The message, or "unknown error" when nothing was set. Valid until err changes. */
const char *error_text(const struct error *err);

void error_clear(struct error *err);

#define _cleanup_error_ __attribute__((cleanup(error_clear)))
