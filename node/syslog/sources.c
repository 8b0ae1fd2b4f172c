#include "node/syslog/sources.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/flat.h"
#include "node/syslog/message.h"

enum { FILES = 256, NAME_SIZE = 80, CHUNK = 16384, CHUNKS = 4, LINE_SIZE = 8192, KMSG_RECORDS = 256, STATE_LIMIT = 1 << 17 };

struct source {
	char name[NAME_SIZE]; /* of the log: "kubelet" */
	int fd;               /* -1: the file is gone */
	uint64_t inode;       /* of what is open, or was last */
	int64_t offset;
	size_t length;        /* of a line whose end has not come */
	char *line;           /* LINE_SIZE bytes, once needed */
};

struct sources {
	char folder[256], state[256];
	int folder_fd, inotify_fd, kmsg_fd;
	uint64_t sequence; /* of the kernel's next message */
	struct source files[FILES];
	size_t count;
	source_line *line;
	void *data;
};

/* Not sent: the kernel's messages come from the kernel, and what this program says it sends itself. */
static bool is_excluded(const char *name)
{
	return !strcmp(name, "kernel") || !strcmp(name, "syslog");
}

static void emit(struct sources *s, const struct source *f, const char *text, size_t n)
{
	bool init = !strcmp(f->name, "mkdl");

	if (n)
		s->line(s->data, init ? "mkdl-init" : f->name, FACILITY_DAEMON * 8 + message_severity(text, n), 0, text, n);
}

static void keep_part(struct sources *s, struct source *f, const char *text, size_t n)
{
	size_t room;

	if (!f->line)
		f->line = malloc(LINE_SIZE);
	if (!f->line)
		return;
	room = LINE_SIZE - f->length;
	memcpy(f->line + f->length, text, n < room ? n : room);
	f->length += n < room ? n : room;
	/* Longer than any server takes: what there is goes as one line. */
	if (f->length == LINE_SIZE) {
		emit(s, f, f->line, f->length);
		f->length = 0;
	}
}

static void take(struct sources *s, struct source *f, const char *text, size_t n)
{
	while (n) {
		const char *newline = memchr(text, '\n', n);
		size_t len = newline ? (size_t)(newline - text) : n;

		if (newline && !f->length) {
			emit(s, f, text, len);
		} else {
			keep_part(s, f, text, len);
			if (newline) {
				emit(s, f, f->line, f->length);
				f->length = 0;
			}
		}
		len += newline ? 1 : 0;
		text += len;
		n -= len;
	}
}

/* True: there may be more. */
static bool read_file(struct sources *s, struct source *f)
{
	char chunk[CHUNK];

	for (int i = 0; i < CHUNKS; i++) {
		ssize_t n = pread(f->fd, chunk, sizeof(chunk), f->offset);

		if (n <= 0)
			return false;
		f->offset += n;
		take(s, f, chunk, (size_t)n);
	}
	return true;
}

static void open_file(struct sources *s, struct source *f, const char *suffix)
{
	char path[NAME_SIZE + 16];
	struct stat st;

	snprintf(path, sizeof(path), "%s%s", f->name, suffix);
	f->fd = openat(s->folder_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (f->fd < 0)
		return;
	if (fstat(f->fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(f->fd);
		f->fd = -1;
		return;
	}
	if (f->inode != st.st_ino)
		f->offset = 0;
	f->inode = st.st_ino;
}

/* The file that was read when this program ended last may have been rotated since: what is left of it comes first. */
static void catch_up(struct sources *s, struct source *f)
{
	uint64_t inode = f->inode;
	int64_t offset = f->offset;
	char path[NAME_SIZE + 16];
	struct stat st;

	snprintf(path, sizeof(path), "%s.log.1", f->name);
	if (!inode || fstatat(s->folder_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_ino != inode)
		return;
	open_file(s, f, ".log.1");
	f->offset = offset;
	while (f->fd >= 0 && read_file(s, f))
		;
	if (f->fd >= 0)
		close(f->fd);
	f->inode = 0;
}

static struct source *find(struct sources *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (!strcmp(s->files[i].name, name))
			return &s->files[i];
	if (s->count == FILES || strlen(name) >= NAME_SIZE)
		return NULL;
	s->files[s->count] = (struct source){.fd = -1};
	strcpy(s->files[s->count].name, name);
	return &s->files[s->count++];
}

/* Logs that are new in the folder. */
static void find_files(struct sources *s)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int fd = openat(s->folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *e;

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir && fd >= 0)
		close(fd);
	while (dir && (e = readdir(dir))) {
		size_t n = strlen(e->d_name);
		char name[NAME_SIZE];

		if (n < 5 || n - 4 >= sizeof(name) || strcmp(e->d_name + n - 4, ".log") != 0 || e->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(n - 4), e->d_name);
		if (!is_excluded(name))
			find(s, name);
	}
}

/* What was added; of a file that was rotated away first the rest, then the one in its place. */
static bool look(struct sources *s, struct source *f)
{
	char path[NAME_SIZE + 16];
	struct stat st;

	if (f->fd >= 0) {
		if (fstat(f->fd, &st) == 0 && st.st_size < f->offset)
			f->offset = 0;
		if (read_file(s, f))
			return true;
	}
	snprintf(path, sizeof(path), "%s.log", f->name);
	if (fstatat(s->folder_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 || (f->fd >= 0 && st.st_ino == f->inode))
		return false;
	if (f->fd >= 0) {
		if (read_file(s, f))
			return true;
		close(f->fd);
	} else {
		catch_up(s, f);
	}
	open_file(s, f, ".log");
	return f->fd >= 0 && read_file(s, f);
}

static int64_t boot_time_us(void)
{
	struct timespec now, up;

	clock_gettime(CLOCK_REALTIME, &now);
	/* As the kernel stamps its messages (it leaves out the time that a machine slept; nodes do not). */
	clock_gettime(CLOCK_MONOTONIC, &up);
	return (now.tv_sec - up.tv_sec) * INT64_C(1000000) + (now.tv_nsec - up.tv_nsec) / 1000;
}

static bool read_kernel(struct sources *s)
{
	int64_t boot = boot_time_us();

	for (int i = 0; i < KMSG_RECORDS; i++) {
		char record[CHUNK];
		ssize_t n = read(s->kmsg_fd, record, sizeof(record));
		unsigned priority;
		uint64_t sequence;
		const char *text;
		size_t length;
		int64_t us;

		if (n < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (n <= 0)
			return false;
		text = message_read_kmsg(record, (size_t)n, &priority, &sequence, &us, &length);
		if (!text || sequence < s->sequence)
			continue;
		s->sequence = sequence + 1;
		s->line(s->data, priority < 8 ? "kernel" : "kmsg", priority, boot + us, text, length);
	}
	return true;
}

bool sources_read(struct sources *s)
{
	char events[CHUNK];
	bool more = s->kmsg_fd >= 0 && read_kernel(s);

	while (fd_read(s->inotify_fd, events, sizeof(events)) > 0)
		;
	find_files(s);
	for (size_t i = 0; i < s->count; i++)
		more = look(s, &s->files[i]) || more;
	return more;
}

int sources_descriptors(const struct sources *s, int fds[static 2])
{
	int n = 0;

	fds[n++] = s->inotify_fd;
	if (s->kmsg_fd >= 0)
		fds[n++] = s->kmsg_fd;
	return n;
}

/* "kernel SEQUENCE" and "file NAME INODE OFFSET". */
static void load_state(struct sources *s)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error err = {0};
	_cleanup_arena_ struct arena a = {0};
	struct flat flat;

	if (!*s->state || file_read_at(AT_FDCWD, s->state, STATE_LIMIT, &text, &err) < 0 ||
	    flat_parse(&a, s->state, text.data, text.len, &flat, &err) < 0)
		return;
	for (size_t i = 0; i < flat.count; i++) {
		const struct flat_line *line = &flat.lines[i];
		struct source *f;

		if (line->count == 2 && !strcmp(line->words[0], "kernel")) {
			s->sequence = strtoull(line->words[1], NULL, 10);
		} else if (line->count == 4 && !strcmp(line->words[0], "file") && (f = find(s, line->words[1]))) {
			f->inode = strtoull(line->words[2], NULL, 10);
			f->offset = strtoll(line->words[3], NULL, 10);
			if (f->offset < 0)
				f->offset = 0;
		}
	}
}

void sources_save(struct sources *s)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error err = {0};

	if (!*s->state)
		return;
	strbuf_printf(&text, "kernel %" PRIu64 "\n", s->sequence);
	for (size_t i = 0; i < s->count; i++) {
		flat_word(&text, "file");
		flat_word(&text, s->files[i].name);
		strbuf_printf(&text, " %" PRIu64 " %" PRId64 "\n", s->files[i].inode,
			      s->files[i].offset - (int64_t)s->files[i].length);
	}
	if (file_write_atomic_at(AT_FDCWD, s->state, text.data, text.len, 0600, &err) < 0)
		fprintf(stderr, "syslog: %s\n", error_text(&err));
}

struct sources *sources_open(const char *folder, const char *kmsg, const char *state, source_line *line, void *data,
			     struct error *err)
{
	struct sources *s = calloc(1, sizeof(*s));

	if (!s) {
		error_set(err, "out of memory");
		return NULL;
	}
	s->line = line;
	s->data = data;
	snprintf(s->state, sizeof(s->state), "%s", state ? state : "");
	s->folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	s->kmsg_fd = kmsg ? open(kmsg, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
	if (s->folder_fd < 0 || s->inotify_fd < 0 ||
	    inotify_add_watch(s->inotify_fd, folder, IN_MODIFY | IN_CREATE | IN_MOVE) < 0) {
		error_errno(err, "%s", folder);
		free(s);
		return NULL;
	}
	if (kmsg && s->kmsg_fd < 0)
		fprintf(stderr, "syslog: %s: %s: the kernel's messages are not sent\n", kmsg, strerror(errno));
	load_state(s);
	return s;
}
