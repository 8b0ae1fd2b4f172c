#include "init/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "init/console.h"
#include "init/reason.h"

enum { CHUNK_SIZE = 16384, CHUNKS = 4, WHY_SIZE = 1 << 16 };

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
	log->size = log->mark = 0;
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

void log_mark(struct log *log)
{
	log->mark = log->size;
}

void log_say_why(const struct log *log, int lines)
{
	static char text[WHY_SIZE]; /* not on the stack; touched by those that have something to say */
	size_t from = log->size - log->mark > WHY_SIZE ? log->size - WHY_SIZE : log->mark;
	ssize_t n = pread(log->file, text, WHY_SIZE, (off_t)from);
	const char *p, *end;

	if (n <= 0)
		return;
	end = text + n;
	p = reason_find(text, (size_t)n, from > log->mark, lines);
	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		const char *stop = newline ? newline : end;

		console_quote(p, (int)(stop - p));
		if (reason_is(p, (size_t)(stop - p)))
			return;
		p = stop + 1;
	}
}
