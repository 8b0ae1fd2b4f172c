#include "node/network/netlink.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { ANSWER_SIZE = 64 * 1024, PATIENCE_MS = 5000 };

static int open_socket(int extra, struct error *err)
{
	static const int on = 1;
	struct sockaddr_nl local = {.nl_family = AF_NETLINK};
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | extra, NETLINK_ROUTE);

	if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof(local)) < 0)
		return error_errno(err, "opening a netlink socket");
	/* Older kernels have no words beside the number of an error: fine. */
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	return take_fd(&fd);
}

int netlink_open(struct netlink *n, struct error *err)
{
	int fd = open_socket(0, err);

	if (fd < 0)
		return -1;
	*n = (struct netlink){.fd = fd};
	return 0;
}

int netlink_subscribe(const unsigned *groups, struct error *err)
{
	_cleanup_close_ int fd = open_socket(SOCK_NONBLOCK, err);

	if (fd < 0)
		return -1;
	for (; *groups; groups++)
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, groups, sizeof(*groups)) < 0)
			return error_errno(err, "subscribing to netlink group %u", *groups);
	return take_fd(&fd);
}

void message_begin(struct message *m, uint16_t type, uint16_t flags, const void *body, size_t n)
{
	memset(m, 0, sizeof(*m));
	m->header.nlmsg_type = type;
	m->header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	memcpy(m->bytes + NLMSG_HDRLEN, body, n);
	m->size = NLMSG_ALIGN(NLMSG_LENGTH(n));
}

void message_put(struct message *m, unsigned short type, const void *data, size_t n)
{
	struct rtattr header = {.rta_len = (unsigned short)RTA_LENGTH(n), .rta_type = type};

	if (n > MESSAGE_SIZE || m->size + RTA_SPACE(n) > MESSAGE_SIZE) {
		m->overflow = true;
		return;
	}
	memcpy(m->bytes + m->size, &header, sizeof(header));
	if (n)
		memcpy(m->bytes + m->size + RTA_LENGTH(0), data, n);
	m->size += RTA_SPACE(n);
}

void message_put_u8(struct message *m, unsigned short type, uint8_t value)
{
	message_put(m, type, &value, sizeof(value));
}

void message_put_u16(struct message *m, unsigned short type, uint16_t value)
{
	message_put(m, type, &value, sizeof(value));
}

void message_put_u32(struct message *m, unsigned short type, uint32_t value)
{
	message_put(m, type, &value, sizeof(value));
}

void message_put_string(struct message *m, unsigned short type, const char *value)
{
	message_put(m, type, value, strlen(value) + 1);
}

size_t message_open(struct message *m, unsigned short type)
{
	size_t opened = m->size;

	message_put(m, type | NLA_F_NESTED, NULL, 0);
	return opened;
}

void message_close(struct message *m, size_t opened)
{
	unsigned short length = (unsigned short)(m->size - opened);

	if (!m->overflow)
		memcpy(m->bytes + opened, &length, sizeof(length));
}

static int send_message(struct netlink *n, struct message *m, uint16_t flags)
{
	if (m->overflow) {
		errno = EMSGSIZE;
		return -1;
	}
	m->header.nlmsg_flags |= flags;
	m->header.nlmsg_len = (uint32_t)m->size;
	m->header.nlmsg_seq = ++n->sequence;
	return send(n->fd, m->bytes, m->size, 0) == (ssize_t)m->size ? 0 : -1;
}

/* One datagram of the kernel's. 0: none came in time or it was of somebody else. */
static ssize_t receive(const struct netlink *n, char *answer)
{
	struct sockaddr_nl from = {0};
	socklen_t length = sizeof(from);
	struct pollfd p = {.fd = n->fd, .events = POLLIN};
	ssize_t got;

	if (poll(&p, 1, PATIENCE_MS) <= 0) {
		errno = ETIMEDOUT;
		return -1;
	}
	got = recvfrom(n->fd, answer, ANSWER_SIZE, 0, (struct sockaddr *)&from, &length);
	if (got < 0)
		return errno == EINTR ? 0 : -1;
	return from.nl_pid == 0 ? got : 0;
}

/* The kernel's words beside the error (NLMSGERR_ATTR_MSG), behind the header of the request that it repeats or not. */
static void take_words(const struct nlmsghdr *h, char why[static 128])
{
	const struct nlmsgerr *e = NLMSG_DATA(h);
	size_t skip = sizeof(*e);
	const struct rtattr *table[NLMSGERR_ATTR_MAX + 1] = {0};

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		skip += e->msg.nlmsg_len - sizeof(e->msg);
	netlink_attributes(h, skip, table, NLMSGERR_ATTR_MAX + 1);
	attribute_string(table[NLMSGERR_ATTR_MSG], why, 128);
}

int netlink_call(struct netlink *n, struct message *m, char why[static 128])
{
	static _Alignas(struct nlmsghdr) char answer[ANSWER_SIZE];

	why[0] = '\0';
	if (send_message(n, m, NLM_F_ACK) < 0)
		return -1;
	for (;;) {
		ssize_t got = receive(n, answer);
		size_t left = got > 0 ? (size_t)got : 0;

		if (got < 0)
			return -1;
		for (const struct nlmsghdr *h = (const void *)answer; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
			const struct nlmsgerr *e = NLMSG_DATA(h);

			if (h->nlmsg_seq != n->sequence || h->nlmsg_type != NLMSG_ERROR ||
			    h->nlmsg_len < NLMSG_LENGTH(sizeof(*e)))
				continue;
			if (e->error == 0)
				return 0;
			take_words(h, why);
			errno = -e->error;
			return -1;
		}
	}
}

/* 1: the end of the dump; 0: more to come. */
static int take_dump(const struct netlink *n, const char *answer, size_t left,
		     void (*take)(void *data, const struct nlmsghdr *h), void *data, bool *interrupted)
{
	for (const struct nlmsghdr *h = (const void *)answer; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
		if (h->nlmsg_seq != n->sequence)
			continue;
		*interrupted = *interrupted || (h->nlmsg_flags & NLM_F_DUMP_INTR);
		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
		if (h->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *e = NLMSG_DATA(h);

			errno = h->nlmsg_len < NLMSG_LENGTH(sizeof(*e)) ? EPROTO : -e->error;
			return -1;
		}
		take(data, h);
	}
	return 0;
}

int netlink_dump(struct netlink *n, struct message *m, void (*take)(void *data, const struct nlmsghdr *h), void *data,
		 struct error *err)
{
	static _Alignas(struct nlmsghdr) char answer[ANSWER_SIZE];
	bool interrupted = false;
	int done = 0;

	if (send_message(n, m, NLM_F_DUMP) < 0)
		return error_errno(err, "asking the kernel for its network");
	while (done == 0) {
		ssize_t got = receive(n, answer);

		if (got < 0)
			return error_errno(err, "the kernel's answer about its network");
		done = take_dump(n, answer, (size_t)got, take, data, &interrupted);
	}
	if (done < 0)
		return error_errno(err, "the kernel's answer about its network");
	return interrupted ? error_set(err, "the network changed while the kernel listed it") : 0;
}

static void collect(const char *start, size_t left, const struct rtattr **table, size_t types)
{
	for (const struct rtattr *a = (const void *)start; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		unsigned short type = (unsigned short)(a->rta_type & ~(unsigned)(NLA_F_NESTED | NLA_F_NET_BYTEORDER));

		if (type < types)
			table[type] = a;
	}
}

void netlink_attributes(const struct nlmsghdr *h, size_t n, const struct rtattr **table, size_t types)
{
	size_t skip = NLMSG_SPACE(n);

	if (h->nlmsg_len > skip)
		collect((const char *)h + skip, h->nlmsg_len - skip, table, types);
}

void netlink_nested(const struct rtattr *outer, const struct rtattr **table, size_t types)
{
	if (outer)
		collect(RTA_DATA(outer), RTA_PAYLOAD(outer), table, types);
}

bool attribute_bytes(const struct rtattr *a, void *out, size_t n)
{
	if (!a || RTA_PAYLOAD(a) < n)
		return false;
	memcpy(out, RTA_DATA(a), n);
	return true;
}

uint32_t attribute_u32(const struct rtattr *a)
{
	uint32_t value = 0;

	attribute_bytes(a, &value, sizeof(value));
	return value;
}

uint16_t attribute_u16(const struct rtattr *a)
{
	uint16_t value = 0;

	attribute_bytes(a, &value, sizeof(value));
	return value;
}

uint8_t attribute_u8(const struct rtattr *a)
{
	uint8_t value = 0;

	attribute_bytes(a, &value, sizeof(value));
	return value;
}

void attribute_string(const struct rtattr *a, char *out, size_t size)
{
	size_t n = a ? RTA_PAYLOAD(a) : 0;

	n = n < size ? n : size - 1;
	if (n)
		memcpy(out, RTA_DATA(a), n);
	out[n] = '\0';
}
