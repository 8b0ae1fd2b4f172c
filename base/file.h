/* Whole-file and descriptor helpers. Every descriptor they open is close-on-exec. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/strbuf.h"

/* Read a whole file relative to dirfd (AT_FDCWD for the working directory) into out (appended).
 * More than limit bytes is an error; out is then as it was. */
int file_read_at(int dirfd, const char *path, size_t limit, struct strbuf *out, struct error *err);

/* read(2) and flock(2), again when interrupted. */
ssize_t fd_read(int fd, void *to, size_t n);
int fd_flock(int fd, int operation);

/* write(2) until all n bytes are written; -1 with errno. */
int fd_write(int fd, const void *data, size_t n);

/* The same with an error. name is for the message only. */
int fd_write_all(int fd, const void *data, size_t n, const char *name, struct error *err);

/* Copy from one descriptor to another until end of file; adds the count to *copied when not NULL. */
int fd_copy(int from, int to, const char *name, uint64_t *copied, struct error *err);

/* Publish data at path: write to a temporary name beside it, fsync, rename. A crash leaves the old file or the new one. */
int file_write_atomic_at(int dirfd, const char *path, const void *data, size_t n, mode_t mode, struct error *err);

/* mkdir -p relative to dirfd; existing folders are fine. */
int dir_make_at(int dirfd, const char *path, mode_t mode, struct error *err);

/* rm -r relative to dirfd without following symbolic links; a missing path is fine. */
int dir_remove_at(int dirfd, const char *path, struct error *err);
