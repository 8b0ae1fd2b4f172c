/* Where a log's lines go: to people, or as JSON. */
#pragma once

#include "node/nodectl/nodectl.h"

struct log_output {
	struct context *context;
	const char *shown; /* the log whose lines came last, when there are several */
	bool several;
};

/* One line (n bytes, without newline) of the log of this name. */
void log_put_line(struct log_output *out, const char *name, const char *text, size_t n);

/* The kernel's messages (/dev/kmsg): the last `lines` of them, then, when follow is set, those that come, for ever. */
int logs_kernel(struct log_output *out, size_t lines, bool follow, struct error *err);

/* A log in a file. */
struct log_file {
	const char *name, *path;
	int fd;         /* -1: not there now */
	int64_t offset; /* read so far */
	struct strbuf partial; /* a line whose end has not come */
};

/* The last `lines` of it, of the rotated file before it too. */
void log_file_tail(struct log_output *out, struct log_file *f, size_t lines);

void log_file_close(struct log_file *f);

/* Go on as they grow and are rotated, for ever: files (count of them) in this folder. */
int log_files_follow(struct log_output *out, const char *folder, struct log_file *files, size_t count, struct error *err);
