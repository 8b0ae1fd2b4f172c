/* nodectl: what a person asks the node. One file per command; what it knows comes from PID 1's control socket
 * (init/control.h) and from the files below /run/mkdl. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/flat.h"
#include "base/json.h"

enum { EXIT_USAGE = 2 };

struct context {
	struct arena arena;
	const char *root;  /* of the node that is asked, "" for this one */
	bool json;
	bool terminal;     /* standard output is one: colours, the width of the screen */
	unsigned width;    /* columns */
};

/* A command returns its exit status, or -1 with err filled; EXIT_USAGE when the words make no sense, after it said why.
 * argv[0] is the command's name. */
struct command {
	const char *name, *arguments, *summary;
	const char *help; /* further lines for --help, or "" */
	int (*run)(struct context *c, int argc, char **argv, struct error *err);
};

int run_status(struct context *c, int argc, char **argv, struct error *err);
int run_services(struct context *c, int argc, char **argv, struct error *err);
int run_service_verb(struct context *c, int argc, char **argv, struct error *err);
int run_logs(struct context *c, int argc, char **argv, struct error *err);
int run_config(struct context *c, int argc, char **argv, struct error *err);
int run_timeline(struct context *c, int argc, char **argv, struct error *err);
int run_drain(struct context *c, int argc, char **argv, struct error *err);
int run_uncordon(struct context *c, int argc, char **argv, struct error *err);
int run_end(struct context *c, int argc, char **argv, struct error *err);
int run_verbose(struct context *c, int argc, char **argv, struct error *err);

/* Say what is wrong with the words; returns EXIT_USAGE. */
int usage_error(const char *command, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A path of the node: its root before it. */
const char *node_path(struct context *c, const char *path);

/* The text of a small file of the node without the newline at its end, or NULL. */
const char *node_text(struct context *c, const char *path);

/* Ask PID 1; words (NULL-terminated) are the request. Its "error" becomes err. The records, without "end", live in the arena. */
int ask(struct context *c, const char *const *words, struct flat *reply, struct error *err);

/* The value (first word after the key) of the first record with this key, or NULL. */
const char *reply_text(const struct flat *reply, const char *key);
/* A number of a record; -1 for none. */
int64_t record_word_number(const struct flat_line *line, size_t word);
int64_t reply_number(const struct flat *reply, const char *key);

/* Have PID 1 start, stop or restart a service, and wait until it has. One that is not there is fine, as is one to be stopped that
 * is down. */
int service_do_and_wait(struct context *c, const char *verb, const char *name, struct error *err);

/* Put the JSON document out. */
int print_json(struct strbuf *text);
/* A member that is null below 0. */
void json_optional(struct json *j, const char *key, int64_t value);
