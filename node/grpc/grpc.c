#include "node/grpc/grpc.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <nghttp2/nghttp2.h>

#include "base/cleanup.h"

/* How long the server may be silent while it is expected to say or take something. Committing a large blob takes a while on
 * an emulated machine. */
enum { SILENCE_MS = 120 * 1000, PREFIX_SIZE = 5, STATUS_TEXT_SIZE = 512, STATUS_NONE = -1 };

struct grpc {
	int fd, send_errno, patience_ms;
	nghttp2_session *session;
	const struct grpc_header *headers;
	size_t header_count;
	/* The call under way. */
	int32_t stream;
	bool open, sent_last;
	struct strbuf out; /* framed message being sent, from out_done on */
	size_t out_done;
	struct strbuf in; /* received bytes that were not handed out yet */
	bool too_large;
	int http_status, status;
	uint32_t reset; /* HTTP/2 error code */
	char status_text[STATUS_TEXT_SIZE];
};

static ssize_t on_send(nghttp2_session *session, const uint8_t *data, size_t n, int flags, void *user)
{
	struct grpc *g = user;
	ssize_t sent;

	(void)session;
	(void)flags;
	do
		sent = send(g->fd, data, n, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return sent;
	g->send_errno = errno;
	return errno == EAGAIN || errno == EWOULDBLOCK ? NGHTTP2_ERR_WOULDBLOCK : NGHTTP2_ERR_CALLBACK_FAILURE;
}

/* nghttp2 asks for more of the request's body. */
static ssize_t on_body(nghttp2_session *session, int32_t stream, uint8_t *buffer, size_t size, uint32_t *flags,
		       nghttp2_data_source *source, void *user)
{
	struct grpc *g = user;
	size_t n = g->out.len - g->out_done;

	(void)session;
	(void)stream;
	(void)source;
	if (!n && !g->sent_last)
		return NGHTTP2_ERR_DEFERRED;
	if (n > size)
		n = size;
	if (n)
		memcpy(buffer, g->out.data + g->out_done, n);
	g->out_done += n;
	if (g->sent_last && g->out_done == g->out.len)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data, size_t n, void *user)
{
	struct grpc *g = user;

	(void)session;
	(void)flags;
	if (stream != g->stream || !g->open)
		return 0;
	if (g->in.len + n > GRPC_MESSAGE_LIMIT + PREFIX_SIZE)
		g->too_large = true;
	else
		strbuf_add(&g->in, data, n);
	return 0;
}

/* grpc-message is percent-encoded; what a terminal would mind becomes "?". */
static void decode_text(const uint8_t *value, size_t n, char out[static STATUS_TEXT_SIZE])
{
	size_t w = 0;

	for (size_t i = 0; i < n && w + 1 < STATUS_TEXT_SIZE; i++) {
		char hex[3] = {0};
		unsigned char c = value[i];

		if (c == '%' && n - i > 2) {
			char *end;

			memcpy(hex, value + i + 1, 2);
			c = (unsigned char)strtoul(hex, &end, 16);
			if (*end)
				c = '%';
			else
				i += 2;
		}
		out[w++] = c < 0x20 || c == 0x7f ? '?' : (char)c;
	}
	out[w] = '\0';
}

static int to_number(const uint8_t *value, size_t n)
{
	int number = 0;

	if (!n || n > 4)
		return STATUS_NONE;
	for (size_t i = 0; i < n; i++) {
		if (value[i] < '0' || value[i] > '9')
			return STATUS_NONE;
		number = number * 10 + (value[i] - '0');
	}
	return number;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_size,
		     const uint8_t *value, size_t value_size, uint8_t flags, void *user)
{
	struct grpc *g = user;

	(void)session;
	(void)flags;
	if (frame->hd.stream_id != g->stream || !g->open)
		return 0;
	if (name_size == 7 && !memcmp(name, ":status", 7))
		g->http_status = to_number(value, value_size);
	else if (name_size == 11 && !memcmp(name, "grpc-status", 11))
		g->status = to_number(value, value_size);
	else if (name_size == 12 && !memcmp(name, "grpc-message", 12))
		decode_text(value, value_size, g->status_text);
	return 0;
}

/* The server has said its last word. It may before we have: then the rest of the request is called off. */
static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct grpc *g = user;

	if (frame->hd.stream_id != g->stream || !g->open || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM) ||
	    (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA))
		return 0;
	g->open = false;
	if (!g->sent_last || g->out_done < g->out.len)
		nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, g->stream, NGHTTP2_NO_ERROR);
	return 0;
}

static int on_close(nghttp2_session *session, int32_t stream, uint32_t code, void *user)
{
	struct grpc *g = user;

	(void)session;
	if (stream == g->stream) {
		g->open = false;
		g->reset = code;
	}
	return 0;
}

static int start_session(struct grpc *g, struct error *err)
{
	nghttp2_session_callbacks *callbacks;
	int result;

	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		return error_set(err, "out of memory");
	nghttp2_session_callbacks_set_send_callback(callbacks, on_send);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
	result = nghttp2_session_client_new(&g->session, callbacks, g);
	nghttp2_session_callbacks_del(callbacks);
	if (result == 0)
		result = nghttp2_submit_settings(g->session, NGHTTP2_FLAG_NONE, NULL, 0);
	return result == 0 ? 0 : error_set(err, "HTTP/2: %s", nghttp2_strerror(result));
}

struct grpc *grpc_connect(const char *path, const struct grpc_header *headers, size_t n, struct error *err)
{
	const struct timeval silence = {.tv_sec = SILENCE_MS / 1000};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct grpc *g;

	if (strlen(path) >= sizeof(address.sun_path)) {
		error_set(err, "%s: longer than the path of a socket may be", path);
		return NULL;
	}
	memcpy(address.sun_path, path, strlen(path));
	g = calloc(1, sizeof(*g));
	if (!g) {
		error_set(err, "out of memory");
		return NULL;
	}
	g->headers = headers;
	g->header_count = n;
	g->patience_ms = SILENCE_MS;
	g->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (g->fd < 0 || setsockopt(g->fd, SOL_SOCKET, SO_SNDTIMEO, &silence, sizeof(silence)) < 0 ||
	    connect(g->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		error_errno(err, "%s", path);
	else if (start_session(g, err) == 0)
		return g;
	grpc_close(g);
	return NULL;
}

void grpc_patience(struct grpc *g, int ms)
{
	g->patience_ms = ms;
}

void grpc_close(struct grpc *g)
{
	if (!g)
		return;
	if (g->session)
		nghttp2_session_del(g->session);
	if (g->fd >= 0)
		close(g->fd);
	strbuf_free(&g->out);
	strbuf_free(&g->in);
	free(g);
}

static int wait_for(const struct grpc *g, short events, struct error *err)
{
	struct pollfd p = {.fd = g->fd, .events = events};
	int n;

	do
		n = poll(&p, 1, g->patience_ms);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_errno(err, "poll");
	return n ? 0 : error_set(err, "no answer for %d s", g->patience_ms / 1000);
}

static int flush(struct grpc *g, struct error *err)
{
	int result = nghttp2_session_send(g->session);

	if (result == NGHTTP2_ERR_CALLBACK_FAILURE) {
		errno = g->send_errno;
		return error_errno(err, "the connection broke while sending");
	}
	return result == 0 ? 0 : error_set(err, "HTTP/2: %s", nghttp2_strerror(result));
}

/* Take in what the server sends next; waits for it. */
static int pump(struct grpc *g, struct error *err)
{
	uint8_t buffer[16384];
	ssize_t n, used;

	if (flush(g, err) < 0 || wait_for(g, POLLIN, err) < 0)
		return -1;
	do
		n = recv(g->fd, buffer, sizeof(buffer), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_errno(err, "receive");
	if (n == 0)
		return error_set(err, "the server closed the connection");
	used = nghttp2_session_mem_recv(g->session, buffer, (size_t)n);
	if (used < 0)
		return error_set(err, "HTTP/2: %s", nghttp2_strerror((int)used));
	if (g->too_large)
		return error_set(err, "an answer of more than %d bytes", GRPC_MESSAGE_LIMIT);
	return flush(g, err);
}

static nghttp2_nv header(const char *name, const char *value)
{
	return (nghttp2_nv){
		.name = (uint8_t *)(uintptr_t)name, /* nghttp2 copies; its type lacks the const */
		.value = (uint8_t *)(uintptr_t)value,
		.namelen = strlen(name),
		.valuelen = strlen(value),
	};
}

int grpc_begin(struct grpc *g, const char *method, struct error *err)
{
	const nghttp2_data_provider body = {.read_callback = on_body};
	nghttp2_nv headers[16] = {
		header(":method", "POST"), header(":scheme", "http"), header(":path", method), header(":authority", "localhost"),
		header("content-type", "application/grpc"), header("te", "trailers"), header("user-agent", "mkdl"),
	};
	size_t n = 7;

	for (size_t i = 0; i < g->header_count && n < sizeof(headers) / sizeof(*headers); i++)
		headers[n++] = header(g->headers[i].name, g->headers[i].value);
	g->out.len = g->in.len = g->out_done = 0;
	g->sent_last = g->too_large = false;
	g->http_status = g->status = STATUS_NONE;
	g->reset = 0;
	g->status_text[0] = '\0';
	g->stream = nghttp2_submit_request(g->session, NULL, headers, n, &body, NULL);
	if (g->stream < 0)
		return error_set(err, "%s: HTTP/2: %s", method, nghttp2_strerror(g->stream));
	g->open = true;
	return 0;
}

int grpc_send(struct grpc *g, const struct strbuf *message, bool last, struct error *err)
{
	uint32_t n = (uint32_t)message->len;
	const uint8_t prefix[PREFIX_SIZE] = {0, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
	int result;

	if (message->len > GRPC_MESSAGE_LIMIT)
		return error_set(err, "a message of more than %d bytes", GRPC_MESSAGE_LIMIT);
	if (!g->open)
		return 0;
	g->out.len = g->out_done = 0;
	strbuf_add(&g->out, prefix, sizeof(prefix));
	if (n)
		strbuf_add(&g->out, message->data, n);
	g->sent_last = last;
	/* Not deferred when nghttp2 has not asked for the body yet: then it will. */
	result = nghttp2_session_resume_data(g->session, g->stream);
	if (result != 0 && result != NGHTTP2_ERR_INVALID_ARGUMENT)
		return error_set(err, "HTTP/2: %s", nghttp2_strerror(result));
	if (flush(g, err) < 0)
		return -1;
	/* What the flow-control window did not let through goes when the server opens it. */
	while (g->open && g->out_done < g->out.len)
		if (pump(g, err) < 0)
			return -1;
	return 0;
}

static void end_status(struct grpc *g)
{
	if (g->status != STATUS_NONE)
		return;
	g->status = 2; /* UNKNOWN */
	if (g->reset)
		snprintf(g->status_text, sizeof(g->status_text), "the server reset the call (HTTP/2 error %u)", (unsigned)g->reset);
	else
		snprintf(g->status_text, sizeof(g->status_text), "no gRPC server: HTTP status %d", g->http_status);
}

int grpc_receive(struct grpc *g, struct strbuf *out, struct error *err)
{
	for (;;) {
		const uint8_t *in = (const uint8_t *)g->in.data;

		if (g->in.len >= PREFIX_SIZE) {
			size_t n = (size_t)in[1] << 24 | (size_t)in[2] << 16 | (size_t)in[3] << 8 | in[4];

			if (in[0] != 0 || n > GRPC_MESSAGE_LIMIT)
				return error_set(err, "an answer that is compressed or too large");
			if (g->in.len - PREFIX_SIZE >= n) {
				out->len = 0;
				strbuf_add(out, in + PREFIX_SIZE, n);
				g->in.len -= PREFIX_SIZE + n;
				memmove(g->in.data, g->in.data + PREFIX_SIZE + n, g->in.len);
				return 1;
			}
		}
		if (!g->open) {
			end_status(g);
			return 0;
		}
		if (pump(g, err) < 0)
			return -1;
	}
}

int grpc_status(const struct grpc *g)
{
	return g->status;
}

const char *grpc_status_text(const struct grpc *g)
{
	return g->status_text;
}

void grpc_cancel(struct grpc *g)
{
	if (!g->open)
		return;
	nghttp2_submit_rst_stream(g->session, NGHTTP2_FLAG_NONE, g->stream, NGHTTP2_CANCEL);
	nghttp2_session_send(g->session);
	g->open = false;
}

int grpc_call(struct grpc *g, const char *method, const struct strbuf *request, struct strbuf *response, int *status,
	      struct error *err)
{
	_cleanup_strbuf_ struct strbuf extra = {0};
	int more;

	if (grpc_begin(g, method, err) < 0 || grpc_send(g, request, true, err) < 0)
		return -1;
	more = grpc_receive(g, response, err);
	while (more > 0)
		more = grpc_receive(g, &extra, err);
	if (more < 0)
		return error_wrap(err, "%s", method);
	*status = grpc_status(g);
	return 0;
}
