#include "init/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "init/cgroup.h"
#include "init/console.h"
#include "init/rate.h"

enum { MESSAGES_AT_ONCE = 16 };

/* A process that has ended already cannot be asked; the socket's permissions let in nobody but root and the user. */
static bool is_of_service(const struct notify *n, pid_t pid)
{
	pid_t session = getsid(pid);

	if (session < 0 && errno == ESRCH)
		return true;
	return cgroup_ready() ? cgroup_holds(n->service, pid) : session == n->pid;
}

static void complain(const struct notify *n, pid_t pid)
{
	static struct rate rate;
	unsigned unsaid;

	if (rate_allows(&rate, clock_ms(), &unsaid))
		console_say("service %s: a message of process %d, which is none of its own, is ignored", n->service,
			    (int)pid);
}

static bool receive(struct notify *n)
{
	char message[NOTIFY_MESSAGE];
	/* Room for the credentials alone: descriptors that come along are closed by the kernel. */
	union {
		char room[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	struct iovec part = {message, sizeof(message)};
	struct msghdr header = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control),
	};
	ssize_t length = recvmsg(n->watch.fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct ucred sender = {0};
	const struct cmsghdr *c;

	if (length < 0)
		return errno == EINTR;
	c = CMSG_FIRSTHDR(&header);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS)
		memcpy(&sender, CMSG_DATA(c), sizeof(sender));
	if (sender.pid <= 0 || !is_of_service(n, sender.pid))
		complain(n, sender.pid);
	else if (!(header.msg_flags & MSG_TRUNC))
		notify_read(n, message, (size_t)length);
	return true;
}

static void take(void *data, uint32_t events)
{
	(void)events;
	for (int i = 0; i < MESSAGES_AT_ONCE && receive(data); i++)
		;
}

static int bind_socket(int fd, const char *path, struct error *err)
{
	struct sockaddr_un here = {.sun_family = AF_UNIX};
	int yes = 1;

	strcpy(here.sun_path, path);
	unlink(path);
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes)) < 0 ||
	    bind(fd, (const struct sockaddr *)&here, sizeof(here)) < 0 || chmod(path, 0600) < 0)
		return error_errno(err, "%s", path);
	return 0;
}

int notify_open(struct notify *n, struct loop *loop, const char *service, struct error *err)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	*n = (struct notify){.service = service};
	if (fd < 0)
		return error_errno(err, "socket");
	if (snprintf(n->path, sizeof(n->path), NOTIFY_FOLDER "/%s", service) >= (int)sizeof(n->path))
		error_set(err, "the name is too long for a socket");
	else if (dir_make_at(AT_FDCWD, NOTIFY_FOLDER, 0755, err) == 0 && bind_socket(fd, n->path, err) == 0 &&
		 loop_watch(loop, &n->watch, fd, EPOLLIN, take, n, err) == 0) {
		take_fd(&fd);
		return 0;
	}
	n->path[0] = '\0';
	return -1;
}

void notify_begin(struct notify *n)
{
	n->ready = false;
	n->status[0] = '\0';
	/* What the process before had to say. */
	if (n->path[0])
		for (char byte[1]; recv(n->watch.fd, byte, sizeof(byte), MSG_DONTWAIT) >= 0;)
			;
}
