/* What is not as it should be although the node goes on: shown by nodectl status. A fixed number of notes. */
#pragma once

#include <stddef.h>

enum { DEGRADED_NOTES = 16, DEGRADED_TEXT = 240 };

/* Note it. The same text counts once; past the last place notes are counted only. */
void degraded_add(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

size_t degraded_count(void);
const char *degraded_at(size_t index);
size_t degraded_lost(void);
