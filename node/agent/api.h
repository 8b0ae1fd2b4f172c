/* One request to a Kubernetes API server, by HTTPS. Nothing that a server says is believed beyond what its certificate proves;
 * redirects are not followed, and secrets are sent only to a server whose certificate was verified. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/arena.h"
#include "base/error.h"

enum { API_ANSWER_LIMIT = 1 << 20, API_CONNECT_SECONDS = 5, API_SECONDS = 10, API_CERTIFICATE_LIMIT = 65536 };

/* Why there is no answer. */
enum api_failure {
	API_ANSWERED,
	API_UNREACHABLE,  /* name, route, connection, time */
	API_NOT_VERIFIED, /* its certificate is not good */
	API_NO_TLS,       /* something answers, but not with TLS as we speak it */
	API_TOO_LONG,     /* more than API_ANSWER_LIMIT */
	API_BROKEN,       /* the connection ended in the middle, or it is no HTTP */
};

struct api_request {
	const char *server;      /* "https://HOST:PORT" */
	const char *ca;          /* PEM; NULL: the server's certificate is not verified, and nothing secret is sent */
	const char *token;       /* of a bearer; NULL: none */
	const char *certificate; /* PEM of a client certificate and its key; NULL: none */
	const char *method, *path;
	const char *body, *type; /* type: of the body; NULL: there is none */
	unsigned seconds;        /* in all; 0: API_SECONDS */
};

struct api_answer {
	enum api_failure failure;
	long status;             /* HTTP's */
	const char *body;        /* NUL-terminated, in the arena */
	size_t size;
	int64_t date;            /* the server's clock as unix time; 0: it does not say */
	const char *certificate; /* the server's, PEM, when it was not verified; NULL: not seen */
};

/* Ask. -1 when nothing was answered: failure says of which kind, err in words. */
int api_ask(struct arena *a, const struct api_request *q, struct api_answer *out, struct error *err);

/* A date as HTTP has it (RFC 9110, 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT") → unix time; 0 when it is none. */
int64_t api_read_date(const char *text);

/* "2026-11-22 20:05:00 UTC" */
const char *api_show_date(struct arena *a, int64_t t);
