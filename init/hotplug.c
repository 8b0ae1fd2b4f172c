#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "init/buttons.h"
#include "init/coldplug.h"
#include "init/console.h"

/* UEVENT_BUFFER_SIZE of the kernel is 2048; its messages are never longer with their header. */
enum { MESSAGE_SIZE = 4096, MESSAGES_PER_ROUND = 64, BUFFER_SIZE = 1 << 20 };

/* The value of KEY= in a uevent: strings ended by NUL, one after the other. */
static const char *find_value(const char *message, size_t n, const char *key)
{
	size_t length = strlen(key);

	for (const char *p = message; p < message + n; p += strlen(p) + 1)
		if (!strncmp(p, key, length) && p[length] == '=')
			return p + length + 1;
	return NULL;
}

static void take_message(struct node *node, const char *message, size_t n)
{
	const char *action = find_value(message, n, "ACTION");
	const char *modalias = find_value(message, n, "MODALIAS");
	const char *device = find_value(message, n, "DEVNAME");
	char path[64];

	if (!action || strcmp(action, "add") != 0)
		return;
	if (modalias)
		coldplug_load(node, modalias);
	if (device && !strncmp(device, "input/event", 11) &&
	    snprintf(path, sizeof(path), "/dev/%s", device) < (int)sizeof(path))
		buttons_watch(&node->supervisor, path);
}

static struct watch watch;
static int socket_fd = -1;

static void take_messages(void *data, uint32_t events)
{
	struct node *node = data;

	(void)events;
	for (int i = 0; i < MESSAGES_PER_ROUND; i++) {
		char message[MESSAGE_SIZE + 1];
		struct sockaddr_nl from = {0};
		struct iovec part = {message, MESSAGE_SIZE};
		struct msghdr header = {
			.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &part, .msg_iovlen = 1,
		};
		ssize_t n = recvmsg(watch.fd, &header, MSG_DONTWAIT);

		if (n < 0 && errno == ENOBUFS) {
			/* Messages were lost: look at everything instead. */
			coldplug_walk(node);
			continue;
		}
		if (n <= 0)
			return;
		message[n] = '\0';
		/* Only the kernel's word counts: its port is 0. */
		if (from.nl_pid == 0)
			take_message(node, message, (size_t)n);
	}
}

int hotplug_open(struct error *err)
{
	/* Group 1: the kernel's own messages, as udev gets them (lib/kobject_uevent.c). */
	struct sockaddr_nl here = {.nl_family = AF_NETLINK, .nl_groups = 1};
	int size = BUFFER_SIZE;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

	if (fd < 0)
		return error_errno(err, "netlink socket for uevents");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(fd, (const struct sockaddr *)&here, sizeof(here)) < 0) {
		error_errno(err, "netlink socket for uevents");
		close(fd);
		return -1;
	}
	socket_fd = fd;
	return 0;
}

int hotplug_watch(struct node *node, struct error *err)
{
	if (loop_watch(&node->supervisor.loop, &watch, socket_fd, EPOLLIN, take_messages, node, err) < 0)
		return error_wrap(err, "netlink socket for uevents");
	return 0;
}
