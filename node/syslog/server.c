#include "node/syslog/server.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PAUSE_FIRST_MS = 1000,
	PAUSE_LONGEST_MS = 30000,
	DEAD_MS = 30000,     /* without an acknowledgement: the connection is dead */
	ACK_LOOK_MS = 500,
	COUNT_SIZE = 12,     /* "8192 " */
	UDP_AT_ONCE = 64,
};

/* Octet counting: the message's length in front of it. */
static size_t count_of(const struct queued *m, char out[static COUNT_SIZE])
{
	return (size_t)snprintf(out, COUNT_SIZE, "%zu ", m->size);
}

static void give_up(struct server *s, const char *why, int64_t now)
{
	if (!s->away) {
		fprintf(stderr, "syslog: %s: %s; trying on\n", s->host, why);
		s->since = now;
	}
	s->away = true;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->connecting = false;
	/* Whatever was not acknowledged is sent again. */
	s->sent = NULL;
	s->done = s->unacked = 0;
	s->pause = s->pause ? s->pause * 2 : PAUSE_FIRST_MS;
	s->pause = s->pause > PAUSE_LONGEST_MS ? PAUSE_LONGEST_MS : s->pause;
	s->retry = now + s->pause;
}

static void say_back(struct server *s, int64_t now)
{
	if (s->away)
		fprintf(stderr, "syslog: %s: back after %" PRId64 " s\n", s->host, (now - s->since) / 1000);
	s->away = false;
	s->pause = 0;
}

static void set_options(int fd)
{
	const int on = 1, dead = DEAD_MS, idle = 15, interval = 5;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead, sizeof(dead));
}

/* The first of the host's addresses that can be connected to, or at least tried. */
static void connect_to(struct server *s, int64_t now)
{
	const struct addrinfo hints = {.ai_socktype = s->tcp ? SOCK_STREAM : SOCK_DGRAM, .ai_flags = AI_NUMERICSERV};
	int type = hints.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, status, failure = 0;
	struct addrinfo *all, *a;

	status = getaddrinfo(s->host, s->port, &hints, &all);
	if (status != 0) {
		give_up(s, gai_strerror(status), now);
		return;
	}
	for (a = all; a && s->fd < 0; a = a->ai_next) {
		s->fd = socket(a->ai_family, type, 0);
		if (s->fd < 0) {
			failure = errno;
			continue;
		}
		if (s->tcp)
			set_options(s->fd);
		s->connecting = connect(s->fd, a->ai_addr, a->ai_addrlen) < 0;
		if (!s->connecting || errno == EINPROGRESS)
			break;
		failure = errno;
		close(s->fd);
		s->fd = -1;
	}
	freeaddrinfo(all);
	if (s->fd < 0)
		give_up(s, strerror(failure), now);
	else if (s->connecting)
		s->retry = now + DEAD_MS;
}

static void finish_connect(struct server *s, int64_t now)
{
	struct pollfd p = {.fd = s->fd, .events = POLLOUT};
	socklen_t size = sizeof(int);
	int failure = 0;

	if (poll(&p, 1, 0) == 0) {
		if (now >= s->retry)
			give_up(s, "no answer", now);
		return;
	}
	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &failure, &size) < 0 || failure)
		give_up(s, strerror(failure), now);
	else
		s->connecting = false;
}

/* The server says nothing; its end of the connection is heard of all the same. */
static bool is_closed(struct server *s)
{
	char ignored[256];
	ssize_t n;

	while ((n = recv(s->fd, ignored, sizeof(ignored), MSG_DONTWAIT)) > 0)
		;
	return n == 0 || (errno != EAGAIN && errno != EINTR);
}

/* The first that the kernel has not taken, or not all of it. */
static struct queued *next_of(const struct server *s, const struct queue *q)
{
	return s->sent ? s->sent->next : q->first;
}

/* Forget what the server's kernel has acknowledged: all but what still waits in ours. */
static void take_acks(struct server *s, struct queue *q)
{
	int waiting;

	if (ioctl(s->fd, SIOCOUTQ, &waiting) < 0)
		return;
	while (s->sent) {
		char count[COUNT_SIZE];
		uint64_t size = q->first->size + count_of(q->first, count);

		if (s->unacked + s->done < (uint64_t)waiting + size)
			return;
		s->unacked -= size;
		if (s->sent == q->first)
			s->sent = NULL;
		queue_pop(q);
	}
}

static void send_tcp(struct server *s, struct queue *q, int64_t now)
{
	struct queued *m;

	while ((m = next_of(s, q))) {
		char count[COUNT_SIZE];
		size_t head = count_of(m, count), skip = s->done < head ? s->done : head, of_text = s->done - skip;
		struct iovec parts[2] = {{count + skip, head - skip}, {m->text + of_text, m->size - of_text}};
		struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
		ssize_t n = sendmsg(s->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			give_up(s, strerror(errno), now);
			return;
		}
		s->done += (size_t)n;
		if (s->done < head + m->size)
			return;
		s->unacked += s->done;
		s->done = 0;
		s->sent = m;
	}
}

static void send_udp(struct server *s, struct queue *q, int64_t now)
{
	for (int i = 0; i < UDP_AT_ONCE && q->first; i++) {
		ssize_t n = send(s->fd, q->first->text, q->first->size, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOBUFS))
			return;
		/* Larger than the path takes: it will never go. */
		if (n < 0 && errno != EMSGSIZE) {
			give_up(s, strerror(errno), now);
			return;
		}
		queue_pop(q);
	}
}

void server_work(struct server *s, struct queue *q, int64_t now)
{
	if (s->fd < 0 && now >= s->retry && q->first)
		connect_to(s, now);
	if (s->fd >= 0 && s->connecting)
		finish_connect(s, now);
	if (s->fd < 0 || s->connecting)
		return;
	if (!s->tcp) {
		send_udp(s, q, now);
		if (s->fd >= 0 && !q->first)
			say_back(s, now);
		return;
	}
	if (is_closed(s)) {
		give_up(s, "it closed the connection", now);
		return;
	}
	say_back(s, now);
	send_tcp(s, q, now);
	if (s->fd >= 0)
		take_acks(s, q);
}

struct pollfd server_poll(const struct server *s, const struct queue *q)
{
	bool more = s->tcp ? s->connecting || next_of(s, q) != NULL : q->first != NULL;

	return (struct pollfd){.fd = s->fd, .events = (short)((s->tcp ? POLLIN : 0) | (more ? POLLOUT : 0))};
}

int64_t server_next(const struct server *s, const struct queue *q)
{
	if (s->fd < 0 || s->connecting)
		return q->first ? s->retry : INT64_MAX;
	/* Acknowledgements wake nobody. */
	return s->tcp && q->first ? -1 : INT64_MAX;
}
