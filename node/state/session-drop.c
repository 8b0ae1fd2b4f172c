#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "node/state/state.h"

/* How iscsid talks to the kernel: include/scsi/iscsi_if.h, which is no part of the kernel's headers for programs. Of
 * it, what ends a session whose target is dead. With iscsid this takes as long as it tries to log in again, and it may
 * be dead too. */
enum { EVENT_DESTROY_SESSION = 12, EVENT_DESTROY_CONN = 14, EVENT_STOP_CONN = 18 };
enum { STOP_CONN_TERM = 1, EVENT_SIZE = 128, ANSWER_MS = 5000 };

struct event {
	uint32_t type, error;
	uint64_t transport;
	/* stop_conn: sid, cid, handle, flag; d_conn: sid, cid; d_session: sid */
	uint32_t session, connection;
	uint64_t handle;
	uint32_t flag;
};

struct message {
	struct nlmsghdr head;
	union {
		struct event event;
		char room[EVENT_SIZE];
	} u;
};

static int tell(int fd, uint32_t type, uint64_t transport, uint32_t session, struct error *err)
{
	struct message m = {
		.head = {.nlmsg_len = sizeof(m), .nlmsg_type = (uint16_t)type, .nlmsg_pid = (uint32_t)getpid()},
		.u.event = {.type = type,
			    .transport = transport,
			    .session = session,
			    .flag = type == EVENT_STOP_CONN ? STOP_CONN_TERM : 0},
	};
	struct pollfd p = {.fd = fd, .events = POLLIN};

	if (send(fd, &m, sizeof(m), 0) < 0)
		return error_errno(err, "iSCSI netlink");
	if (poll(&p, 1, ANSWER_MS) <= 0 || recv(fd, &m, sizeof(m), 0) < 0)
		return error_set(err, "the kernel does not end the session");
	return 0;
}

static int read_handle(uint64_t *out, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	if (file_read_at(AT_FDCWD, "/sys/class/iscsi_transport/tcp/handle", 64, &text, err) < 0)
		return -1;
	*out = strtoull(text.data ? text.data : "", NULL, 10);
	return 0;
}

int iscsi_drop(const char *target, struct error *err)
{
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ISCSI);
	struct sockaddr_nl self = {.nl_family = AF_NETLINK};
	char name[SESSION_NAME];
	uint64_t transport;
	uint32_t session;

	if (!iscsi_session_find(target, name))
		return 0;
	if (fd < 0 || bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0)
		return error_errno(err, "iSCSI netlink");
	if (read_handle(&transport, err) < 0)
		return -1;
	session = (uint32_t)strtoul(name + strlen("session"), NULL, 10);
	if (tell(fd, EVENT_STOP_CONN, transport, session, err) < 0 ||
	    tell(fd, EVENT_DESTROY_CONN, transport, session, err) < 0 ||
	    tell(fd, EVENT_DESTROY_SESSION, transport, session, err) < 0)
		return -1;
	return iscsi_session_find(target, name) ? error_set(err, "the kernel keeps the session with %s", target) : 0;
}
