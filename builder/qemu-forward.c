#include "builder/qemu-forward.h"

#include <curl/curl.h>
#include <stdlib.h>

enum {
	TRY_SECONDS = 5,          /* QEMU accepts a connection whether the guest listens or not: an answer has to come */
	RETRY_MILLISECONDS = 500,
	BODY_LIMIT = 4096,
};

/* The end of a page is of no interest: taking less than offered ends the transfer. */
static size_t take_body(char *data, size_t size, size_t count, void *user)
{
	struct probe *p = user;
	size_t n = size * count, room = BODY_LIMIT - p->body.len;

	strbuf_add(&p->body, data, n < room ? n : room);
	p->body_cut = n > room;
	return p->body_cut ? 0 : n;
}

static void begin(struct probes *all, struct probe *p)
{
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", p->forward.host);
	p->body.len = 0;
	p->easy = curl_easy_init();
	if (!p->easy)
		return;
	curl_easy_setopt(p->easy, CURLOPT_URL, url);
	curl_easy_setopt(p->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(p->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(p->easy, CURLOPT_TIMEOUT, (long)TRY_SECONDS);
	/* Daemons that greet first (SSH) look like HTTP/0.9, and answer too. */
	curl_easy_setopt(p->easy, CURLOPT_HTTP09_ALLOWED, 1L);
	curl_easy_setopt(p->easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(p->easy, CURLOPT_WRITEDATA, (void *)p);
	curl_easy_setopt(p->easy, CURLOPT_PRIVATE, (void *)p);
	if (curl_multi_add_handle(all->multi, p->easy) != CURLM_OK) {
		curl_easy_cleanup(p->easy);
		p->easy = NULL;
	}
}

static void drop(struct probes *all, struct probe *p)
{
	if (!p->easy)
		return;
	curl_multi_remove_handle(all->multi, p->easy);
	curl_easy_cleanup(p->easy);
	p->easy = NULL;
}

/* A server that is there but not ready yet answers with 5xx: worth waiting. */
static void end(struct probes *all, struct probe *p, int64_t now)
{
	long status = 0;

	curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
	drop(all, p);
	p->status = status;
	if (p->body.len)
		p->body.data[p->body.len] = '\0';
	p->answered = status ? status < 500 : p->body.len > 0;
	p->next = now + RETRY_MILLISECONDS;
}

int probes_start(struct probes *p, const struct forward *forwards, size_t count, struct error *err)
{
	*p = (struct probes){.multi = curl_multi_init(), .items = calloc(count ? count : 1, sizeof(*p->items))};
	if (!p->multi || !p->items) {
		probes_free(p);
		return error_set(err, "cannot set up libcurl");
	}
	p->count = count;
	for (size_t i = 0; i < count; i++)
		p->items[i].forward = forwards[i];
	return 0;
}

bool probes_step(struct probes *p, int64_t now)
{
	int running = 0, left = 0;
	const CURLMsg *message;
	char *of = NULL;
	bool all = true;

	for (size_t i = 0; i < p->count; i++)
		if (!p->items[i].answered && !p->items[i].easy && now >= p->items[i].next)
			begin(p, &p->items[i]);
	curl_multi_perform(p->multi, &running);
	while ((message = curl_multi_info_read(p->multi, &left)))
		if (message->msg == CURLMSG_DONE &&
		    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &of) == CURLE_OK)
			end(p, (struct probe *)(void *)of, now);
	for (size_t i = 0; i < p->count; i++)
		all &= p->items[i].answered;
	return all;
}

void probes_free(struct probes *p)
{
	for (size_t i = 0; i < p->count; i++) {
		drop(p, &p->items[i]);
		strbuf_free(&p->items[i].body);
	}
	if (p->multi)
		curl_multi_cleanup(p->multi);
	free(p->items);
	*p = (struct probes){0};
}
