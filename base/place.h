/* Where a person wrote something, for messages: a file with line and column. */
#pragma once

#include "base/error.h"

struct place {
	const char *file; /* as the user would name it; NULL: nowhere that is known */
	unsigned line, column; /* from 1 */
};

/* Fill err with "FILE:LINE:COLUMN: message", the second with the text of errno behind it; return -1. */
int place_error(struct error *err, struct place at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int place_errno(struct error *err, struct place at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Put the place before the message already in err; returns -1. */
int place_wrap(struct error *err, struct place at);
