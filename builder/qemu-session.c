#include "builder/qemu-session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "builder/qemu-advice.h"

enum {
	TICK = 500,             /* milliseconds between looks at the clock */
	PROBE_TICK = 50,
	LAST_WORDS = 1000,      /* after a failure: what is said next tells why */
	LINE_GRACE = 300,       /* after a match: for the rest of its line */
	SHUTDOWN_GRACE = 30000, /* after the power button */
	PRESS_AGAIN = 2000,     /* a kernel that has no driver for the button yet does not notice */
};

/* A line of our own, between those of the machine. */
static __attribute__((format(printf, 2, 3))) void say(struct session *s, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%smkdl: ", s->console.line_open ? "\n" : "");
	s->console.line_open = false;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

static void stop_with(struct session *s, enum session_end end)
{
	s->end = end;
	s->over = true;
}

/* Keys go to the machine as they are, without echo, but for Ctrl-C. Saved settings are in *saved when true is returned. */
static bool terminal_raw(struct termios *saved)
{
	struct termios raw;

	if (!isatty(0) || tcgetpgrp(0) != getpgrp() || tcgetattr(0, saved) < 0)
		return false;
	raw = *saved;
	raw.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | IXON);
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
	raw.c_cc[VSUSP] = raw.c_cc[VQUIT] = _POSIX_VDISABLE;
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	return tcsetattr(0, TCSADRAIN, &raw) == 0;
}

static void show_answer(struct session *s, struct probe *p)
{
	const char *line = p->body.len ? p->body.data : "";
	unsigned shown = 0;

	if (p->status)
		say(s, "port %u of the machine answers on 127.0.0.1:%u: HTTP %ld", p->forward.guest, p->forward.host, p->status);
	else
		say(s, "port %u of the machine answers on 127.0.0.1:%u", p->forward.guest, p->forward.host);
	for (; *line && shown < 5; shown++) {
		size_t n = strcspn(line, "\r\n");

		fprintf(stderr, "    %.*s\n", n < 160 ? (int)n : 160, line);
		line += n;
		line += strspn(line, "\r\n");
	}
}

static void after_seen(struct session *s)
{
	if (s->keep) {
		say(s, "seen; the machine stays up, Ctrl-C stops it");
		s->timeout = 0;
	} else {
		stop_with(s, SESSION_SEEN);
	}
	s->answered = true;
}

static int step_seen(struct session *s, int64_t now, struct error *err)
{
	if (!s->seen || s->answered)
		return 0;
	if (!s->probes.multi) {
		/* The line that matched is shown to its end first. */
		if (s->console.lines == s->console.seen_at && now < s->seen_at + LINE_GRACE)
			return 0;
		if (!s->forward_count) {
			after_seen(s);
			return 0;
		}
		if (probes_start(&s->probes, s->forwards, s->forward_count, err) < 0)
			return -1;
	}
	if (!probes_step(&s->probes, now))
		return 0;
	s->answered_at = now;
	for (size_t i = 0; i < s->probes.count; i++)
		show_answer(s, &s->probes.items[i]);
	after_seen(s);
	return 0;
}

static void step_failure(struct session *s, int64_t now)
{
	enum console_failure f = s->console.failure;

	/* An init that stopped may offer a shell: that is for the user, unless nobody is there who would use it. */
	if (f == CONSOLE_FINE || s->stop_at || (f == CONSOLE_INIT_FAILED && !s->until))
		return;
	s->stop_at = now + LAST_WORDS;
	s->end = SESSION_FAILED;
}

static void take_signal(struct session *s, int64_t now)
{
	struct signalfd_siginfo info;

	if (read(s->signals, &info, sizeof(info)) != sizeof(info))
		return;
	s->end = SESSION_INTERRUPTED;
	if (info.ssi_signo != SIGINT || s->interrupts++ || !s->console.kernel) {
		s->over = true;
		return;
	}
	say(s, "power button pressed; Ctrl-C again switches the machine off at once");
	qemu_power_button(&s->process);
	s->press_at = now + PRESS_AGAIN;
	s->stop_at = now + SHUTDOWN_GRACE;
}

/* 0 at the end of the console. */
static int take_console(struct session *s, int64_t now, struct error *err)
{
	_cleanup_strbuf_ struct strbuf show = {0};
	char data[16384];
	ssize_t n = read(s->process.console, data, sizeof(data));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 1;
	if (n <= 0)
		return 0;
	console_feed(&s->console, data, (size_t)n, &show);
	if (show.len && fd_write_all(s->output, show.data, show.len, "the console", err) < 0)
		return -1;
	if (s->console.kernel && !s->kernel_at)
		s->kernel_at = now;
	if (s->console.seen && !s->seen) {
		s->seen = true;
		s->seen_at = now;
	}
	return 1;
}

static void take_input(struct session *s)
{
	char keys[256];
	ssize_t n = read(0, keys, sizeof(keys));

	if (n <= 0)
		s->input_open = n < 0 && (errno == EINTR || errno == EAGAIN);
	else
		strbuf_add(&s->input, keys, (size_t)n);
}

static void give_input(struct session *s)
{
	ssize_t n = send(s->process.console, s->input.data, s->input.len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n <= 0)
		return;
	memmove(s->input.data, s->input.data + n, s->input.len - (size_t)n);
	s->input.len -= (size_t)n;
}

static int step(struct session *s, struct error *err)
{
	/* What was typed is passed on before more is taken. */
	struct pollfd fds[] = {
		{.fd = s->signals, .events = POLLIN},
		{.fd = s->process.console, .events = (short)(POLLIN | (s->input.len ? POLLOUT : 0))},
		{.fd = s->process.errors, .events = POLLIN},
		{.fd = s->input_open && !s->input.len ? 0 : -1, .events = POLLIN},
	};
	bool probing = s->seen && !s->answered;
	int64_t now;
	int more = 1;

	if (poll(fds, sizeof(fds) / sizeof(fds[0]), probing ? PROBE_TICK : TICK) < 0 && errno != EINTR)
		return error_errno(err, "cannot wait for the machine");
	now = clock_ms();
	if (fds[0].revents)
		take_signal(s, now);
	if (fds[1].revents & (POLLIN | POLLHUP | POLLERR))
		more = take_console(s, now, err);
	if (fds[1].revents & POLLOUT)
		give_input(s);
	if (fds[2].revents)
		qemu_read_errors(&s->process, &s->errors);
	if (fds[3].revents)
		take_input(s);
	if (more < 0)
		return -1;
	step_failure(s, now);
	if (!more) {
		s->over = true;
		return 0;
	}
	if (!s->stop_at && step_seen(s, now, err) < 0)
		return -1;
	if (s->press_at && now >= s->press_at) {
		qemu_power_button(&s->process);
		s->press_at = now + PRESS_AGAIN;
	}
	if (s->stop_at && now >= s->stop_at) {
		if (s->end == SESSION_INTERRUPTED)
			say(s, "it did not shut down within %d s: switched off", SHUTDOWN_GRACE / 1000);
		s->over = true;
	}
	if (s->timeout && !s->over && !s->stop_at && now >= s->started + s->timeout * 1000LL)
		stop_with(s, SESSION_TIMEOUT);
	return 0;
}

static int session_signals(sigset_t *old, struct error *err)
{
	sigset_t wanted;
	int fd;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGINT);
	sigaddset(&wanted, SIGTERM);
	sigaddset(&wanted, SIGHUP);
	fd = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return error_errno(err, "cannot watch for signals");
	sigprocmask(SIG_BLOCK, &wanted, old);
	return fd;
}

static int loop(struct session *s, struct error *err)
{
	struct termios saved;
	bool raw = terminal_raw(&saved);
	int code = 0;

	/* Not in the background of a shell, where reading the terminal would stop us. */
	s->input_open = raw || !isatty(0);
	while (!s->over && code == 0)
		code = step(s, err);
	if (raw)
		tcsetattr(0, TCSADRAIN, &saved);
	if (s->console.line_open && fd_write_all(s->output, "\n", 1, "the console", err) < 0)
		return -1;
	return code;
}

/* QEMU that ended by itself and not well: its own message is the reason. */
static int check_qemu(struct session *s, struct error *err)
{
	const char *hint = "";

	if (s->end != SESSION_OFF || (WIFEXITED(s->process.status) && WEXITSTATUS(s->process.status) == 0))
		return 0;
	qemu_read_errors(&s->process, &s->errors);
	while (s->errors.len && s->errors.data[s->errors.len - 1] == '\n')
		s->errors.data[--s->errors.len] = '\0';
	if (s->errors.len && strstr(s->errors.data, "host forwarding rule") &&
	    advice_forwards(s->forwards, s->forward_count, err) < 0)
		return -1;
	if (s->errors.len && strstr(s->errors.data, "failed to find romfile"))
		hint = "\n(the network card's boot ROM: on Debian apt-get install ipxe-qemu)";
	if (s->errors.len)
		return error_set(err, "QEMU failed: %s%s", s->errors.data, hint);
	if (WIFSIGNALED(s->process.status))
		return error_set(err, "QEMU was killed by signal %d", WTERMSIG(s->process.status));
	return error_set(err, "QEMU failed with exit status %d", WEXITSTATUS(s->process.status));
}

int session_run(struct session *s, const char *const *argv, struct error *err)
{
	sigset_t old;
	int code;

	s->end = SESSION_OFF;
	s->console.until = s->until;
	s->process = (struct qemu_process){.console = -1, .monitor = -1, .errors = -1};
	s->signals = session_signals(&old, err);
	if (s->signals < 0)
		return -1;
	s->started = clock_ms();
	code = qemu_start(&s->process, argv, err);
	if (code == 0)
		code = loop(s, err);
	qemu_stop(&s->process);
	s->ended_at = clock_ms();
	if (code == 0)
		code = check_qemu(s, err);
	qemu_close(&s->process);
	close(s->signals);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return code;
}

void session_free(struct session *s)
{
	console_free(&s->console);
	probes_free(&s->probes);
	strbuf_free(&s->input);
	strbuf_free(&s->errors);
}
