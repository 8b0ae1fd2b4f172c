#include "init/loop.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"

enum { LONGEST_WAIT_MS = 10000, PAUSE_MS = 100 };

int loop_open(struct loop *l, struct error *err)
{
	struct loop fresh = {.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};

	if (fresh.epoll_fd < 0)
		return error_errno(err, "epoll_create1");
	*l = fresh;
	return 0;
}

int loop_watch(struct loop *l, struct watch *w, int fd, uint32_t events, void (*call)(void *data, uint32_t events),
	       void *data, struct error *err)
{
	struct epoll_event event = {.events = events, .data.ptr = w};

	*w = (struct watch){0};
	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return error_errno(err, "epoll_ctl");
	*w = (struct watch){.fd = fd, .call = call, .data = data};
	return 0;
}

void loop_change(struct loop *l, struct watch *w, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = w};

	if (w->call)
		epoll_ctl(l->epoll_fd, EPOLL_CTL_MOD, w->fd, &event);
}

void loop_unwatch(struct loop *l, struct watch *w)
{
	if (!w->call)
		return;
	epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
	w->call = NULL;
	/* The turn under way may have it still to call. */
	for (int i = 0; i < l->pending; i++)
		if (l->batch[i].data.ptr == w)
			l->batch[i].data.ptr = NULL;
}

void loop_cancel(struct loop *l, struct timer *t)
{
	if (!t->set)
		return;
	for (struct timer **p = &l->timers; *p; p = &(*p)->next)
		if (*p == t) {
			*p = t->next;
			break;
		}
	t->set = false;
}

void loop_at(struct loop *l, struct timer *t, int64_t at)
{
	struct timer **p = &l->timers;

	loop_cancel(l, t);
	while (*p && (*p)->at <= at)
		p = &(*p)->next;
	t->at = at;
	t->next = *p;
	t->set = true;
	*p = t;
}

/* Those that were due when it began: one that sets itself anew for now has its turn in the next. */
static void call_timers(struct loop *l)
{
	int64_t now = clock_ms();
	unsigned due = 0;

	for (const struct timer *t = l->timers; t && t->at <= now; t = t->next)
		due++;
	for (struct timer *t = l->timers; t && t->at <= now && due > 0; t = l->timers, due--) {
		loop_cancel(l, t);
		t->call(t->data, now);
	}
}

static int wait_ms(const struct loop *l, int64_t until)
{
	int64_t wait;

	if (l->timers && l->timers->at < until)
		until = l->timers->at;
	wait = until - clock_ms();
	return wait < 0 ? 0 : wait > LONGEST_WAIT_MS ? LONGEST_WAIT_MS : (int)wait;
}

void loop_turn(struct loop *l, int64_t until)
{
	int n = epoll_wait(l->epoll_fd, l->batch, LOOP_BATCH, wait_ms(l, until));

	/* Interrupted, or something that must not happen: do not spin. */
	if (n < 0 && errno != EINTR)
		usleep(PAUSE_MS * 1000);
	l->pending = n > 0 ? n : 0;
	for (int i = 0; i < l->pending; i++) {
		struct watch *w = l->batch[i].data.ptr;

		if (w)
			w->call(w->data, l->batch[i].events);
	}
	l->pending = 0;
	call_timers(l);
}
