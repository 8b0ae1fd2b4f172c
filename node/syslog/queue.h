/* Messages that wait to be sent, in order, within a limit of bytes. What does not fit is counted, and said in its place. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { QUEUE_LIMIT = 512 << 10 };

struct queued {
	struct queued *next;
	size_t size;
	char text[];
};

struct queue {
	struct queued *first, *last;
	size_t bytes;
	uint64_t lost;  /* since there was last room */
};

/* Add a message. False: it is lost, for want of room or memory. */
bool queue_add(struct queue *q, const char *text, size_t n);
void queue_pop(struct queue *q);
/* Is there room for some more than one message? */
bool queue_has_room(const struct queue *q);
