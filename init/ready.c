#include "init/ready.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init/spawn.h"

enum { FIRST_MS = 20, FIRST_CHILD_MS = 100, LONGEST_MS = 1000, CHILD_MS = 10000 };

/* A look costs a system call or two, or a child. The pauses grow with the time that the service took so far, by an eighth or by
 * a half of it: that is how late it can be seen to be ready, and so by how much the boot is longer than it has to be. */
static int64_t first_pause(enum plan_ready kind)
{
	return kind == PLAN_READY_HTTP || kind == PLAN_READY_COMMAND ? FIRST_CHILD_MS : FIRST_MS;
}

static int64_t next_pause(enum plan_ready kind, int64_t pause)
{
	pause = kind == PLAN_READY_HTTP || kind == PLAN_READY_COMMAND ? pause * 3 / 2 : pause * 9 / 8 + 1;
	return pause > LONGEST_MS ? LONGEST_MS : pause;
}

void ready_begin(struct ready *r, int64_t now)
{
	r->fd = -1;
	r->pid = 0;
	r->yes = r->kind == PLAN_READY_NONE;
	r->interval = first_pause(r->kind);
	/* A message wakes the loop. */
	r->next = r->kind == PLAN_READY_NOTIFY ? INT64_MAX : now + r->interval;
}

static bool is_socket_up(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool up;

	if (fd < 0 || strlen(path) >= sizeof(to.sun_path)) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	strcpy(to.sun_path, path);
	/* EAGAIN: somebody listens, the queue is full. */
	up = connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 || errno == EAGAIN;
	close(fd);
	return up;
}

static bool is_connected(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	socklen_t size = sizeof(int);
	int failure = 0;

	return poll(&p, 1, 0) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) == 0 && failure == 0;
}

/* A connect to this machine is done at once or at the next look. */
static bool is_port_up(struct ready *r, const char *port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	bool up = false;

	if (r->fd >= 0) {
		up = is_connected(r->fd);
		close(r->fd);
		r->fd = -1;
		return up;
	}
	to.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	r->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (r->fd < 0)
		return false;
	if (connect(r->fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		up = true;
	else if (errno == EINPROGRESS)
		return false;
	close(r->fd);
	r->fd = -1;
	return up;
}

static void start_child(struct ready *r, int64_t now)
{
	const char *const wget[] = {"/bin/busybox", "wget", "-q", "-T", "2", "-O", "/dev/null", r->words[0], NULL};
	const struct spawn s = {
		.argv = r->kind == PLAN_READY_HTTP ? wget : r->words,
		.envp = spawn_environment,
		.output = -1,
	};
	pid_t pid = spawn_start(&s);

	if (pid > 0) {
		r->pid = pid;
		r->kill_at = now + CHILD_MS;
	}
}

void ready_child_ended(struct ready *r, int status, int64_t now)
{
	r->pid = 0;
	r->yes = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	r->next = now + r->interval;
}

bool ready_look(struct ready *r, int64_t now)
{
	if (r->kind == PLAN_READY_NOTIFY)
		return r->notify->ready;
	if (r->yes || now < r->next)
		return r->yes;
	if (r->pid > 0) {
		if (now >= r->kill_at)
			spawn_kill(r->pid, SIGKILL);
		r->next = r->kill_at > now ? r->kill_at : now + LONGEST_MS;
		return false;
	}
	r->next = now + r->interval;
	r->interval = next_pause(r->kind, r->interval);
	switch (r->kind) {
	case PLAN_READY_NONE: r->yes = true; break;
	case PLAN_READY_NOTIFY: break; /* the service says so */
	case PLAN_READY_SOCKET: r->yes = is_socket_up(r->words[0]); break;
	case PLAN_READY_PORT: r->yes = is_port_up(r, r->words[0]); break;
	case PLAN_READY_FILE: r->yes = access(r->words[0], F_OK) == 0; break;
	case PLAN_READY_HTTP:
	case PLAN_READY_COMMAND: start_child(r, now); break;
	}
	return r->yes;
}

void ready_end(struct ready *r)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
	/* Reaped as an orphan later: nobody waits for it any more. */
	if (r->pid > 0)
		spawn_kill(r->pid, SIGKILL);
	r->pid = 0;
}
