#include "init/kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* CONSOLE_EXT_LOG_MAX of the kernel: no record is longer. */
enum { RECORD_SIZE = 8192, RECORDS_AT_ONCE = 128 };

static struct log messages;
static struct watch watch;

static void take(void *data, uint32_t events)
{
	char record[RECORD_SIZE], line[RECORD_SIZE + 64];

	(void)data;
	(void)events;
	for (int i = 0; i < RECORDS_AT_ONCE; i++) {
		ssize_t n = read(watch.fd, record, sizeof(record));

		if (n > 0) {
			log_write(&messages, line, kmsg_format(record, (size_t)n, line, sizeof(line)));
			continue;
		}
		/* EPIPE: older ones were overwritten before they were read; the next read goes on after them. */
		if (n < 0 && errno == EPIPE) {
			static const char lost[] = "mkdl: kernel messages are missing here: they came too fast\n";

			log_write(&messages, lost, sizeof(lost) - 1);
			continue;
		}
		return;
	}
}

int kmsg_open(struct supervisor *v, struct error *err)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, "/dev/kmsg");
	log_open(&messages, "kernel", LOG_LIMIT);
	if (loop_watch(&v->loop, &watch, fd, EPOLLIN, take, NULL, err) == 0)
		return 0;
	close(fd);
	return error_wrap(err, "/dev/kmsg");
}
