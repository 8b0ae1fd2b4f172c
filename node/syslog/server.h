/* The syslog server: UDP (RFC 5426) or TCP with octet counting (RFC 6587, section 3.4.1). */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "node/syslog/queue.h"

struct server {
	bool tcp;
	const char *host, *port;
	int fd;              /* -1: not connected */
	bool connecting;     /* TCP: under way */
	bool away;           /* it was said that it is away */
	int64_t retry;       /* when to try again (clock_ms) */
	int64_t pause;       /* ms until the try after that */
	int64_t since;       /* since when it is away */
	struct queued *sent; /* TCP: the last one that the kernel took; up to it they wait to be acknowledged. NULL: none does */
	size_t done;         /* TCP: bytes of the one behind it, with its count, that the kernel took */
	uint64_t unacked;    /* TCP: bytes of those up to it, with their counts */
};

/* What to poll it for; events 0: nothing. */
struct pollfd server_poll(const struct server *s, const struct queue *q);

/* Send what can be sent; connect where that is due. Messages leave the queue once the server has them (TCP: acknowledged). */
void server_work(struct server *s, struct queue *q, int64_t now);

/* When there is something to do in any case. */
int64_t server_next(const struct server *s, const struct queue *q);
