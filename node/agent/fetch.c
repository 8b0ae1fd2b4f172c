#include "node/agent/fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "node/agent/url.h"

enum outcome {
	FETCHED,
	ABSENT, /* the server says that it does not have it */
	REFUSED, /* it will not give it: asking often does not help, but a server may be starting */
	AGAIN,
	NEVER,  /* no attempt can do better */
};

enum { FIRST_PAUSE_MS = 500, LONGEST_PAUSE_MS = 10000, LEAST_ATTEMPT_MS = 5000 };

struct attempt {
	struct strbuf *out;
	size_t start, limit;
	bool too_long;
	char problem[CURL_ERROR_SIZE];
};

static enum outcome read_file(struct fetch *f, struct arena *a, const char *url, struct attempt *t, struct error *err)
{
	struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	_cleanup_close_ int fd = -1;
	const char *path;
	char chunk[16384];
	ssize_t n;

	if (url_file_path(a, url, &path, err) < 0)
		return NEVER;
	do
		fd = (int)syscall(SYS_openat2, f->rootfd, path, &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	if (fd < 0) {
		enum outcome outcome = errno == ENOENT || errno == ENOTDIR ? ABSENT : NEVER;

		error_set(err, "%s", strerror(errno));
		return outcome;
	}
	while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
		if ((size_t)n > t->limit - (t->out->len - t->start)) {
			t->too_long = true;
			return NEVER;
		}
		strbuf_add(t->out, chunk, (size_t)n);
	}
	if (n < 0) {
		error_set(err, "%s", strerror(errno));
		return NEVER;
	}
	return FETCHED;
}

static size_t receive(char *data, size_t size, size_t n, void *attempt)
{
	struct attempt *t = attempt;

	n *= size;
	if (n > t->limit - (t->out->len - t->start)) {
		t->too_long = true;
		return 0;
	}
	strbuf_add(t->out, data, n);
	return n;
}

static void prepare(CURL *c, const char *ca, const char *url, enum url_scheme scheme, long milliseconds, struct attempt *t)
{
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->problem);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https,tftp");
	/* A secure beginning is not led astray; nothing leads to tftp or to a file. */
	curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, scheme == URL_HTTPS ? "https" : "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)FETCH_REDIRECTS);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)FETCH_CONNECT_SECONDS);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)FETCH_STALLED_SECONDS);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, milliseconds);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "mkdl");
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, receive);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	if (ca) {
		struct curl_blob blob = {.data = (void *)ca, .len = strlen(ca), .flags = CURL_BLOB_COPY};

		/* In place of the machine's own, not besides. */
		curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
		curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &blob);
	}
}

static enum outcome judge_status(long status, struct error *err)
{
	const char *words = status == 404 || status == 410 ? " (not found)" :
			    status == 401 || status == 403 ? " (not allowed)" :
			    status >= 500 ? " (an error of the server)" : "";

	if (status == 0 || (status >= 200 && status < 300))
		return FETCHED;
	error_set(err, "the server answers %ld%s", status, words);
	if (status == 404 || status == 410)
		return ABSENT;
	/* Request timeout, too early, too many requests. */
	return status >= 500 || status == 408 || status == 425 || status == 429 ? AGAIN : REFUSED;
}

static enum outcome judge(CURLcode code, const char *ca, const struct attempt *t, long status, struct error *err)
{
	const char *problem = t->problem[0] ? t->problem : curl_easy_strerror(code);

	switch (code) {
	case CURLE_OK:
		return judge_status(status, err);
	case CURLE_TFTP_NOTFOUND:
		error_set(err, "the server has no such file");
		return ABSENT;
	case CURLE_TFTP_PERM:
	case CURLE_TOO_MANY_REDIRECTS:
	case CURLE_UNSUPPORTED_PROTOCOL:
		error_set(err, "%s", problem);
		return REFUSED;
	case CURLE_URL_MALFORMAT:
		error_set(err, "%s", problem);
		return NEVER;
	case CURLE_SSL_CACERT_BADFILE:
		error_set(err, "https needs the certificates of authorities in /etc/ssl/certs/ca-certificates.crt: put the "
			  "package ca-certificates, or a file of your own there, into the image");
		return NEVER;
	case CURLE_PEER_FAILED_VERIFICATION:
		error_set(err, "the server's certificate is not good: %s; the clock, or an authority that %s lacks?", problem,
			  ca ? "config: ca: of the profile" : "/etc/ssl/certs/ca-certificates.crt");
		return REFUSED;
	default:
		error_set(err, "%s", problem);
		return AGAIN;
	}
}

static enum outcome transfer(const char *ca, const char *url, enum url_scheme scheme, int64_t until, struct attempt *t, struct error *err)
{
	int64_t left = until - clock_ms();
	enum outcome outcome;
	long status = 0;
	CURLcode code;
	CURL *c;

	left = left > FETCH_ATTEMPT_SECONDS * 1000 ? FETCH_ATTEMPT_SECONDS * 1000 : left < 1 ? 1 : left;
	c = curl_easy_init();
	if (!c) {
		error_set(err, "no memory for a transfer");
		return AGAIN;
	}
	prepare(c, ca, url, scheme, (long)left, t);
	code = curl_easy_perform(c);
	if (scheme != URL_TFTP)
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	outcome = t->too_long ? NEVER : judge(code, ca, t, status, err);
	curl_easy_cleanup(c);
	return outcome;
}

/* One attempt; out is as it was unless it succeeds. */
static enum outcome attempt(struct fetch *f, struct arena *a, const char *url, enum url_scheme scheme, int64_t until,
			    struct strbuf *out, struct error *err)
{
	struct attempt t = {.out = out, .start = out->len};
	size_t left = FETCH_TOTAL_LIMIT - f->total;
	enum outcome outcome;

	t.limit = left < FETCH_DOCUMENT_LIMIT ? left : FETCH_DOCUMENT_LIMIT;
	outcome = scheme == URL_FILE ? read_file(f, a, url, &t, err) : transfer(f->ca, url, scheme, until, &t, err);
	if (t.too_long)
		error_set(err, "larger than is allowed: %d MB for one document, %d MB for all", FETCH_DOCUMENT_LIMIT >> 20,
			  FETCH_TOTAL_LIMIT >> 20);
	if (outcome == FETCHED) {
		f->total += out->len - t.start;
	} else if (out->data) {
		out->len = t.start;
		out->data[t.start] = '\0';
	}
	return outcome;
}

static void sleep_ms(int64_t ms)
{
	struct timespec pause = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};

	while (nanosleep(&pause, &pause) < 0 && errno == EINTR)
		;
}

/* How long the next attempt may take. */
static int64_t attempt_end(const struct fetch *f)
{
	int64_t least = clock_ms() + LEAST_ATTEMPT_MS, end = f->deadline > least ? f->deadline : least;

	return end < f->end ? end : f->end;
}

static int give_up(const char *shown, const struct error *problem, unsigned tries, struct error *err)
{
	if (tries == 1)
		return error_set(err, "%s: %s", shown, error_text(problem));
	return error_set(err, "%s: %s (tried %u times)", shown, error_text(problem), tries);
}

int fetch_url(struct fetch *f, struct arena *a, const char *url, bool *found, struct strbuf *out, struct error *err)
{
	const char *shown = url_show(a, url);
	int64_t pause = FIRST_PAUSE_MS;
	enum url_scheme scheme;

	if (url_scheme(url, &scheme, err) < 0)
		return error_wrap(err, "%s", shown);
	for (unsigned tries = 1;; tries++) {
		_cleanup_error_ struct error problem = {0};
		enum outcome outcome;
		int64_t left;

		if (clock_ms() >= f->end)
			return error_set(err, "%s: no time was left for it", shown);
		outcome = attempt(f, a, url, scheme, attempt_end(f), out, &problem);
		if (outcome == FETCHED || (outcome == ABSENT && found)) {
			if (found)
				*found = outcome == FETCHED;
			return 0;
		}
		left = f->deadline - clock_ms();
		if (outcome == NEVER || scheme == URL_FILE || left <= 0 ||
		    ((outcome == ABSENT || outcome == REFUSED) && tries >= FETCH_ABSENT_TRIES))
			return give_up(shown, &problem, tries, err);
		fprintf(stderr, "%s: %s; trying again, for %lld s at most\n", shown, error_text(&problem),
			(long long)(left + 999) / 1000);
		/* The last attempt is when the time is over, not a pause before. */
		pause = pause > left ? left : pause;
		sleep_ms(pause);
		pause = pause * 2 > LONGEST_PAUSE_MS ? LONGEST_PAUSE_MS : pause * 2;
	}
}
