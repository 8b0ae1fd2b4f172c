/* The console: every line that PID 1 has to say. A line goes to all consoles of the kernel (the last one named is
 * /dev/console) and, once /run is there, to /run/mkdl/log/mkdl.log. Writing never blocks: a console that does not take
 * its bytes (flow control) loses them. */
#pragma once

#include <stdbool.h>

/* Find and open the consoles. Until then lines go to the descriptor that the kernel gave PID 1. Needs /dev and /sys. */
void console_open(void);

/* Keep a copy of the lines in this file; once it is full it becomes PATH.1. The path stays with the caller. */
void console_log(const char *path);

/* The device of the last console, for a shell that needs a controlling terminal: "/dev/ttyS0". */
const char *console_device(void);

/* One line, "mkdl: " before it. */
void console_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same, said only after console_verbose(true). */
void console_detail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void console_verbose(bool on);
bool console_is_verbose(void);

/* A line of a program: "NAME: …", with control characters shown as "?". */
void console_line(const char *name, const char *text, int length);

/* A line as it is, with control characters shown as "?": for text that came from elsewhere. */
void console_quote(const char *text, int length);
