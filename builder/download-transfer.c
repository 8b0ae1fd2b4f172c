#include "builder/download-transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_TRIES = 4, FIRST_PAUSE_MS = 500, CONNECT_SECONDS = 20, STALLED_SECONDS = 60, MAX_REDIRECTS = 10 };
static const uint64_t max_unknown = UINT64_C(16) << 30; /* of a file whose size nobody told */

void transfer_global_init(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		fputs("mkdl: libcurl cannot start\n", stderr);
		abort();
	}
}

const char *transfer_show_uri(struct arena *a, const char *uri)
{
	const char *host = strstr(uri, "://"), *at;

	if (!host)
		return arena_strdup(a, uri);
	host += 3;
	at = memchr(host, '@', strcspn(host, "/?#"));
	return at ? arena_printf(a, "%.*s%s", (int)(host - uri), uri, at + 1) : arena_strdup(a, uri);
}

void transfer_init(struct transfer *t, const struct download *file, struct arena *a)
{
	*t = (struct transfer){.file = file, .fd = -1, .shown = transfer_show_uri(a, file->uri), .uri = file->uri};
	/* apt writes file:/path. */
	if (!strncmp(file->uri, "file:/", 6) && strncmp(file->uri, "file://", 7))
		t->uri = arena_printf(a, "file://%s", file->uri + 5);
}

static uint64_t most(const struct transfer *t)
{
	return t->file->size ? t->file->size : max_unknown;
}

static size_t receive(char *data, size_t size, size_t count, void *transfer)
{
	struct transfer *t = transfer;
	size_t n = size * count, written = 0;

	if (t->have > most(t) || n > most(t) - t->have) {
		t->too_long = true;
		return 0;
	}
	while (written < n) {
		ssize_t w = pwrite(t->fd, data + written, n - written, (off_t)(t->have + written));

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0) {
			t->write_errno = w < 0 ? errno : ENOSPC;
			return 0;
		}
		written += (size_t)w;
	}
	t->have += n;
	return n;
}

static void set_options(struct transfer *t, const char *proxy)
{
	CURL *c = t->easy;

	curl_easy_reset(c);
	curl_easy_setopt(c, CURLOPT_URL, t->uri);
	curl_easy_setopt(c, CURLOPT_PRIVATE, t);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->problem);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https,file");
	curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS);
	curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)STALLED_SECONDS);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "mkdl/" MKDL_VERSION);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, receive);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(c, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)t->have);
	if (proxy)
		curl_easy_setopt(c, CURLOPT_PROXY, proxy);
}

int transfer_start(struct transfer *t, CURLM *multi, const char *proxy, struct error *err)
{
	if (!t->easy)
		t->easy = curl_easy_init();
	if (!t->easy)
		return error_set(err, "libcurl failed");
	t->had = t->have;
	t->too_long = false;
	t->problem[0] = '\0';
	set_options(t, proxy);
	if (curl_multi_add_handle(multi, t->easy) != CURLM_OK)
		return error_set(err, "libcurl failed");
	t->state = TRANSFER_RUNNING;
	return 0;
}

static bool is_temporary(const struct transfer *t, CURLcode code)
{
	long status = 0;

	switch (code) {
	case CURLE_HTTP_RETURNED_ERROR:
		curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
		return status >= 500 || status == 408 || status == 429;
	case CURLE_OK: /* ended early, though politely */
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
	case CURLE_SSL_CONNECT_ERROR:
		return true;
	default:
		return false;
	}
}

/* A server that cannot continue says 416, or sends the whole file, which libcurl calls a range error. */
static bool cannot_continue(const struct transfer *t, CURLcode code)
{
	long status = 0;

	if (!t->had || t->restarted)
		return false;
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	return code == CURLE_RANGE_ERROR || code == CURLE_BAD_DOWNLOAD_RESUME ||
	       (code == CURLE_HTTP_RETURNED_ERROR && status == 416) || t->too_long;
}

enum verdict transfer_judge(struct transfer *t, CURLcode code)
{
	if (t->write_errno)
		return VERDICT_FULL;
	if (code == CURLE_OK && (!t->file->size || t->have == t->file->size))
		return VERDICT_WHOLE;
	if (cannot_continue(t, code))
		return VERDICT_RESTART;
	if (!is_temporary(t, code) || t->too_long)
		return VERDICT_FAILED;
	t->tries = t->have > t->had ? 1 : t->tries + 1;
	return t->tries < MAX_TRIES ? VERDICT_RETRY : VERDICT_FAILED;
}

int64_t transfer_pause(const struct transfer *t)
{
	return (int64_t)FIRST_PAUSE_MS << (t->tries ? t->tries - 1 : 0);
}

const char *transfer_problem(const struct transfer *t, CURLcode code)
{
	if (t->too_long)
		return "the server sends more than the expected size; the file there is not the one that was asked for";
	if (code == CURLE_OK)
		return "the server sends less than the expected size";
	return t->problem[0] ? t->problem : curl_easy_strerror(code);
}

int transfer_truncate(struct transfer *t, struct error *err)
{
	if (ftruncate(t->fd, 0) < 0)
		return error_errno(err, "%s: cannot start again", t->shown);
	t->have = 0;
	return 0;
}

void transfer_release(struct transfer *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
	if (t->easy)
		curl_easy_cleanup(t->easy);
	t->easy = NULL;
	t->step = NULL;
}
