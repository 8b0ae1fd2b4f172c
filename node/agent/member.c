#include "node/agent/member.h"

#include <string.h>
#include <time.h>

#include "base/flat.h"
#include "node/agent/discovery.h"

enum { FILE_LIMIT = 1 << 20, BEHIND_SECONDS = 300 };

static int read_join_file(struct member *m, struct error *err)
{
	static const char *const paths[] = {JOIN_FILE, JOIN_BAKED};

	for (size_t i = 0; i < 2; i++) {
		const char *text;
		size_t n;
		bool found;

		if (root_read(&m->root, paths[i], JOIN_FILE_LIMIT, &text, &n, &found, err) < 0)
			return -1;
		if (found)
			return join_file_parse(m->arena, paths[i], text, n, &m->in, err);
	}
	return 0;
}

static int read_hostname(struct member *m, struct error *err)
{
	struct flat flat;
	const char *text;
	size_t n;

	if (root_read(&m->root, MEMBER_FACTS, FILE_LIMIT, &text, &n, NULL, err) < 0 ||
	    flat_parse(m->arena, MEMBER_FACTS, text, n, &flat, err) < 0)
		return -1;
	for (size_t i = 0; i < flat.count; i++)
		if (flat.lines[i].count == 2 && !strcmp(flat.lines[i].words[0], "hostname"))
			m->hostname = flat.lines[i].words[1];
	return m->hostname ? 0 : error_set(err, MEMBER_FACTS ": the node has no hostname");
}

/* An overlay may have brought one. */
static int read_bootstrap(struct member *m, struct error *err)
{
	struct kubeconfig k;
	const char *text;
	size_t n;
	bool found;

	if (root_read(&m->root, MEMBER_BOOTSTRAP, FILE_LIMIT, &text, &n, &found, err) < 0)
		return -1;
	if (!found)
		return 0;
	if (kubeconfig_read(m->arena, text, n, &k, err) < 0)
		return error_wrap(err, MEMBER_BOOTSTRAP);
	m->server = m->server ? m->server : k.server;
	m->token = k.token;
	return 0;
}

int member_load(struct member *m, struct error *err)
{
	if (read_join_file(m, err) < 0 || read_hostname(m, err) < 0)
		return -1;
	m->server = m->in.server;
	m->token = m->in.token;
	m->token_given = m->token != NULL;
	if (!m->token && read_bootstrap(m, err) < 0)
		return -1;
	if (!m->server)
		return error_set(err, "no API server is named: give the node's configuration mkdl: {kubernetes: {server: https://…}}");
	if (strncmp(m->server, "https://", 8) != 0 || !m->server[8])
		return error_set(err, "API server %s: an address of an API server begins with https://", m->server);
	return 0;
}

int member_trust(struct member *m, const char *ca, struct error *err)
{
	struct certificates all;
	const char *pinned = ca;

	if (certificates_parse(m->arena, ca, &all, err) < 0)
		return error_wrap(err, "the cluster's certificate authority");
	/* What is not pinned is not trusted, even beside one that is. */
	if (m->in.pins.count) {
		pinned = certificates_pinned(m->arena, &all, &m->in.pins);
		if (!pinned)
			return error_set(err, "the cluster's certificate authority is %s, not %s: is ca_cert_hash wrong, or another "
					 "cluster's, or does another server answer at %s?", all.items[0].hash,
					 m->in.pins.items[0], m->server);
	}
	if (certificates_parse(m->arena, pinned, &m->authorities, err) < 0)
		return -1;
	m->ca = pinned;
	return 0;
}

/* An answer that no API server that is up would give. */
static int check_answer(const struct member *m, const struct api_answer *answer, struct error *err)
{
	if (answer->status >= 500 || answer->status == 429)
		return error_set(err, "API server %s: is not ready yet (HTTP %ld)", m->server, answer->status);
	if (answer->status >= 300 && answer->status < 400)
		return error_set(err, "API server %s: leads elsewhere (HTTP %ld): this is no API server but perhaps a proxy",
				 m->server, answer->status);
	return 0;
}

int member_ask(struct member *m, struct api_request q, struct api_answer *out, struct error *err)
{
	_cleanup_error_ struct error problem = {0};

	q.server = m->server;
	q.ca = m->ca;
	if (api_ask(m->arena, &q, out, &problem) == 0)
		return check_answer(m, out, err);
	if (out->failure == API_NOT_VERIFIED)
		return member_explain(m, error_text(&problem), err);
	return error_set(err, "API server %s: %s", m->server, error_text(&problem));
}

int member_refused(const struct member *m, const struct api_answer *answer, const char *what, struct error *err)
{
	return error_set(err, "API server %s: answers %s with HTTP %ld: is it one?", m->server, what, answer->status);
}

int member_check_clock(struct member *m, const struct api_answer *answer, struct error *err)
{
	int64_t now = time(NULL);

	/* Certificates that the cluster makes are valid from five minutes before. */
	if (!answer->date || answer->date - now <= BEHIND_SECONDS)
		return 0;
	return error_set(err, "this node's clock says %s, the API server's %s: the certificate that the cluster makes for it would "
			 "not be valid here yet; set the clock (time: {ntp: […]})", api_show_date(m->arena, now),
			 api_show_date(m->arena, answer->date));
}
