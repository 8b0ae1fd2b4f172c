/* A node's console on the user's terminal. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "lab/client.h"

enum { LEAVE = 0x1d }; /* Ctrl-], as telnet has it */

/* Keys as they are, Ctrl-C too: the way out is Ctrl-]. */
static bool terminal_raw(struct termios *saved)
{
	struct termios raw;

	if (!isatty(0) || tcgetattr(0, saved) < 0)
		return false;
	raw = *saved;
	cfmakeraw(&raw);
	/* Lines of ours and the node's are both shown as they should. */
	raw.c_oflag |= OPOST | ONLCR;
	return tcsetattr(0, TCSADRAIN, &raw) == 0;
}

/* False when the user leaves. */
static bool pass_keys(struct lab_client *c, bool *open)
{
	char keys[256], *leave;
	ssize_t n = read(0, keys, sizeof(keys));

	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0) {
		*open = false;
		return true;
	}
	leave = memchr(keys, LEAVE, (size_t)n);
	if (leave)
		n = leave - keys;
	if (n && send(c->fd, keys, (size_t)n, MSG_NOSIGNAL) < 0)
		return false;
	return !leave;
}

int client_console(struct arena *a, struct lab_client *c, const char *node, struct error *err)
{
	_cleanup_strbuf_ struct strbuf answer = {0};
	bool raw, open = true, ended = false;
	struct termios saved;
	int code = 0;

	if (client_ask(a, c, "console", node, &answer, err) < 0)
		return -1;
	raw = terminal_raw(&saved);
	if (raw)
		fprintf(stderr, "mkdl: console of %s; Ctrl-] leaves it\n", node);
	while (code == 0) {
		struct pollfd fds[] = {{.fd = c->fd, .events = POLLIN}, {.fd = open ? 0 : -1, .events = POLLIN}};
		char data[16384];
		ssize_t n;

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		if (fds[1].revents && !pass_keys(c, &open))
			break;
		if (!fds[0].revents)
			continue;
		n = fd_read(c->fd, data, sizeof(data));
		ended = n <= 0;
		if (ended)
			break;
		code = fd_write_all(1, data, (size_t)n, "the console", err);
	}
	if (raw) {
		tcsetattr(0, TCSADRAIN, &saved);
		fprintf(stderr, "\nmkdl: left the console of %s\n", node);
	}
	return ended && code == 0 ? error_set(err, "the lab has ended") : code;
}
