/* A lab from outside: which one, what it says, what it is told. */
#pragma once

#include <sys/types.h>

#include "lab/lab.h"

/* A lab that runs. */
struct lab_client {
	const char *dir, *name;
	int fd;     /* connection to its supervisor */
	pid_t pid;  /* the supervisor's, as seen from here */
};

enum { STATUS_FIELDS = 13 };

struct status_node {
	const char *name, *role, *address, *mac, *step, *phase, *up, *ready, *said;
	unsigned long kib, mib, starts, boots;
};

struct status_server {
	const char *name, *state;
};

struct lab_status {
	const char *name, *file, *api;
	unsigned long seconds;
	struct status_server servers[8];
	size_t server_count;
	struct status_node *nodes;
	size_t node_count, node_cap;
};

/* The lab of this name below OUT/lab (relative names are of the working directory); with name NULL the only one that runs.
 * Which there are is told in the error. */
int client_open(struct arena *a, const char *out, const char *name, struct lab_client *c, struct error *err);
/* The lab whose folder is dir: false when it does not run. */
bool client_try(struct arena *a, const char *dir, struct lab_client *c);
void client_close(struct lab_client *c);

/* One question, up to two words, and its answer's records without the last. */
int client_ask(struct arena *a, struct lab_client *c, const char *verb, const char *node, struct strbuf *answer, struct error *err);
int client_status(struct arena *a, struct lab_client *c, struct lab_status *out, struct error *err);

/* NULL when the lab has no such node; err then names those that it has. */
const struct status_node *status_find(const struct lab_status *s, const char *name, struct error *err);

/* Ask it to end, and wait until nothing of it is left. */
int client_down(struct arena *a, struct lab_client *c, struct error *err);

/* Run a program of the host in the lab's network, with our terminal; *code is its exit status. It ends when the lab does. */
int client_run(struct arena *a, struct lab_client *c, const char *const *argv, int *code, struct error *err);

/* The console of a node on our terminal, until Ctrl-] (or the end of what is not a terminal). */
int client_console(struct arena *a, struct lab_client *c, const char *node, struct error *err);
