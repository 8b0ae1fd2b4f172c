#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "node/nodectl/logs.h"

enum { CHUNK = 16384, LINE_LIMIT = 1 << 16, LOOK_MS = 1000 };

/* The offset at which the last *lines lines of a file begin; *lines becomes how many are still missing. */
static int64_t find_start(int fd, size_t *lines)
{
	int64_t end = lseek(fd, 0, SEEK_END), at = end;
	char chunk[CHUNK];

	while (at > 0 && *lines > 0) {
		size_t n = at < CHUNK ? (size_t)at : CHUNK;
		ssize_t got = pread(fd, chunk, n, at - (int64_t)n);

		if (got <= 0)
			break;
		at -= got;
		for (ssize_t i = got; i-- > 0;)
			/* A newline ends a line, but the last one begins none. */
			if (chunk[i] == '\n' && at + i + 1 < end && --*lines == 0)
				return at + i + 1;
	}
	if (*lines > 0 && end > 0)
		--*lines; /* the first line, which has no newline before it */
	return *lines ? 0 : at;
}

static void take(struct log_output *out, struct log_file *f, const char *text, size_t n)
{
	while (n) {
		const char *newline = memchr(text, '\n', n);
		size_t len = newline ? (size_t)(newline - text) : n;

		if (newline && !f->partial.len)
			log_put_line(out, f->name, text, len);
		else
			strbuf_add(&f->partial, text, len);
		if ((newline && f->partial.len) || f->partial.len > LINE_LIMIT) {
			log_put_line(out, f->name, f->partial.data, f->partial.len);
			f->partial.len = 0;
		}
		len += newline ? 1 : 0;
		text += len;
		n -= len;
	}
}

static void read_on(struct log_output *out, struct log_file *f)
{
	char chunk[CHUNK];
	ssize_t n;

	while ((n = pread(f->fd, chunk, sizeof(chunk), f->offset)) > 0) {
		f->offset += n;
		take(out, f, chunk, (size_t)n);
	}
}

static void end_partial(struct log_output *out, struct log_file *f)
{
	if (f->partial.len)
		log_put_line(out, f->name, f->partial.data, f->partial.len);
	f->partial.len = 0;
}

void log_file_tail(struct log_output *out, struct log_file *f, size_t lines)
{
	char old[4096];
	struct log_file before = {.name = f->name, .fd = -1};

	f->fd = open(f->path, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0)
		return;
	f->offset = find_start(f->fd, &lines);
	if (lines > 0 && snprintf(old, sizeof(old), "%s.1", f->path) < (int)sizeof(old))
		before.fd = open(old, O_RDONLY | O_CLOEXEC);
	if (before.fd >= 0) {
		before.offset = find_start(before.fd, &lines);
		read_on(out, &before);
		end_partial(out, &before);
		close(before.fd);
		strbuf_free(&before.partial);
	}
	read_on(out, f);
	if (f->partial.len) {
		/* Shown now, although more may come: nobody is to miss a program's last words. */
		end_partial(out, f);
	}
}

void log_file_close(struct log_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	strbuf_free(&f->partial);
}

/* What was added; a file that was rotated away is read to its end, then the one in its place from its beginning. */
static void look(struct log_output *out, struct log_file *f)
{
	struct stat now, open_one;

	if (f->fd >= 0) {
		if (fstat(f->fd, &open_one) == 0 && open_one.st_size < f->offset)
			f->offset = 0; /* it was emptied */
		read_on(out, f);
	}
	if (stat(f->path, &now) < 0)
		return;
	if (f->fd >= 0 && fstat(f->fd, &open_one) == 0 && now.st_ino == open_one.st_ino && now.st_dev == open_one.st_dev)
		return;
	if (f->fd >= 0) {
		read_on(out, f);
		close(f->fd);
	}
	f->fd = open(f->path, O_RDONLY | O_CLOEXEC);
	f->offset = 0;
	if (f->fd >= 0)
		read_on(out, f);
}

int log_files_follow(struct log_output *out, const char *folder, struct log_file *files, size_t count, struct error *err)
{
	_cleanup_close_ int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char events[CHUNK];

	if (fd < 0 || inotify_add_watch(fd, folder, IN_MODIFY | IN_CREATE | IN_MOVE) < 0)
		return error_errno(err, "%s", folder);
	for (;;) {
		for (size_t i = 0; i < count; i++)
			look(out, &files[i]);
		if (fflush(stdout) != 0)
			return error_errno(err, "standard output");
		/* Not without a limit: events are lost when there are too many. */
		poll(&p, 1, LOOK_MS);
		while (fd_read(fd, events, sizeof(events)) > 0)
			;
	}
}
