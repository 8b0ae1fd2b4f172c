/* The supervisor's socket, DIR/control. A question is one record (base/flat.h); the answer is records that end with
 * "ok", or one "error TEXT":
 *
 *	status             lab, server and node records, see below
 *	kill NODE          pull the plug
 *	start NODE         switch on
 *	reset NODE         both
 *	button NODE        the ACPI power button
 *	console NODE       "ok", then the console's bytes, the log's tail first; what is sent is typed there
 *	hold               "ok", and nothing more: the connection ends when the lab does
 *	down               end the lab; the connection ends when it has begun to
 *
 *	lab NAME FILE SECONDS up|down|REASON              since it was opened; of the API
 *	server NAME running|ended|unused
 *	node NAME ROLE ADDRESS MAC STEP PHASE UP READY KIB MIB STARTS BOOTS SAID
 *	     STEP off|firmware|kernel|init|up|shutdown|failed; UP: seconds since it was up, or -; READY yes|no|-;
 *	     KIB: of the host's memory that it takes; MIB: its own memory */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "lab/machine.h"
#include "lab/servers.h"

enum { CONTROL_CLIENTS = 32 };

struct control_client {
	int fd;                      /* -1: free */
	struct strbuf in, out;
	struct lab_machine *console; /* it is attached to this one's */
	bool last;                   /* close once out is empty */
};

struct supervisor {
	struct lab *lab;
	struct lab_machine *machines; /* as many as the cluster has nodes */
	struct lab_servers servers;
	int signals, listener, readiness;
	pid_t readiness_pid;
	struct strbuf readiness_in;
	char api[128];               /* "up", "down", why not */
	int64_t started;             /* clock_ms */
	bool over;
	struct control_client clients[CONTROL_CLIENTS];
};

/* DIR/control, however long DIR is: sockets' addresses are short. Returns the listening socket. */
int control_listen(const struct lab *l, struct error *err);
/* Connect to it; -1 with errno when nobody listens. */
int control_connect(const char *dir);

void control_accept(struct supervisor *s);
/* The socket is ready: read, answer, write. */
void control_serve(struct supervisor *s, struct control_client *c, short events);
/* What a console said, to those who are attached. */
void control_show(struct supervisor *s, const struct lab_machine *m, const struct strbuf *text);
