#include "init/control.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "init/console.h"
#include "init/node.h"

enum { BACKLOG = 64, KERNEL_BUFFER = 16384, ACCEPTS = 32, RECORDS = 64, COMPLAINT_PAUSE_MS = 60000, ACCEPT_PAUSE_MS = 1000, MOMENT_MS = 100 };

struct client {
	bool used;
	struct watch watch;
	int64_t deadline;
	char in[CONTROL_LINE];
	size_t in_len;
	bool answering;
	struct control_call call;
	size_t index;       /* of the reply's next record */
	bool last;          /* out holds the reply's last record */
	struct record out;
	size_t sent;        /* bytes of out */
};

static struct client clients[CONTROL_CLIENTS];
static int listener = -1;
static struct watch listening;
static struct timer deadlines;    /* the first of the clients' */
static struct timer accept_again; /* after the machine ran out of descriptors or memory */
static struct node *node;
static int64_t complain_again;
static unsigned unsaid;

/* What clients do wrong is worth a line, not a console full of them. */
static void complain(const char *what)
{
	int64_t now = clock_ms();

	if (now < complain_again) {
		unsaid++;
		return;
	}
	console_say("control socket: %s", what);
	if (unsaid)
		console_say("control socket: %u more complaints were left out", unsaid);
	unsaid = 0;
	complain_again = now + COMPLAINT_PAUSE_MS;
}

static void set_deadline(void)
{
	const struct client *first = NULL;

	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		if (clients[i].used && (!first || clients[i].deadline < first->deadline))
			first = &clients[i];
	if (first)
		loop_at(&node->supervisor.loop, &deadlines, first->deadline);
	else
		loop_cancel(&node->supervisor.loop, &deadlines);
}

static void progress(struct client *c)
{
	c->deadline = clock_ms() + CONTROL_PATIENCE_MS;
	set_deadline();
}

static void finish(struct client *c)
{
	int fd = c->watch.fd;

	loop_unwatch(&node->supervisor.loop, &c->watch);
	close(fd);
	c->used = false;
	set_deadline();
	if (c->answering && c->call.request && c->call.request->after)
		c->call.request->after(node, &c->call);
}

/* A place for a new client. When all are taken: that of who has been quiet for longest, those first that have not even
 * asked. NULL: each of them has had less time than it takes to ask; let the new one wait a little. */
static struct client *find_place(int64_t now)
{
	struct client *quiet = &clients[0];

	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		struct client *c = &clients[i];

		if (!c->used)
			return c;
		if (c->answering == quiet->answering ? c->deadline < quiet->deadline : quiet->answering)
			quiet = c;
	}
	return quiet->deadline - CONTROL_PATIENCE_MS + MOMENT_MS <= now ? quiet : NULL;
}

static bool is_root(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && size == sizeof(peer) && peer.uid == 0;
}

static void answer_error(struct client *c, const char *text)
{
	record_pair(&c->out, "error", text);
	c->last = true;
}

/* Put the reply's next record into c->out. */
static void next_record(struct client *c)
{
	const struct control_request *request = c->call.request;

	c->sent = 0;
	if (request->reply && request->reply(node, c->index, &c->out)) {
		c->index++;
		return;
	}
	record_begin(&c->out, "end");
	record_end(&c->out);
	c->last = true;
}

static void begin_answer(struct client *c, size_t n)
{
	_cleanup_error_ struct error err = {0};
	const char *why = control_read(&c->call, c->in, n);

	c->answering = true;
	if (why) {
		complain("a client sent what is no request");
		c->call.request = NULL;
		answer_error(c, why);
	} else if (c->call.request->act && c->call.request->act(node, &c->call, &err) < 0) {
		c->call.request = NULL;
		answer_error(c, error_text(&err));
	} else {
		next_record(c);
	}
	loop_change(&node->supervisor.loop, &c->watch, EPOLLOUT);
}

static void read_request(struct client *c)
{
	ssize_t n = recv(c->watch.fd, c->in + c->in_len, sizeof(c->in) - c->in_len, MSG_DONTWAIT);
	const char *newline;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		finish(c);
		return;
	}
	c->in_len += (size_t)n;
	progress(c);
	newline = memchr(c->in, '\n', c->in_len);
	if (newline)
		begin_answer(c, (size_t)(newline - c->in) + 1);
	else if (c->in_len == sizeof(c->in))
		begin_answer(c, c->in_len);
}

/* As much as the socket takes, and no more than some records in one go: others wait too. */
static void write_answer(struct client *c)
{
	for (int i = 0; i < RECORDS; i++) {
		ssize_t n = send(c->watch.fd, c->out.text + c->sent, c->out.len - c->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			finish(c);
			return;
		}
		c->sent += (size_t)n;
		progress(c);
		if (c->sent < c->out.len)
			return;
		if (c->last) {
			finish(c);
			return;
		}
		next_record(c);
	}
}

static void serve_client(void *data, uint32_t events)
{
	struct client *c = data;

	(void)events;
	if (c->answering)
		write_answer(c);
	else
		read_request(c);
}

static void drop_late(void *data, int64_t now)
{
	(void)data;
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		if (clients[i].used && now >= clients[i].deadline) {
			complain(clients[i].answering ? "a client that takes no answer was dropped" :
							"a client that asks nothing was dropped");
			finish(&clients[i]);
		}
	set_deadline();
}

static void pause_listening(int64_t until)
{
	loop_change(&node->supervisor.loop, &listening, 0);
	loop_at(&node->supervisor.loop, &accept_again, until);
}

static void welcome(struct client *c, int fd)
{
	_cleanup_error_ struct error ignored = {0};

	if (c->used) {
		complain("all places are taken: the client that was quiet for longest was dropped");
		finish(c);
	}
	/* What a client does not take waits in its place, not in the kernel's memory. */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){KERNEL_BUFFER}, sizeof(int));
	*c = (struct client){0};
	if (loop_watch(&node->supervisor.loop, &c->watch, fd, EPOLLIN, serve_client, c, &ignored) < 0) {
		close(fd);
		return;
	}
	c->used = true;
	progress(c);
	/* Most send their request with the connection. */
	read_request(c);
}

static void accept_clients(void *data, uint32_t events)
{
	(void)data;
	(void)events;
	for (int i = 0; i < ACCEPTS; i++) {
		int64_t now = clock_ms();
		struct client *c = find_place(now);
		int fd = c ? accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;

		if (!c) {
			pause_listening(now + MOMENT_MS / 2);
			return;
		}
		if (fd < 0) {
			/* The listener stays readable then: leave it alone for a while. */
			if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
				pause_listening(now + ACCEPT_PAUSE_MS);
			return;
		}
		if (is_root(fd)) {
			welcome(c, fd);
		} else {
			complain("a client that is not root was turned away");
			close(fd);
		}
	}
}

static void listen_again(void *data, int64_t now)
{
	(void)data;
	(void)now;
	loop_change(&node->supervisor.loop, &listening, EPOLLIN);
}

int control_open(struct node *n, struct error *err)
{
	struct sockaddr_un here = {.sun_family = AF_UNIX, .sun_path = CONTROL_SOCKET};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask;
	int bound;

	if (fd < 0)
		return error_errno(err, "socket");
	if (dir_make_at(AT_FDCWD, "/run/mkdl", 0700, err) < 0)
		return -1;
	chmod("/run/mkdl", 0700);
	unlink(CONTROL_SOCKET);
	mask = umask(0177);
	bound = bind(fd, (const struct sockaddr *)&here, sizeof(here));
	umask(mask);
	if (bound < 0 || listen(fd, BACKLOG) < 0)
		return error_errno(err, CONTROL_SOCKET);
	node = n;
	deadlines.call = drop_late;
	accept_again.call = listen_again;
	if (loop_watch(&n->supervisor.loop, &listening, fd, EPOLLIN, accept_clients, NULL, err) < 0)
		return -1;
	listener = take_fd(&fd);
	return 0;
}
