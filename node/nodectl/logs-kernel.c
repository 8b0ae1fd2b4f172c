#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "node/nodectl/logs.h"

enum { RECORD_LIMIT = 8192 };

/* One record of /dev/kmsg (Documentation/ABI/testing/dev-kmsg): "PRIORITY,SEQUENCE,MICROSECONDS,FLAGS;TEXT", then lines that
 * begin with a space. NULL: not like that. */
static const char *format_record(struct context *c, char *record)
{
	char *text = strchr(record, ';'), *time = record;
	unsigned long long us;

	if (!text)
		return NULL;
	for (int i = 0; i < 2 && time; i++) {
		time = strchr(time, ',');
		time = time ? time + 1 : NULL;
	}
	us = time ? strtoull(time, NULL, 10) : 0;
	text++;
	text[strcspn(text, "\n")] = '\0';
	return arena_printf(&c->arena, "[%5llu.%06llu] %s", us / 1000000, us % 1000000, text);
}

/* What there is now; the last `lines` of it are shown. */
static int show_present(struct log_output *out, int fd, size_t lines)
{
	struct context *c = out->context;
	const char **all = NULL;
	size_t count = 0, cap = 0;
	char record[RECORD_LIMIT];
	ssize_t n;

	/* EPIPE: some were overwritten before they were read. */
	while ((n = read(fd, record, sizeof(record) - 1)) > 0 || (n < 0 && (errno == EPIPE || errno == EINTR))) {
		const char *line;

		if (n < 0)
			continue;
		record[n] = '\0';
		line = format_record(c, record);
		if (!line)
			continue;
		all = arena_grow(&c->arena, all, count, &cap, sizeof(*all));
		all[count++] = line;
	}
	for (size_t i = count > lines ? count - lines : 0; i < count; i++)
		log_put_line(out, "kernel", all[i], strlen(all[i]));
	return 0;
}

int logs_kernel(struct log_output *out, size_t lines, bool follow, struct error *err)
{
	const char *path = node_path(out->context, "/dev/kmsg");
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct pollfd p = {.fd = fd, .events = POLLIN};

	if (fd < 0)
		return error_errno(err, "%s", path);
	do {
		struct context *c = out->context;
		struct arena all = c->arena;

		/* What a turn allocates goes with it: this may go on for weeks. */
		c->arena = (struct arena){0};
		show_present(out, fd, lines);
		arena_free(&c->arena);
		c->arena = all;
		lines = SIZE_MAX;
		if (fflush(stdout) != 0)
			return error_errno(err, "standard output");
	} while (follow && (poll(&p, 1, -1) > 0 || errno == EINTR));
	return 0;
}
