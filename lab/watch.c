/* A lab, watched until it is where it should be. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "builder/run-program.h"
#include "lab/table.h"

enum { LOOK_MS = 500, LAST_LINES = 15, GIVE_UP = 3, LOG_TAIL = 16384, EVENT_LINES = 6 };

struct watch {
	struct lab_client *client;
	enum lab_goal goal;
	FILE *to;
	bool terminal;
	int events;      /* log/events, as far as it was read */
	struct strbuf story;
	unsigned drawn;  /* lines on the screen */
	struct tally {
		unsigned long boots; /* the boot that failed last */
		unsigned failures;
	} *tallies;
};

static void erase(struct watch *w)
{
	for (; w->drawn; w->drawn--)
		fputs("\033[1A\033[2K", w->to);
}

/* What was added to the story since the last look. Off a terminal it is shown as it is. */
static void follow(struct watch *w)
{
	char text[4096];
	ssize_t n;

	if (w->events < 0)
		return;
	while ((n = fd_read(w->events, text, sizeof(text))) > 0) {
		if (w->terminal)
			strbuf_add(&w->story, text, (size_t)n);
		else
			fwrite(text, 1, (size_t)n, w->to);
	}
	fflush(w->to);
}

/* Each line cut to the screen's width, so that as many can be erased as were printed. */
static void show(struct watch *w, const char *text)
{
	struct winsize size;
	int width = ioctl(fileno(w->to), TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col - 1 : 79;

	while (*text) {
		size_t n = strcspn(text, "\n");

		fprintf(w->to, "%.*s\n", n > (size_t)width ? width : (int)n, text);
		w->drawn++;
		text += n + (text[n] == '\n');
	}
}

static void draw(struct watch *w, const struct lab_status *s)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_arena_ struct arena a = {0};
	size_t size;
	FILE *table;

	if (!w->terminal)
		return;
	table = open_memstream(&text, &size);
	if (!table)
		return;
	table_print(s, w->client->dir, table);
	fclose(table);
	erase(w);
	show(w, text);
	show(w, text_tail(&a, w->story.data ? w->story.data : "", w->story.len, EVENT_LINES));
	fflush(w->to);
}

static bool is_there(const struct watch *w, const struct status_node *n)
{
	return !strcmp(w->goal == GOAL_READY ? n->ready : n->step, w->goal == GOAL_READY ? "yes" : "up");
}

static bool all_there(const struct watch *w, const struct lab_status *s)
{
	for (size_t i = 0; i < s->node_count; i++)
		if (!is_there(w, &s->nodes[i]))
			return false;
	return w->goal != GOAL_NONE;
}

/* The last lines of a node's console, as text. */
static void last_lines(struct strbuf *out, const char *dir, const char *node)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_close_ int fd = open(arena_printf(&a, "%s/console/%s", dir, node), O_RDONLY | O_CLOEXEC);
	char text[LOG_TAIL], *to = text;
	const char *tail;
	ssize_t n;

	if (fd < 0)
		return;
	if (lseek(fd, -LOG_TAIL, SEEK_END) < 0)
		lseek(fd, 0, SEEK_SET);
	n = fd_read(fd, text, sizeof(text));
	for (ssize_t i = 0; i < n; i++)
		if (text[i] == '\n' || ((unsigned char)text[i] >= ' ' && text[i] != 0x7f))
			*to++ = text[i];
	tail = text_tail(&a, text, (size_t)(to - text), LAST_LINES);
	while (*tail) {
		size_t line = strcspn(tail, "\n");

		strbuf_printf(out, "\n    | %.*s", line > 160 ? 160 : (int)line, tail);
		tail += line + (tail[line] == '\n');
	}
}

/* Every node that is not where it should be: how far it is, what it said last. */
static int explain(const struct watch *w, const struct lab_status *s, const char *why, struct error *err)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	strbuf_puts(&out, why);
	for (size_t i = 0; i < s->node_count; i++) {
		const struct status_node *n = &s->nodes[i];

		if (is_there(w, n))
			continue;
		strbuf_printf(&out, "\n%s (%s, %s): %s%s", n->name, n->role, n->address,
			      !strcmp(n->step, "up") ? "up, but its Node is " : "",
			      strcmp(n->step, "up") != 0 ? n->phase : !strcmp(n->ready, "-") ? "not there" : "not Ready");
		if (*n->said)
			strbuf_printf(&out, "; it said last: %s", n->said);
		last_lines(&out, w->client->dir, n->name);
	}
	if (w->goal == GOAL_READY)
		strbuf_printf(&out, "\nthe API: %s", s->api);
	return error_set(err, "%s", out.data);
}

/* A boot that fails is tried again by the node itself; one that has failed three times will go on to. */
static const char *hopeless(struct arena *a, struct watch *w, const struct lab_status *s)
{
	for (size_t i = 0; i < s->server_count; i++)
		if (!strcmp(s->servers[i].state, "ended"))
			return arena_printf(a, "the lab's server \"%s\" has ended, see %s/log/%s", s->servers[i].name, w->client->dir,
					    s->servers[i].name);
	for (size_t i = 0; i < s->node_count; i++) {
		const struct status_node *n = &s->nodes[i];
		struct tally *t = &w->tallies[i];

		if (!strcmp(n->step, "off"))
			return arena_printf(a, "%s is off", n->name);
		if (strcmp(n->step, "failed") != 0 || t->boots == n->boots + 1)
			continue;
		t->boots = n->boots + 1;
		if (++t->failures >= GIVE_UP)
			return arena_printf(a, "%s has failed to boot %d times", n->name, GIVE_UP);
	}
	return NULL;
}

static int watch_signals(void)
{
	sigset_t wanted;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGINT);
	sigaddset(&wanted, SIGTERM);
	sigprocmask(SIG_BLOCK, &wanted, NULL);
	return signalfd(-1, &wanted, SFD_CLOEXEC);
}

/* 1 when it is over. */
static int look(struct arena *a, struct watch *w, int64_t until, unsigned timeout, enum watch_end *end, struct error *err)
{
	struct lab_status s;
	const char *why;

	if (client_status(a, w->client, &s, err) < 0)
		return -1;
	if (!w->tallies)
		w->tallies = arena_calloc(a, s.node_count, sizeof(*w->tallies));
	follow(w);
	draw(w, &s);
	if (w->goal == GOAL_NONE)
		return 0;
	if (all_there(w, &s)) {
		*end = WATCH_REACHED;
		return 1;
	}
	why = hopeless(a, w, &s);
	if (!why && until && clock_ms() >= until)
		why = arena_printf(a, "not all nodes were %s within %u s", w->goal == GOAL_UP ? "up" : "Ready", timeout);
	if (!why)
		return 0;
	*end = WATCH_FAILED;
	explain(w, &s, why, err);
	return 1;
}

int watch(struct arena *a, struct lab_client *c, enum lab_goal goal, unsigned timeout, FILE *to, enum watch_end *end,
	  struct error *err)
{
	const char *term = getenv("TERM");
	struct watch w = {.client = c, .goal = goal, .to = to, .terminal = isatty(fileno(to)) && term && strcmp(term, "dumb") != 0};
	_cleanup_close_ int signals = watch_signals(), events = open(arena_printf(a, "%s/log/events", c->dir), O_RDONLY | O_CLOEXEC);
	int64_t until = timeout ? clock_ms() + timeout * 1000LL : 0;
	int code = 0;

	w.events = events;
	w.tallies = NULL;
	while (code == 0) {
		struct pollfd fd = {.fd = signals, .events = POLLIN};
		/* Each look has its own memory: a lab may be watched for days. */
		struct arena moment = {0};

		if (!w.tallies)
			code = look(a, &w, until, timeout, end, err);
		else
			code = look(&moment, &w, until, timeout, end, err);
		arena_free(&moment);
		if (code == 0 && poll(&fd, 1, LOOK_MS) > 0) {
			*end = WATCH_INTERRUPTED;
			code = 1;
		}
	}
	follow(&w);
	strbuf_free(&w.story);
	return code < 0 ? -1 : 0;
}
