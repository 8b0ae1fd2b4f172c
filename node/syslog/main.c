/* syslog: sends the services' logs, PID 1's lines and the kernel's messages to a server. PID 1 runs it when the plan has a
 * syslog record. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "node/syslog/message.h"
#include "node/syslog/server.h"
#include "node/syslog/sources.h"

enum {
	EXIT_USAGE = 2,
	RATE = 500,          /* lines of one log in a second, in the long run … */
	BURST = 5000,        /* … and at once */
	LOGS = 256,
	NAME_SIZE = 80,
	LOOK_MS = 1000,      /* at the sources, whatever inotify says */
	ACK_MS = 200,        /* between looks at what the server has acknowledged */
	SAVE_MS = 10000,
	LAST_MS = 3000,      /* for what is left, when it is to end */
};

static const char usage[] = "usage: syslog [--folder DIR] [--kmsg FILE] [--state FILE] udp|tcp HOST PORT\n";

/* How much one log may say. */
struct budget {
	char app[NAME_SIZE];
	int64_t filled;  /* clock_ms */
	double lines;
	uint64_t left_out;
};

struct shipper {
	struct queue queue;
	struct server server;
	struct budget budgets[LOGS];
	size_t budget_count;
	char host[256];
	bool ending;
};

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static void put(struct shipper *s, const char *app, unsigned priority, int64_t time_us, const char *text, size_t n)
{
	const struct message_head head = {priority, time_us ? time_us : now_us(), s->host, app};
	char message[MESSAGE_SIZE];

	queue_add(&s->queue, message, message_format(message, s->server.tcp ? MESSAGE_SIZE : MESSAGE_UDP_SIZE, &head, text, n));
}

static void __attribute__((format(printf, 3, 4))) put_own(struct shipper *s, unsigned severity, const char *fmt, ...)
{
	char text[160];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put(s, "syslog", FACILITY_DAEMON * 8 + severity, 0, text, n < 0 ? 0 : (size_t)n);
}

static struct budget *budget_of(struct shipper *s, const char *app, int64_t now)
{
	struct budget *b;

	for (size_t i = 0; i < s->budget_count; i++)
		if (!strcmp(s->budgets[i].app, app))
			return &s->budgets[i];
	if (s->budget_count == LOGS)
		return &s->budgets[LOGS - 1];
	b = &s->budgets[s->budget_count++];
	*b = (struct budget){.filled = now, .lines = BURST};
	snprintf(b->app, sizeof(b->app), "%s", app);
	return b;
}

/* May it say one more line now? What was left out is said when it may speak again. */
static bool is_within_budget(struct shipper *s, const char *app)
{
	int64_t now = clock_ms();
	struct budget *b = budget_of(s, app, now);

	b->lines += (double)(now - b->filled) * RATE / 1000;
	b->lines = b->lines > BURST ? BURST : b->lines;
	b->filled = now;
	if (b->lines < 1) {
		b->left_out++;
		return false;
	}
	b->lines--;
	if (b->left_out && b->lines >= RATE) {
		put_own(s, SEVERITY_WARNING, "%" PRIu64 " lines of %s were left out: more than %d in a second", b->left_out, app, RATE);
		b->left_out = 0;
	}
	return true;
}

/* Once there is room again, how much there was none for. */
static void tell_lost(struct shipper *s)
{
	uint64_t lost = s->queue.lost;

	if (!lost || !queue_has_room(&s->queue))
		return;
	s->queue.lost = 0;
	put_own(s, SEVERITY_WARNING, "%" PRIu64 " lines were lost: the server was away, or too slow", lost);
	fprintf(stderr, "syslog: %" PRIu64 " lines were lost: the server was away, or too slow\n", lost);
}

static void take_line(void *data, const char *app, unsigned priority, int64_t time_us, const char *text, size_t n)
{
	struct shipper *s = data;

	if (!is_within_budget(s, app))
		return;
	tell_lost(s);
	/* As long as something was lost there, all that follows is lost too: in order, or not at all. */
	if (s->queue.lost)
		s->queue.lost++;
	else
		put(s, app, priority, time_us, text, n);
}

static void tell_left_out(struct shipper *s)
{
	int64_t now = clock_ms();

	for (size_t i = 0; i < s->budget_count; i++) {
		struct budget *b = &s->budgets[i];

		if (!b->left_out || now - b->filled < LOOK_MS || !queue_has_room(&s->queue))
			continue;
		put_own(s, SEVERITY_WARNING, "%" PRIu64 " lines of %s were left out: more than %d in a second", b->left_out,
			b->app, RATE);
		b->left_out = 0;
	}
}

static int wait_ms(const struct shipper *s, bool more, int64_t now)
{
	int64_t next = server_next(&s->server, &s->queue), wait = LOOK_MS;

	if (more)
		return 0;
	if (next < 0 || s->ending)
		return ACK_MS;
	if (next < now + wait)
		wait = next > now ? next - now : 0;
	return (int)wait;
}

/* One turn; False when it is to end. */
static bool turn(struct shipper *s, struct sources *sources, int signals)
{
	struct signalfd_siginfo info;
	struct pollfd polls[4];
	int fds[2], count = sources_descriptors(sources, fds), n = 0;
	bool more;

	/* It is set by the boot, which this program may have been started before. */
	gethostname(s->host, sizeof(s->host) - 1);
	more = sources_read(sources);
	tell_lost(s);
	tell_left_out(s);
	server_work(&s->server, &s->queue, clock_ms());
	polls[n++] = (struct pollfd){.fd = signals, .events = POLLIN};
	polls[n++] = server_poll(&s->server, &s->queue);
	for (int i = 0; i < count; i++)
		polls[n++] = (struct pollfd){.fd = fds[i], .events = POLLIN};
	poll(polls, (nfds_t)n, wait_ms(s, more, clock_ms()));
	return read(signals, &info, sizeof(info)) != sizeof(info);
}

static int run(struct shipper *s, struct sources *sources, struct error *err)
{
	int64_t save = clock_ms() + SAVE_MS, end;
	sigset_t ends;
	int signals;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	signals = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0)
		return error_errno(err, "signalfd");
	while (turn(s, sources, signals))
		if (clock_ms() >= save) {
			sources_save(sources);
			save = clock_ms() + SAVE_MS;
		}
	s->ending = true;
	end = clock_ms() + LAST_MS;
	do
		turn(s, sources, signals);
	while (s->queue.first && s->server.fd >= 0 && clock_ms() < end);
	sources_save(sources);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
		{"folder", required_argument, NULL, 'f'}, {"kmsg", required_argument, NULL, 'k'},
		{"state", required_argument, NULL, 's'}, {NULL, 0, NULL, 0},
	};
	const char *folder = "/run/mkdl/log", *kmsg = "/dev/kmsg", *state = "/run/mkdl/syslog";
	static struct shipper s = {.server = {.fd = -1}};
	_cleanup_error_ struct error err = {0};
	struct sources *sources;
	int c;

	while ((c = getopt_long(argc, argv, "+", known, NULL)) != -1)
		switch (c) {
		case 'f': folder = optarg; break;
		case 'k': kmsg = optarg; break;
		case 's': state = optarg; break;
		default: fputs(usage, stderr); return EXIT_USAGE;
		}
	if (argc - optind != 3 || (strcmp(argv[optind], "udp") != 0 && strcmp(argv[optind], "tcp") != 0)) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	s.server.tcp = !strcmp(argv[optind], "tcp");
	s.server.host = argv[optind + 1];
	s.server.port = argv[optind + 2];
	sources = sources_open(folder, kmsg, state, take_line, &s, &err);
	if (sources && run(&s, sources, &err) == 0)
		return 0;
	fprintf(stderr, "syslog: %s\n", error_text(&err));
	return 1;
}
