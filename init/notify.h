/* Readiness and status that a service tells by itself, as sd_notify(3) describes: datagrams of lines "KEY=VALUE" to the
 * socket whose path is in NOTIFY_SOCKET, /run/notify/NAME. Only root and the service's user can open it, and only
 * processes of the service are believed. READY=1 and STATUS= are understood; the rest is left alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "init/loop.h"

#define NOTIFY_FOLDER "/run/notify"

enum { NOTIFY_STATUS = 128, NOTIFY_MESSAGE = 4096 };

struct notify {
	const char *service;       /* its name */
	char path[108];            /* of the socket (unix(7)); "": none */
	struct watch watch;
	pid_t pid;                 /* of the service's process: kept by the service */
	bool ready;                /* READY=1 came */
	char status[NOTIFY_STATUS]; /* the last STATUS=, without control characters */
};

/* Make the socket; it stays where it is. On failure there is none. */
int notify_open(struct notify *n, struct loop *loop, const char *service, struct error *err);

/* The service is started anew: nothing was said yet. */
void notify_begin(struct notify *n);

/* Take what a message says, length bytes that anybody may have written. */
void notify_read(struct notify *n, const char *message, size_t length);
