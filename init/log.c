#include "init/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "init/console.h"

enum { CHUNK_SIZE = 16384, CHUNKS = 4, TAIL_SIZE = 1024 };

static int open_file(const char *path)
{
	return open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0640);
}

int log_open(struct log *log, const char *folder, const char *name, struct error *err)
{
	struct log l = {0};
	int fds[2];

	if (snprintf(l.path, sizeof(l.path), "%s/%s.log", folder, name) >= (int)sizeof(l.path))
		return error_set(err, "log of %s: name too long", name);
	if (dir_make_at(AT_FDCWD, folder, 0755, err) < 0)
		return -1;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_errno(err, "log of %s: pipe", name);
	/* Only PID 1's end: the service's writes wait for room, as it expects of its output. */
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	l.read_fd = fds[0];
	l.write_fd = fds[1];
	l.file = open_file(l.path);
	if (l.file < 0) {
		error_errno(err, "%s", l.path);
		close(fds[0]);
		close(fds[1]);
		return -1;
	}
	*log = l;
	return 0;
}

/* The full file becomes NAME.log.1. If that fails the file is emptied: its bound holds in any case. */
static void rotate(struct log *log)
{
	char old[sizeof(log->path) + 2];
	int fresh;

	snprintf(old, sizeof(old), "%s.1", log->path);
	log->size = 0;
	if (rename(log->path, old) == 0) {
		fresh = open_file(log->path);
		if (fresh >= 0) {
			close(log->file);
			log->file = fresh;
			return;
		}
	}
	if (ftruncate(log->file, 0) < 0)
		console_detail("%s: cannot be emptied: %s", log->path, strerror(errno));
}

void log_drain(struct log *log)
{
	char chunk[CHUNK_SIZE];

	for (int i = 0; i < CHUNKS; i++) {
		ssize_t n = read(log->read_fd, chunk, sizeof(chunk)), w;

		if (n <= 0)
			return;
		if (log->size + (size_t)n > LOG_LIMIT)
			rotate(log);
		w = write(log->file, chunk, (size_t)n);
		if (w > 0)
			log->size += (size_t)w;
	}
}

void log_say_last(const struct log *log, int lines)
{
	char tail[TAIL_SIZE + 1];
	off_t from = log->size > TAIL_SIZE ? (off_t)(log->size - TAIL_SIZE) : 0;
	ssize_t n = pread(log->file, tail, TAIL_SIZE, from);
	char *start, *end;

	if (n <= 0)
		return;
	end = tail + n;
	if (end[-1] == '\n')
		end--;
	start = end;
	while (start > tail && (start[-1] != '\n' || --lines > 0))
		start--;
	while (start < end) {
		char *newline = memchr(start, '\n', (size_t)(end - start));
		char *stop = newline ? newline : end;

		console_quote(start, (int)(stop - start));
		start = stop + 1;
	}
}
