/* Where lines come from: the files that PID 1 fills in /run/mkdl/log, and the kernel. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Called for each line; app is the log's name, time_us 0 for "now", priority as in RFC 5424. */
typedef void source_line(void *data, const char *app, unsigned priority, int64_t time_us, const char *text, size_t n);

struct sources;

/* Look at this folder and at this kmsg (NULL: none). state: a file that keeps how far was read, so that a syslog that is started
 * anew neither repeats nor omits; NULL: none. */
struct sources *sources_open(const char *folder, const char *kmsg, const char *state, source_line *line, void *data,
			     struct error *err);

/* What to poll for input: at most 2 descriptors; returns their number. */
int sources_descriptors(const struct sources *s, int fds[static 2]);

/* Read what is new, a bounded amount of it. True: there may be more. */
bool sources_read(struct sources *s);

/* Keep how far was read. */
void sources_save(struct sources *s);
