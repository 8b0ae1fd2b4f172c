#include "node/docker/http.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

enum { ANSWER_LIMIT = 16 << 20 };

static int connect_to(const char *path, int64_t patience_ms, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct timeval patience = {.tv_sec = patience_ms / 1000, .tv_usec = patience_ms % 1000 * 1000};
	_cleanup_close_ int fd = -1;

	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(err, "%s: is too long for a socket's path", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0 ||
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return error_errno(err, "%s", path);
	return take_fd(&fd);
}

int http_send(int fd, const void *data, size_t n, struct error *err)
{
	const char *p = data;

	while (n) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN)
			return error_set(err, "docker takes nothing any more");
		if (sent < 0)
			return error_errno(err, "docker");
		p += sent;
		n -= (size_t)sent;
	}
	return 0;
}

int http_request(const char *socket_path, int64_t patience_ms, const char *method, const char *target, const char *type,
		 uint64_t size, struct error *err)
{
	_cleanup_close_ int fd = connect_to(socket_path, patience_ms, err);
	_cleanup_strbuf_ struct strbuf head = {0};

	if (fd < 0)
		return -1;
	strbuf_printf(&head, "%s %s HTTP/1.0\r\nHost: docker\r\n", method, target);
	if (type)
		strbuf_printf(&head, "Content-Type: %s\r\n", type);
	if (type || strcmp(method, "GET") != 0)
		strbuf_printf(&head, "Content-Length: %" PRIu64 "\r\n", size);
	strbuf_puts(&head, "\r\n");
	if (http_send(fd, head.data, head.len, err) < 0)
		return -1;
	return take_fd(&fd);
}

/* "HTTP/1.0 200 OK" */
static bool read_status(const char *p, unsigned *out)
{
	if (strncmp(p, "HTTP/1.", 7) != 0 || p[7] < '0' || p[7] > '9' || p[8] != ' ')
		return false;
	p += 9;
	if (strspn(p, "0123456789") < 3)
		return false;
	*out = (unsigned)(p[0] - '0') * 100 + (unsigned)(p[1] - '0') * 10 + (unsigned)(p[2] - '0');
	return true;
}

int http_parse(const char *data, size_t n, struct http_answer *out, struct error *err)
{
	struct http_answer answer = {0};
	const char *body = memmem(data, n, "\r\n\r\n", 4);

	if (!body || n < sizeof("HTTP/1.0 200") || !read_status(data, &answer.status))
		return error_set(err, "docker's answer is no HTTP");
	body += 4;
	strbuf_add(&answer.body, body, n - (size_t)(body - data));
	*out = answer;
	return 0;
}

int http_receive(int fd, struct http_answer *out, struct error *err)
{
	_cleanup_strbuf_ struct strbuf all = {0};
	char chunk[16384];
	ssize_t n;

	strbuf_puts(&all, "");
	while ((n = fd_read(fd, chunk, sizeof(chunk))) > 0) {
		if (all.len + (size_t)n > ANSWER_LIMIT)
			return error_set(err, "docker's answer is longer than %d bytes", ANSWER_LIMIT);
		strbuf_add(&all, chunk, (size_t)n);
	}
	if (n < 0 && errno == EAGAIN)
		return error_set(err, "docker does not answer");
	if (n < 0)
		return error_errno(err, "docker's answer");
	return http_parse(all.data, all.len, out, err);
}

int http_call(const char *socket_path, int64_t patience_ms, const char *method, const char *target, struct http_answer *out,
	      struct error *err)
{
	_cleanup_close_ int fd = http_request(socket_path, patience_ms, method, target, NULL, 0, err);

	return fd < 0 ? -1 : http_receive(fd, out, err);
}
