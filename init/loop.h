/* What PID 1 waits for: descriptors (epoll(7)) and times. A watch and a timer belong to whoever uses them and must stay
 * where they are while the loop knows them; the loop allocates nothing.
 *
 * A callback may add, change and drop any watch or timer, its own included. It must not block, and must not turn the
 * loop (supervise_step, supervise_wait, child_run are for phases). A watch whose descriptor stays readable is called
 * again at every turn: read what there is or drop it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "base/error.h"

struct watch {
	int fd;
	void (*call)(void *data, uint32_t events); /* NULL: not watched, as in one that is zeroed */
	void *data;
};

struct timer {
	int64_t at; /* clock_ms */
	void (*call)(void *data, int64_t now);
	void *data;
	struct timer *next; /* the loop's */
	bool set;           /* the loop's */
};

enum { LOOP_BATCH = 32 };

struct loop {
	int epoll_fd;
	struct timer *timers;                  /* the soonest first */
	struct epoll_event batch[LOOP_BATCH];  /* what the turn under way has to call */
	int pending;                           /* number of them */
};

int loop_open(struct loop *l, struct error *err);

/* Call `call` when fd has one of these events (EPOLLIN, EPOLLOUT, EPOLLPRI; EPOLLERR and EPOLLHUP always). The
 * descriptor stays the caller's. */
int loop_watch(struct loop *l, struct watch *w, int fd, uint32_t events, void (*call)(void *data, uint32_t events),
	       void *data, struct error *err);

/* From now on wait for these events. */
void loop_change(struct loop *l, struct watch *w, uint32_t events);

/* Forget the watch, before its descriptor is closed. Nothing happens to one that is not watched. */
void loop_unwatch(struct loop *l, struct watch *w);

/* Call t->call with t->data once it is `at` (clock_ms). One that was set is set anew. */
void loop_at(struct loop *l, struct timer *t, int64_t at);
void loop_cancel(struct loop *l, struct timer *t);

/* Handle what there is, else wait for it, until the time `until` (clock_ms) or the first timer at most. */
void loop_turn(struct loop *l, int64_t until);
