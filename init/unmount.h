/* Unmount what is mounted, the last mounted first, in a child of PID 1 and each in a child of that: a file system whose
 * server is away holds its own child only. */
#pragma once

#include <stdint.h>

/* For a child: unmount all; ends the process. One that is in use becomes read-only and goes with its last user; one
 * that hangs is left after limit_ms and named. Exit status: how many hang. */
_Noreturn void unmount_all(int64_t limit_ms);

/* mountinfo writes space, tab, newline and backslash as \ooo (proc_pid_mountinfo(5)): undone in place. */
void unmount_unescape(char *path);
