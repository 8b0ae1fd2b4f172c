/* One download under way: its state, its libcurl handle, and what the end of it means. For download.c. */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "builder/lock.h"

struct progress_step;

enum transfer_state {
	TRANSFER_WAITING, /* for its turn */
	TRANSFER_PAUSED,  /* until not_before */
	TRANSFER_RUNNING,
	TRANSFER_DONE,
};

enum verdict {
	VERDICT_WHOLE,   /* all bytes are there, to be checked */
	VERDICT_RETRY,   /* again, from where it stopped */
	VERDICT_RESTART, /* again, from the beginning: the server cannot continue */
	VERDICT_FULL,    /* cannot be written (write_errno) */
	VERDICT_FAILED,
};

struct transfer {
	const struct download *file;
	const char *shown;    /* the URI without user and password */
	const char *uri;      /* as libcurl wants it */
	enum transfer_state state;
	int fd;               /* the partial file, locked; -1 until claimed */
	uint64_t have;        /* bytes in it */
	uint64_t had;         /* when this try began */
	unsigned tries;       /* in a row that brought nothing */
	int64_t not_before;   /* ms, monotonic */
	bool resumed;         /* its beginning is not from this run */
	bool restarted;
	bool too_long;        /* the server sent more than it should */
	int write_errno;
	CURL *easy;
	char problem[CURL_ERROR_SIZE];
	struct progress_step *step;
};

/* curl_global_init; once per process, before any thread. */
void transfer_global_init(void);

void transfer_init(struct transfer *t, const struct download *file, struct arena *a);

/* Begin (or go on) in multi. proxy as in proxy_for. */
int transfer_start(struct transfer *t, CURLM *multi, const char *proxy, struct error *err);

/* What to do after libcurl ended it with this code. */
enum verdict transfer_judge(struct transfer *t, CURLcode code);

/* Milliseconds until the next try. */
int64_t transfer_pause(const struct transfer *t);

/* In words, for messages. */
const char *transfer_problem(const struct transfer *t, CURLcode code);

/* Forget what was received. */
int transfer_truncate(struct transfer *t, struct error *err);

/* Closes file (releasing its lock) and handle. */
void transfer_release(struct transfer *t);

/* The URI without user and password. */
const char *transfer_show_uri(struct arena *a, const char *uri);
