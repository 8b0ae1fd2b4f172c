#include "node/syslog/queue.h"

#include <stdlib.h>
#include <string.h>

bool queue_add(struct queue *q, const char *text, size_t n)
{
	struct queued *m = q->bytes + n + sizeof(*m) > QUEUE_LIMIT ? NULL : malloc(sizeof(*m) + n);

	if (!m) {
		q->lost++;
		return false;
	}
	m->next = NULL;
	m->size = n;
	memcpy(m->text, text, n);
	if (q->last)
		q->last->next = m;
	else
		q->first = m;
	q->last = m;
	q->bytes += n + sizeof(*m);
	return true;
}

void queue_pop(struct queue *q)
{
	struct queued *m = q->first;

	q->first = m->next;
	if (!q->first)
		q->last = NULL;
	q->bytes -= m->size + sizeof(*m);
	free(m);
}

bool queue_has_room(const struct queue *q)
{
	return q->bytes < QUEUE_LIMIT / 4 * 3;
}
