/* A service's log: a pipe whose far end is the service's output, and a file of bounded size that PID 1 fills from it.
 * The pipe lives as long as PID 1, across restarts, so that what outlives a service can still be heard. */
#pragma once

#include <stddef.h>

#include "base/error.h"

enum { LOG_LIMIT = 1 << 20 }; /* bytes in a file before it becomes NAME.log.1; that one is kept */

struct log {
	int read_fd, write_fd;
	int file;
	size_t size;    /* of the file */
	size_t mark;    /* where in it the service's present run begins */
	char path[128]; /* of the file */
};

/* Make the pipe and start the file folder/name.log. On failure nothing is open. */
int log_open(struct log *log, const char *folder, const char *name, struct error *err);

/* Move what waits in the pipe to the file; at most one pipe's worth, so that a chatty service cannot hold PID 1. What
 * the file system does not take is dropped. */
void log_drain(struct log *log);

/* A new run of the service begins here. */
void log_mark(struct log *log);

/* Say on the console why the present run ended: the line that gives the reason (reason.h), else the last lines. */
void log_say_why(const struct log *log, int lines);
