/* QEMU as a child: its console and monitor over socket pairs, so that nothing has to be named in the file system. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "builder/qemu.h"

enum { QUIT_MILLISECONDS = 2000 };

/* Between fork and exec: only async-signal-safe calls. Errors go to the standard error that the parent reads. */
static __attribute__((noreturn)) void become_qemu(const char *const *argv, pid_t parent, int console, int monitor, int errors)
{
	static const char failed[] = "cannot start QEMU\n";
	sigset_t none;
	int input;

	/* A SIGKILL of mkdl leaves no machine behind. The parent may have died before the request. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	input = open("/dev/null", O_RDWR);
	/* Above the numbers that are about to be taken. */
	console = fcntl(console, F_DUPFD, 10);
	monitor = fcntl(monitor, F_DUPFD, 10);
	errors = fcntl(errors, F_DUPFD, 10);
	if (input >= 0 && console >= 0 && monitor >= 0 && errors >= 0 && dup2(input, 0) == 0 && dup2(errors, 1) == 1 &&
	    dup2(errors, 2) == 2 && dup2(console, QEMU_CONSOLE_FD) >= 0 && dup2(monitor, QEMU_MONITOR_FD) >= 0) {
		close_range(QEMU_MONITOR_FD + 1, ~0U, 0);
		execv(argv[0], (char *const *)argv);
	}
	if (write(2, failed, sizeof(failed) - 1) < 0)
		_exit(126);
	_exit(127);
}

int qemu_start(struct qemu_process *p, const char *const *argv, struct error *err)
{
	_cleanup_close_ int console = -1, monitor = -1, errors = -1;
	_cleanup_close_ int guest_console = -1, guest_monitor = -1, guest_errors = -1;
	int pair[2];
	pid_t self = getpid(), pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(err, "cannot make a console");
	console = pair[0];
	guest_console = pair[1];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(err, "cannot make a monitor");
	monitor = pair[0];
	guest_monitor = pair[1];
	if (pipe2(pair, O_CLOEXEC) < 0)
		return error_errno(err, "cannot make a pipe");
	errors = pair[0];
	guest_errors = pair[1];
	if (fcntl(console, F_SETFL, O_NONBLOCK) < 0 || fcntl(monitor, F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(errors, F_SETFL, O_NONBLOCK) < 0)
		return error_errno(err, "cannot set up the console");
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return error_errno(err, "cannot start %s", argv[0]);
	if (pid == 0)
		become_qemu(argv, self, guest_console, guest_monitor, guest_errors);
	*p = (struct qemu_process){.pid = pid, .console = take_fd(&console), .monitor = take_fd(&monitor),
				   .errors = take_fd(&errors)};
	return 0;
}

/* QMP (QEMU's docs/interop/qmp-spec.txt): capabilities first, then commands; the answers are of no interest, only kept
 * from filling the buffer. */
static void tell(struct qemu_process *p, const char *command)
{
	static const char *const capabilities = "{\"execute\":\"qmp_capabilities\"}\n";
	char answers[4096];

	if (p->monitor < 0)
		return;
	while (recv(p->monitor, answers, sizeof(answers), MSG_DONTWAIT) > 0)
		;
	/* Said again and again, refused from the second time on: no state to keep. */
	if (send(p->monitor, capabilities, strlen(capabilities), MSG_NOSIGNAL) < 0 ||
	    send(p->monitor, command, strlen(command), MSG_NOSIGNAL) < 0)
		return; /* gone already, or stuck: qemu_stop has another way */
}

void qemu_power_button(struct qemu_process *p)
{
	tell(p, "{\"execute\":\"system_powerdown\"}\n");
}

void qemu_read_errors(struct qemu_process *p, struct strbuf *out)
{
	char text[4096];
	ssize_t n;

	if (p->errors < 0)
		return;
	while ((n = read(p->errors, text, sizeof(text))) > 0)
		if (out->len < 64 * 1024)
			strbuf_add(out, text, (size_t)n);
}

void qemu_stop(struct qemu_process *p)
{
	char rest[4096];

	if (p->pid <= 0)
		return;
	tell(p, "{\"execute\":\"quit\"}\n");
	for (int waited = 0; waitpid(p->pid, &p->status, WNOHANG) == 0; waited += 10) {
		if (waited >= QUIT_MILLISECONDS) {
			kill(p->pid, SIGKILL);
			while (waitpid(p->pid, &p->status, 0) < 0 && errno == EINTR)
				;
			break;
		}
		/* A full console would keep it from listening. */
		while (recv(p->console, rest, sizeof(rest), MSG_DONTWAIT) > 0)
			;
		poll(NULL, 0, 10);
	}
	p->pid = 0;
}

void qemu_close(struct qemu_process *p)
{
	qemu_stop(p);
	cleanup_close(&p->console);
	cleanup_close(&p->monitor);
	cleanup_close(&p->errors);
	p->console = p->monitor = p->errors = -1;
}
