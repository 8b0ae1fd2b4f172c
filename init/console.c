#include "init/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CONSOLES = 4, LINE_SIZE = 1024, LOG_LIMIT = 256 * 1024, PATIENCE_MS = 100 };

struct console {
	int fd;
	char path[32];
};

static struct console consoles[CONSOLES];
static int console_count;
static int log_fd = -1;
static size_t log_size;
static const char *log_path;
static bool verbose;
static char device[32] = "/dev/console";

/* Puts one line out; waits a little for room, then gives the rest up. False when the descriptor is dead. */
static bool put(int fd, const char *text, size_t n)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	while (n) {
		ssize_t w = write(fd, text, n);

		if (w > 0) {
			text += w;
			n -= (size_t)w;
		} else if (w < 0 && errno == EINTR) {
			continue;
		} else if (w < 0 && errno == EAGAIN && poll(&p, 1, PATIENCE_MS) > 0) {
			continue;
		} else {
			return w < 0 && errno == EAGAIN;
		}
	}
	return true;
}

static int open_console(const char *path)
{
	return open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

/* When a shell on the console ends, the kernel hangs up all that have it open: open it again. */
static void put_on_console(struct console *c, const char *text, size_t n)
{
	if (c->fd >= 0 && put(c->fd, text, n))
		return;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = open_console(c->path);
	if (c->fd >= 0)
		put(c->fd, text, n);
}

/* As services' logs are (log.c): the full file becomes mkdl.log.1. */
static void rotate_log(void)
{
	char old[128];

	snprintf(old, sizeof(old), "%s.1", log_path);
	close(log_fd);
	rename(log_path, old);
	console_log(log_path);
}

static void put_everywhere(const char *text, size_t n)
{
	for (int i = 0; i < console_count; i++)
		put_on_console(&consoles[i], text, n);
	if (console_count == 0)
		put(STDERR_FILENO, text, n);
	if (log_fd >= 0 && log_size + n > LOG_LIMIT)
		rotate_log();
	if (log_fd >= 0) {
		put(log_fd, text, n);
		log_size += n;
	}
}

/* Ends the line, with its carriage return left to the terminal. n is what snprintf returned. */
static void end_line(char line[static LINE_SIZE], int n)
{
	size_t len = n < 0 ? 0 : n >= LINE_SIZE - 1 ? LINE_SIZE - 2 : (size_t)n;

	line[len] = '\n';
	put_everywhere(line, len + 1);
}

static __attribute__((format(printf, 1, 0))) void vsay(const char *fmt, va_list ap)
{
	static const char prefix[] = "mkdl: ";
	char line[LINE_SIZE];
	size_t n = sizeof(prefix) - 1;
	int m;

	memcpy(line, prefix, n);
	m = vsnprintf(line + n, sizeof(line) - n, fmt, ap);
	end_line(line, m < 0 ? (int)n : (int)n + m);
}

void console_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay(fmt, ap);
	va_end(ap);
}

void console_detail(const char *fmt, ...)
{
	va_list ap;

	if (!verbose)
		return;
	va_start(ap, fmt);
	vsay(fmt, ap);
	va_end(ap);
}

void console_verbose(bool on)
{
	verbose = on;
}

/* As it came, but for what a terminal might take for a command. */
static void quote(const char *before, const char *between, const char *text, int length)
{
	char line[LINE_SIZE];
	int n = snprintf(line, sizeof(line), "%s%s%.*s", before, between, length, text);

	for (char *p = line; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	end_line(line, n);
}

bool console_is_verbose(void)
{
	return verbose;
}

void console_quote(const char *text, int length)
{
	quote("mkdl:   | ", "", text, length);
}

void console_line(const char *name, const char *text, int length)
{
	quote(name, ": ", text, length);
}

const char *console_device(void)
{
	return device;
}

void console_log(const char *path)
{
	log_path = path;
	log_size = 0;
	log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

/* Descriptors 0 to 2 exist from here on, whatever the kernel gave: nothing else may get these numbers by accident. */
static void open_standard(void)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY);

	if (fd < 0)
		fd = open("/dev/null", O_RDWR);
	if (fd < 0)
		return;
	for (int i = 0; i < 3; i++)
		if (fd != i)
			dup2(fd, i);
	if (fd > 2)
		close(fd);
}

void console_open(void)
{
	char active[256] = "", *name, *rest = active;
	int fd = open("/sys/class/tty/console/active", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, active, sizeof(active) - 1);

	if (fd >= 0)
		close(fd);
	active[n > 0 ? n : 0] = '\0';
	open_standard();
	while ((name = strsep(&rest, " \n"))) {
		struct console c;

		if (!*name || console_count == CONSOLES ||
		    snprintf(c.path, sizeof(c.path), "/dev/%s", name) >= (int)sizeof(c.path))
			continue;
		/* tty0 stands for the screen at the front; a shell needs the real one. */
		strcpy(device, strcmp(c.path, "/dev/tty0") ? c.path : "/dev/tty1");
		c.fd = open_console(c.path);
		if (c.fd >= 0)
			consoles[console_count++] = c;
	}
}
