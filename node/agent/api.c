#include "node/agent/api.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/strbuf.h"

struct transfer {
	struct strbuf body;
	bool too_long;
	int64_t date;
	char problem[CURL_ERROR_SIZE];
};

int64_t api_read_date(const char *text)
{
	struct tm tm = {0};
	const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	time_t t;

	if (!end || (*end && *end != '\r' && *end != '\n'))
		return 0;
	t = timegm(&tm);
	return t > 0 ? t : 0;
}

const char *api_show_date(struct arena *a, int64_t t)
{
	time_t seconds = (time_t)t;
	char text[64];
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm))
		return "?";
	return arena_strdup(a, text);
}

static size_t receive(char *data, size_t size, size_t n, void *context)
{
	struct transfer *t = context;

	n *= size;
	if (n > API_ANSWER_LIMIT - t->body.len) {
		t->too_long = true;
		return 0;
	}
	strbuf_add(&t->body, data, n);
	return n;
}

static size_t receive_header(char *data, size_t size, size_t n, void *context)
{
	static const char name[] = "Date:";
	struct transfer *t = context;
	char line[64];

	n *= size;
	if (n > sizeof(name) && n < sizeof(line) && !strncasecmp(data, name, sizeof(name) - 1)) {
		memcpy(line, data, n);
		line[n] = '\0';
		t->date = api_read_date(line + sizeof(name) - 1 + strspn(line + sizeof(name) - 1, " \t"));
	}
	return n;
}

static void set_blob(CURL *c, CURLoption option, const char *pem)
{
	struct curl_blob blob = {.data = (void *)pem, .len = strlen(pem), .flags = CURL_BLOB_COPY};

	curl_easy_setopt(c, option, &blob);
}

static void prepare_tls(CURL *c, const struct api_request *q)
{
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, q->ca ? 1L : 0L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, q->ca ? 2L : 0L);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	/* Neither the files nor the folder of the build's default. */
	curl_easy_setopt(c, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	if (!q->ca) {
		curl_easy_setopt(c, CURLOPT_CERTINFO, 1L);
		return;
	}
	set_blob(c, CURLOPT_CAINFO_BLOB, q->ca);
	if (q->certificate) {
		curl_easy_setopt(c, CURLOPT_SSLCERTTYPE, "PEM");
		set_blob(c, CURLOPT_SSLCERT_BLOB, q->certificate);
		set_blob(c, CURLOPT_SSLKEY_BLOB, q->certificate);
	}
}

static void prepare(CURL *c, const struct api_request *q, const char *url, struct transfer *t)
{
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->problem);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)API_CONNECT_SECONDS);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)(q->seconds ? q->seconds : API_SECONDS));
	curl_easy_setopt(c, CURLOPT_USERAGENT, "mkdl");
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, receive);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, receive_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, q->method);
	if (q->body)
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, q->body);
	prepare_tls(c, q);
}

static struct curl_slist *make_headers(struct arena *a, const struct api_request *q)
{
	struct curl_slist *list = curl_slist_append(NULL, "Accept: application/json");

	if (q->ca && q->token)
		list = curl_slist_append(list, arena_printf(a, "Authorization: Bearer %s", q->token));
	if (q->type)
		list = curl_slist_append(list, arena_printf(a, "Content-Type: %s", q->type));
	return list;
}

/* The first of the server's chain, as curl shows it: "Cert:PEM". */
static const char *find_certificate(struct arena *a, CURL *c)
{
	struct curl_certinfo *info = NULL;

	if (curl_easy_getinfo(c, CURLINFO_CERTINFO, &info) != CURLE_OK || !info || info->num_of_certs < 1)
		return NULL;
	for (const struct curl_slist *s = info->certinfo[0]; s; s = s->next)
		if (!strncmp(s->data, "Cert:", 5) && strlen(s->data) < API_CERTIFICATE_LIMIT)
			return arena_strdup(a, s->data + 5);
	return NULL;
}

/* What connect(2) said, in words that say what to look at. */
static int unreachable(CURL *c, const struct transfer *t, struct error *err)
{
	long number = 0;

	curl_easy_getinfo(c, CURLINFO_OS_ERRNO, &number);
	switch ((int)number) {
	case ECONNREFUSED:
		return error_set(err, "refuses the connection: nothing listens there; is kube-apiserver up, is the port right?");
	case ENETUNREACH:
	case EHOSTUNREACH:
		return error_set(err, "cannot be reached: %s; is the machine on, is there a route to it?", strerror((int)number));
	case ETIMEDOUT:
		return error_set(err, "does not answer: is the machine on, does a firewall drop the port?");
	default:
		return error_set(err, "cannot be reached: %s", t->problem[0] ? t->problem : strerror((int)number));
	}
}

static enum api_failure judge(CURL *c, CURLcode code, const struct api_request *q, const struct transfer *t, struct error *err)
{
	const char *problem = t->problem[0] ? t->problem : curl_easy_strerror(code);

	if (t->too_long) {
		error_set(err, "answers with more than %d KiB: this is no API server", API_ANSWER_LIMIT >> 10);
		return API_TOO_LONG;
	}
	switch (code) {
	case CURLE_OK:
		return API_ANSWERED;
	case CURLE_COULDNT_RESOLVE_HOST:
		error_set(err, "cannot be reached: its name is not known: %s; does the node have a DNS server?", problem);
		return API_UNREACHABLE;
	case CURLE_COULDNT_CONNECT:
		unreachable(c, t, err);
		return API_UNREACHABLE;
	case CURLE_OPERATION_TIMEDOUT:
		error_set(err, "does not answer within %u s: is the machine on, does a firewall drop the port?",
			  q->seconds ? q->seconds : API_SECONDS);
		return API_UNREACHABLE;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
		error_set(err, "%s", problem);
		return API_NOT_VERIFIED;
	case CURLE_SSL_CONNECT_ERROR:
		error_set(err, "speaks no TLS: %s; is the port an API server's?", problem);
		return API_NO_TLS;
	default:
		error_set(err, "broke the connection off: %s", problem);
		return API_BROKEN;
	}
}

int api_ask(struct arena *a, const struct api_request *q, struct api_answer *out, struct error *err)
{
	struct transfer t = {0};
	const char *url = arena_printf(a, "%.*s%s", (int)(strlen(q->server) - (q->server[strlen(q->server) - 1] == '/')),
				       q->server, q->path);
	struct curl_slist *headers = make_headers(a, q);
	CURL *c = curl_easy_init();
	CURLcode code;

	*out = (struct api_answer){.failure = API_BROKEN, .body = ""};
	if (!c || !headers)
		return error_set(err, "no memory for a transfer");
	prepare(c, q, url, &t);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	code = curl_easy_perform(c);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &out->status);
	out->failure = judge(c, code, q, &t, err);
	out->date = t.date;
	if (!q->ca)
		out->certificate = find_certificate(a, c);
	if (out->failure == API_ANSWERED && t.body.len) {
		out->body = arena_strndup(a, t.body.data, t.body.len);
		out->size = t.body.len;
	}
	strbuf_free(&t.body);
	curl_slist_free_all(headers);
	curl_easy_cleanup(c);
	return out->failure == API_ANSWERED ? 0 : -1;
}
