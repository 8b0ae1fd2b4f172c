/* A small gRPC client (github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md) over a unix socket, on libnghttp2: one connection, one
 * call at a time, messages of bounded size, no compression. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

enum { GRPC_OK = 0, GRPC_ALREADY_EXISTS = 6, GRPC_MESSAGE_LIMIT = 4 << 20 };

struct grpc; /* a connection */

/* A header sent with each call ("containerd-namespace: k8s.io"). */
struct grpc_header {
	const char *name, *value;
};

/* Connect. headers (n of them) stay the caller's and must outlive the connection. NULL on failure. */
struct grpc *grpc_connect(const char *socket, const struct grpc_header *headers, size_t n, struct error *err);
void grpc_close(struct grpc *g);
/* How long the server may be silent while it is expected to say something, in milliseconds; 120 s without this. */
void grpc_patience(struct grpc *g, int ms);

/* Begin a call ("/package.Service/Method"). There must be none under way. */
int grpc_begin(struct grpc *g, const char *method, struct error *err);
/* Send one message of the call; last: no further one follows. Returns when it was handed to the kernel, or when the server
 * has ended the call (which grpc_receive then tells). */
int grpc_send(struct grpc *g, const struct strbuf *message, bool last, struct error *err);
/* Wait for the next message of the server: 1 with the message (replacing what is in out), 0 when the call has ended and
 * grpc_status holds its outcome, -1 when the connection failed. */
int grpc_receive(struct grpc *g, struct strbuf *out, struct error *err);

/* After the end of a call: its status, and the server's words for it. Valid until the next call. */
int grpc_status(const struct grpc *g);
const char *grpc_status_text(const struct grpc *g);

/* Give up a call that is under way. */
void grpc_cancel(struct grpc *g);

/* A whole call of one message each way. Returns 0 when the server answered, whatever the status, which is in *status. */
int grpc_call(struct grpc *g, const char *method, const struct strbuf *request, struct strbuf *response, int *status,
	      struct error *err);
