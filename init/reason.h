/* Why a program ended, from what it wrote. Many say so in one line and then print a page that tells nothing: Go programs
 * the stacks of all their goroutines, others how they are called. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Is this line (n bytes, without newline) the last word of a program that gives up? Known are klog's fatal lines (F and
 * the date, or "command failed": Kubernetes), logrus' (level=fatal, level=panic: containerd), and the Go runtime's "panic: "
 * and "fatal error: ". */
bool reason_is(const char *line, size_t n);

/* The first such line of the text; without one the start of its last lines. cut: the text does not begin with a line's
 * beginning, so what is before the first newline does not count. */
const char *reason_find(const char *text, size_t n, bool cut, int lines);

/* The words behind key in the last line of a text (NUL-terminated) that has it, up to the line's end: into out, "" when
 * there is none. Control characters end it. */
void reason_after(const char *text, const char *key, char *out, size_t size);
