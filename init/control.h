/* The control socket, /run/mkdl/control: how nodectl asks PID 1. One connection, one request: a line that is one flat record
 * (base/flat.h). The reply is flat records, of which the last is "end" or "error TEXT"; then PID 1 closes.
 *
 *	status                      "KEY VALUE…": node image hostname interface mac node-ip machine-id uptime up phase failed
 *	                            last-boot degraded going services verbose; what is not known is left out
 *	services                    "now MS", "service NAME STATE KIND PID STARTS SINCE READY EXIT"
 *	timeline                    "phase|service NAME OUTCOME BEGAN ENDED"; "lost N"; "up MS"
 *	start|stop|restart NAME
 *	verbose on|off              details on the console too
 *	reboot|poweroff|halt [force]
 * Times are milliseconds since the kernel started, -1 where there is none.
 *
 * Only root can connect. PID 1 never waits for a client and keeps a fixed amount of memory for each; it drops who says
 * nothing, who takes nothing, who says too much, and, when all places are taken, who has been quiet for longest. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "init/record.h"

struct node;

#define CONTROL_SOCKET "/run/mkdl/control"

enum {
	CONTROL_CLIENTS = 16,
	CONTROL_LINE = 512,        /* bytes of a request, with its newline */
	CONTROL_WORDS = 4,
	CONTROL_PATIENCE_MS = 5000 /* for the next byte, either way */
};

/* Listen, in the supervisor's loop. The node must outlive the process. */
int control_open(struct node *node, struct error *err);

/* A request that was read: its words, and how it is answered. */
struct control_request;
struct control_call {
	char line[CONTROL_LINE];
	const char *words[CONTROL_WORDS + 1];
	size_t count;
	const struct control_request *request;
};

struct control_request {
	const char *name;
	size_t least, most; /* words after the name */
	/* Do it; an error becomes the reply. NULL: nothing to do. */
	int (*act)(struct node *node, const struct control_call *call, struct error *err);
	/* Make the reply's record of this index; false when there is none: "end" follows. NULL: none at all. */
	bool (*reply)(struct node *node, size_t index, struct record *out);
	/* Once the reply is out, or its reader gone. */
	void (*after)(struct node *node, const struct control_call *call);
};

/* Read a request (n bytes, its newline among them) into call. Returns NULL, or what is wrong with it. */
const char *control_read(struct control_call *call, const char *text, size_t n);

/* The requests there are, by name; NULL for an unknown one. */
const struct control_request *control_find(const char *name);
