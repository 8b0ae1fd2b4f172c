#include "init/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "init/console.h"
#include "init/reason.h"

enum { CHUNK_SIZE = 16384, CHUNKS = 4, WHY_SIZE = 1 << 16, RETRY_MS = 5000, CONSOLE_LINES = 20 };

static void open_file(struct log *log)
{
	_cleanup_error_ struct error err = {0};
	struct stat st;

	log->retry = clock_ms() + RETRY_MS;
	if (dir_make_at(AT_FDCWD, LOG_FOLDER, 0755, &err) < 0)
		return;
	log->file = open(log->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	log->size = log->file >= 0 && fstat(log->file, &st) == 0 ? (size_t)st.st_size : 0;
	log->mark = log->size;
}

void log_open(struct log *log, const char *name, size_t limit)
{
	memset(log, 0, sizeof(*log));
	log->name = name;
	log->limit = limit;
	log->read_fd = log->write_fd = log->file = -1;
	snprintf(log->path, sizeof(log->path), LOG_FOLDER "/%s.log", name);
	open_file(log);
}

static void take(void *data, uint32_t events)
{
	(void)events;
	log_drain(data);
}

int log_pipe(struct log *log, struct loop *loop, struct error *err)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_errno(err, "log of %s: pipe", log->name);
	/* Only PID 1's end: the service's writes wait for room, as it expects of its output. */
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	if (loop_watch(loop, &log->watch, fds[0], EPOLLIN, take, log, err) < 0) {
		close(fds[0]);
		close(fds[1]);
		return error_wrap(err, "log of %s", log->name);
	}
	log->read_fd = fds[0];
	log->write_fd = fds[1];
	return 0;
}

void log_close(struct log *log, struct loop *loop)
{
	loop_unwatch(loop, &log->watch);
	if (log->read_fd >= 0)
		close(log->read_fd);
	if (log->write_fd >= 0)
		close(log->write_fd);
	if (log->file >= 0)
		close(log->file);
	log->read_fd = log->write_fd = log->file = -1;
}

/* The full file becomes NAME.log.1. If that fails the file is emptied: its bound holds in any case. */
static void rotate(struct log *log)
{
	char old[sizeof(log->path) + 2];

	snprintf(old, sizeof(old), "%s.1", log->path);
	if (rename(log->path, old) == 0) {
		close(log->file);
		log->file = -1;
		open_file(log);
	} else if (ftruncate(log->file, 0) < 0) {
		console_detail("%s: cannot be emptied: %s", log->path, strerror(errno));
	}
	log->size = log->mark = 0;
}

static void count_lost(struct log *log, size_t n)
{
	if (log->lost == 0)
		console_say("%s: the file system takes nothing more (%s): the last %d bytes are kept in memory",
			    log->path, strerror(errno), LOG_RING);
	log->lost += n;
}

static void write_file(struct log *log, const char *text, size_t n)
{
	char note[96];
	ssize_t w;

	if (log->file < 0 && clock_ms() >= log->retry)
		open_file(log);
	if (log->file >= 0 && log->size + n > log->limit)
		rotate(log);
	if (log->file < 0) {
		count_lost(log, n);
		return;
	}
	if (log->lost) {
		int m = snprintf(note, sizeof(note), "\nmkdl: %llu bytes are missing here\n",
				 (unsigned long long)log->lost);

		w = write(log->file, note, (size_t)m);
		if (w <= 0) {
			log->lost += n;
			return;
		}
		log->size += (size_t)w;
		log->lost = 0;
	}
	w = write(log->file, text, n);
	if (w > 0)
		log->size += (size_t)w;
	if (w != (ssize_t)n) {
		if (w >= 0)
			errno = ENOSPC;
		count_lost(log, n - (w > 0 ? (size_t)w : 0));
	}
}

static void write_ring(struct log *log, const char *text, size_t n)
{
	if (n > LOG_RING) {
		log->total += n - LOG_RING;
		text += n - LOG_RING;
		n = LOG_RING;
	}
	for (size_t at = (size_t)(log->total % LOG_RING), part; n; at = 0, text += part, n -= part) {
		part = n < LOG_RING - at ? n : LOG_RING - at;
		memcpy(log->ring + at, text, part);
		log->total += part;
	}
}

/* A slow console must not hold PID 1: so many lines in a second, and a word about the rest. */
static void say_line(struct log *log)
{
	int64_t second = clock_ms() / 1000;

	if (second != log->second) {
		if (log->unsaid)
			console_say("%s: %u lines more, in %s", log->name, log->unsaid, log->path);
		log->second = second;
		log->said = log->unsaid = 0;
	}
	if (log->said++ < CONSOLE_LINES)
		console_line(log->name, log->line, (int)log->line_length);
	else
		log->unsaid++;
}

static void write_console(struct log *log, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n') {
			say_line(log);
			log->line_length = 0;
		} else if (log->line_length < sizeof(log->line)) {
			log->line[log->line_length++] = text[i];
		}
	}
}

void log_write(struct log *log, const char *text, size_t n)
{
	write_ring(log, text, n);
	write_file(log, text, n);
	if (log->on_console)
		write_console(log, text, n);
}

void log_drain(struct log *log)
{
	char chunk[CHUNK_SIZE];

	for (int i = 0; i < CHUNKS; i++) {
		ssize_t n = read(log->read_fd, chunk, sizeof(chunk));

		if (n <= 0)
			return;
		log_write(log, chunk, (size_t)n);
	}
}

void log_mark(struct log *log)
{
	log->mark = log->size;
	log->run = log->total;
}

/* The last n bytes of the ring. */
static void copy_ring(const struct log *log, char *out, size_t n)
{
	size_t at = (size_t)((log->total - n) % LOG_RING), part = n < LOG_RING - at ? n : LOG_RING - at;

	memcpy(out, log->ring + at, part);
	memcpy(out + part, log->ring, n - part);
}

size_t log_tail(const struct log *log, char *out, size_t size)
{
	size_t n = log->total < LOG_RING ? (size_t)log->total : LOG_RING;
	const char *newline;

	n = n < size ? n : size;
	copy_ring(log, out, n);
	if (n == log->total || !(newline = memchr(out, '\n', n)))
		return n;
	/* The first line is cut. */
	n -= (size_t)(newline + 1 - out);
	memmove(out, newline + 1, n);
	return n;
}

/* The present run's text, its end if it is long. *cut: something came before. */
static size_t read_run(const struct log *log, char *out, bool *cut)
{
	size_t from = log->size - log->mark > WHY_SIZE ? log->size - WHY_SIZE : log->mark, n;
	ssize_t got = log->file >= 0 && !log->lost ? pread(log->file, out, WHY_SIZE, (off_t)from) : -1;

	*cut = from > log->mark;
	if (got >= 0)
		return (size_t)got;
	n = log->total - log->run < LOG_RING ? (size_t)(log->total - log->run) : LOG_RING;
	copy_ring(log, out, n);
	*cut = n == LOG_RING;
	return n;
}

void log_say_why(const struct log *log, int lines)
{
	static char text[WHY_SIZE]; /* not on the stack; touched by those that have something to say */
	bool cut;
	size_t n = read_run(log, text, &cut);
	const char *p, *end = text + n;

	if (n == 0)
		return;
	p = reason_find(text, n, cut, lines);
	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		const char *stop = newline ? newline : end;

		console_quote(p, (int)(stop - p));
		if (reason_is(p, (size_t)(stop - p)))
			return;
		p = stop + 1;
	}
}
