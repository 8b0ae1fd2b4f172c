#include "builder/progress.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "builder/units.h"

enum { BAR_WIDTH = 20, REDRAW_MS = 100, QUIET_MS = 100 };
enum { LOOK_MS = 500, FIRST_SIGN_MS = 3000, NEXT_SIGN_MS = 30000 }; /* without a terminal */

struct progress_step {
	struct progress *owner;
	struct progress_step *next;
	char *verb, *name;
	uint64_t done, total;
	int64_t start; /* ms */
	int64_t sign;  /* when the next sign of life is due, without a terminal */
};

struct progress {
	pthread_mutex_t mutex;
	pthread_t ticker;
	pthread_cond_t stop;
	bool terminal, ticking, color, stopping;
	int verbose;
	unsigned drawn; /* live lines on the screen now */
	struct progress_step *steps;
};

static unsigned columns(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

static void erase(struct progress *p)
{
	while (p->drawn) {
		fputs("\033[1A\033[2K", stderr);
		p->drawn--;
	}
}

static void draw_step(const struct progress_step *s, unsigned width)
{
	char line[512], done[UNITS_SIZE], total[UNITS_SIZE], bar[BAR_WIDTH + 1];
	double seconds = (double)(clock_ms() - s->start) / 1000;

	if (s->total) {
		unsigned full = (unsigned)((s->done < s->total ? s->done : s->total) * BAR_WIDTH / s->total);

		memset(bar, '-', BAR_WIDTH);
		memset(bar, '#', full);
		bar[BAR_WIDTH] = '\0';
		snprintf(line, sizeof(line), "  %-9s [%s] %s of %s  %.1f s  %s", s->verb, bar, units_bytes(done, s->done),
			 units_bytes(total, s->total), seconds, s->name);
	} else if (s->done) {
		snprintf(line, sizeof(line), "  %-9s %s  %.1f s  %s", s->verb, units_bytes(done, s->done), seconds, s->name);
	} else {
		snprintf(line, sizeof(line), "  %-9s %.1f s  %s", s->verb, seconds, s->name);
	}
	fprintf(stderr, "%.*s\n", (int)width - 1, line);
}

static void draw(struct progress *p)
{
	unsigned width;

	if (!p->terminal)
		return;
	width = columns();
	for (struct progress_step *s = p->steps; s; s = s->next) {
		draw_step(s, width);
		p->drawn++;
	}
	fflush(stderr);
}

/* Without a terminal a long step says that it runs: soon after it began, then now and again. Nobody waits before silence. */
static void give_signs(struct progress *p)
{
	int64_t now = clock_ms();

	for (struct progress_step *s = p->steps; s; s = s->next) {
		char done[UNITS_SIZE], total[UNITS_SIZE];
		bool first = s->sign < s->start + NEXT_SIGN_MS;

		if (now < s->sign)
			continue;
		fprintf(stderr, "%-9s %s …", s->verb, s->name);
		if (s->total && s->done)
			fprintf(stderr, "  %s of %s", units_bytes(done, s->done), units_bytes(total, s->total));
		if (first)
			fputc('\n', stderr);
		else
			fprintf(stderr, "  %d s\n", (int)((now - s->start) / 1000));
		s->sign = (first ? s->start : s->sign) + NEXT_SIGN_MS;
	}
}

/* Redraws at a steady pace, so that time moves on even while a step reports nothing. */
static void *tick(void *arg)
{
	struct progress *p = arg;
	int64_t pace = p->terminal ? REDRAW_MS : LOOK_MS;

	pthread_mutex_lock(&p->mutex);
	while (!p->stopping) {
		struct timespec until;

		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += pace * 1000000;
		if (until.tv_nsec >= 1000000000L) {
			until.tv_sec++;
			until.tv_nsec -= 1000000000L;
		}
		pthread_cond_timedwait(&p->stop, &p->mutex, &until);
		if (!p->terminal) {
			give_signs(p);
		} else if (!p->stopping && (p->steps || p->drawn)) {
			erase(p);
			draw(p);
		}
	}
	pthread_mutex_unlock(&p->mutex);
	return NULL;
}

struct progress *progress_new(bool color, int verbose)
{
	struct progress *p = calloc(1, sizeof(*p));
	const char *term = getenv("TERM");
	pthread_condattr_t attributes;

	if (!p)
		return NULL;
	pthread_mutex_init(&p->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&p->stop, &attributes);
	pthread_condattr_destroy(&attributes);
	p->terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb");
	p->color = color && p->terminal;
	p->verbose = verbose;
	p->ticking = pthread_create(&p->ticker, NULL, tick, p) == 0;
	p->terminal = p->terminal && p->ticking;
	return p;
}

static void step_free(struct progress_step *s)
{
	free(s->verb);
	free(s->name);
	free(s);
}

void progress_free(struct progress *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->mutex);
	p->stopping = true;
	pthread_cond_signal(&p->stop);
	pthread_mutex_unlock(&p->mutex);
	if (p->ticking)
		pthread_join(p->ticker, NULL);
	erase(p);
	fflush(stderr);
	while (p->steps) {
		struct progress_step *s = p->steps;

		p->steps = s->next;
		step_free(s);
	}
	pthread_cond_destroy(&p->stop);
	pthread_mutex_destroy(&p->mutex);
	free(p);
}

struct progress_step *progress_begin(struct progress *p, const char *verb, const char *name, uint64_t total)
{
	struct progress_step *s, **at;

	if (!p)
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	*s = (struct progress_step){.owner = p, .verb = strdup(verb), .name = strdup(name), .total = total, .start = clock_ms()};
	if (!s->verb || !s->name) {
		step_free(s);
		return NULL;
	}
	s->sign = s->start + FIRST_SIGN_MS;
	pthread_mutex_lock(&p->mutex);
	for (at = &p->steps; *at; at = &(*at)->next)
		;
	*at = s;
	pthread_mutex_unlock(&p->mutex);
	return s;
}

void progress_advance(struct progress_step *s, uint64_t done)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->owner->mutex);
	s->done = done;
	pthread_mutex_unlock(&s->owner->mutex);
}

static void unlink_step(struct progress_step *s)
{
	for (struct progress_step **at = &s->owner->steps; *at; at = &(*at)->next) {
		if (*at == s) {
			*at = s->next;
			return;
		}
	}
}

void progress_end(struct progress_step *s, const char *note)
{
	struct progress *p;
	int64_t took;

	if (!s)
		return;
	p = s->owner;
	took = clock_ms() - s->start;
	pthread_mutex_lock(&p->mutex);
	erase(p);
	unlink_step(s);
	if (took >= QUIET_MS || p->verbose) {
		char bytes[UNITS_SIZE] = "";
		const char *gap = "";
		uint64_t size = s->total ? s->total : s->done;

		if (size) {
			units_bytes(bytes, size);
			gap = "  ";
		}
		fprintf(stderr, "%s%-9s%s %s  %s%s%.1f s%s%s\n", p->color ? "\033[32m" : "", s->verb, p->color ? "\033[0m" : "",
			s->name, bytes, gap, (double)took / 1000, note ? "  " : "", note ? note : "");
	}
	draw(p);
	pthread_mutex_unlock(&p->mutex);
	step_free(s);
}

void progress_drop(struct progress_step *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->owner->mutex);
	unlink_step(s);
	pthread_mutex_unlock(&s->owner->mutex);
	step_free(s);
}

void progress_say(struct progress *p, int level, const char *fmt, ...)
{
	va_list ap;

	if (!p || p->verbose < level)
		return;
	pthread_mutex_lock(&p->mutex);
	erase(p);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	draw(p);
	pthread_mutex_unlock(&p->mutex);
}
