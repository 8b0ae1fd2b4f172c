/* A service's log: a pipe whose far end is the service's output. PID 1 keeps its last bytes in a ring in memory and
 * writes all of it to a file of bounded size, /run/mkdl/log/NAME.log, which becomes NAME.log.1 when it is full; that one
 * is kept, the one before goes. Where the file system takes nothing more (a full /run), the ring still has the end.
 * The pipe lives as long as PID 1, across restarts, so that what outlives a service can still be heard. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "init/loop.h"

#ifndef LOG_FOLDER /* tests have a folder of their own */
#define LOG_FOLDER "/run/mkdl/log"
#endif

/* LOG_LIMIT: bytes in a file before it is rotated, where the plan names no size. */
enum { LOG_LIMIT = 1 << 20, LOG_RING = 8192 };

struct log {
	const char *name;
	int read_fd, write_fd;  /* -1: fed by log_write only */
	struct watch watch;
	int file;               /* -1: could not be opened; tried again */
	size_t limit;           /* of the file */
	size_t size;            /* of the file */
	size_t mark;            /* where in it the present run begins */
	char path[128];         /* of the file */
	uint64_t total;         /* bytes that ever came; the ring has the last LOG_RING of them, at total % LOG_RING */
	uint64_t run;           /* total when the present run began */
	uint64_t lost;          /* bytes that the file system has not taken since it last took some */
	int64_t retry;          /* when to try to open the file again */
	bool on_console;        /* shown there as well */
	size_t line_length;     /* of the line for the console */
	int64_t second;         /* of the console's share */
	unsigned said, unsaid;  /* lines in it, lines above it */
	char line[400];         /* what a node waits for may take some words */
	char ring[LOG_RING];
};

/* Make the file; name stays with the caller. A file that cannot be made is tried again: this does not fail. */
void log_open(struct log *log, const char *name, size_t limit);

/* Make the pipe and read it in the loop. On failure there is none. The log stays where it is from here on. */
int log_pipe(struct log *log, struct loop *loop, struct error *err);

/* Give back pipe and file. */
void log_close(struct log *log, struct loop *loop);

/* Move what waits in the pipe; at most one pipe's worth, so that a chatty service cannot hold PID 1. */
void log_drain(struct log *log);

/* Put text into it. */
void log_write(struct log *log, const char *text, size_t n);

/* A new run of the service begins here. */
void log_mark(struct log *log);

/* The last bytes, at most size, from memory; whole lines where there is a newline. Returns their number. */
size_t log_tail(const struct log *log, char *out, size_t size);

/* Say on the console why the present run ended: the line that gives the reason (reason.h), else the last lines. */
void log_say_why(const struct log *log, int lines);
