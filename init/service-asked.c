#include "init/service.h"

/* A person asked for it: the pauses that a service's deaths have earned it do not count. */
enum { ASKED_BACKOFF_MS = 100 };

static void forgive(struct service *s)
{
	s->backoff = ASKED_BACKOFF_MS;
	s->deaths = 0;
}

void service_asked_start(struct service *s)
{
	forgive(s);
	if (s->state == SERVICE_STOPPING)
		s->again = true;
	else if (!s->pid)
		s->state = SERVICE_WAITING;
}

void service_asked_stop(struct service *s, int64_t now)
{
	service_stop(s, now, false);
}

void service_asked_restart(struct service *s, int64_t now)
{
	if (!s->pid || s->state == SERVICE_STOPPING) {
		service_asked_start(s);
		return;
	}
	forgive(s);
	service_stop(s, now, true);
}
