#include <string.h>
#include <time.h>

#include "node/agent/member.h"

enum { FILE_LIMIT = 1 << 20 };

static bool is_valid_at(const struct certificate *c, int64_t t)
{
	return c->from <= t && t <= c->until;
}

/* Of whom: "its certificate", "the cluster's certificate authority". */
static int explain_times(struct member *m, const char *whose, const struct certificate *c, int64_t now, int64_t date,
			 struct error *err)
{
	/* By its own clock it is good: then one of the clocks is not. */
	if (date && is_valid_at(c, date))
		return error_set(err, "this node's clock says %s, the API server's %s: here %s is %s (valid from %s to %s); set the "
				 "clock (time: {ntp: […]})", api_show_date(m->arena, now), api_show_date(m->arena, date), whose,
				 now > c->until ? "out of date" : "not valid yet", api_show_date(m->arena, c->from),
				 api_show_date(m->arena, c->until));
	if (now > c->until)
		return error_set(err, "API server %s: %s expired on %s: renew it (mkdl cluster renew, kubeadm certs renew)", m->server,
				 whose, api_show_date(m->arena, c->until));
	return error_set(err, "API server %s: %s is valid only from %s on, and this node's clock says %s", m->server, whose,
			 api_show_date(m->arena, c->from), api_show_date(m->arena, now));
}

int member_explain(struct member *m, const char *problem, struct error *err)
{
	const struct api_request q = {.server = m->server, .method = "GET", .path = "/version"};
	_cleanup_error_ struct error unheard = {0};
	struct certificates server;
	struct api_answer seen;
	int64_t now = time(NULL);

	/* Its certificate and its clock, which nobody vouches for: good enough to say what is wrong. */
	if (api_ask(m->arena, &q, &seen, &unheard) < 0 || !seen.certificate ||
	    certificates_parse(m->arena, seen.certificate, &server, &unheard) < 0)
		return error_set(err, "API server %s: its certificate is not good: %s", m->server, problem);
	if (!is_valid_at(&server.items[0], now))
		return explain_times(m, "its certificate", &server.items[0], now, seen.date, err);
	if (!certificate_is_by(&server.items[0], &m->authorities))
		return error_set(err, "API server %s: its certificate is by \"%s\", not by the cluster's authority %s: is ca (or "
				 "ca_cert_hash) another cluster's, or does another server answer there?", m->server,
				 server.items[0].issuer, m->authorities.items[0].hash);
	for (size_t i = 0; i < m->authorities.count; i++)
		if (!is_valid_at(&m->authorities.items[i], now))
			return explain_times(m, "the cluster's certificate authority", &m->authorities.items[i], now, seen.date, err);
	if (strstr(problem, "match"))
		return error_set(err, "API server %s: its certificate is not for this name but for %s: name the server by one of "
				 "these, or add the name to the certificate", m->server,
				 *server.items[0].names ? server.items[0].names : "none");
	return error_set(err, "API server %s: its certificate is not good: %s", m->server, problem);
}

static const char *judge(struct member *m, const char *pem, const struct certificate *c)
{
	int64_t now = time(NULL);
	const char *wanted = arena_printf(m->arena, "system:node:%s", m->hostname);

	if (!certificate_is_by(c, &m->authorities))
		return arena_printf(m->arena, "it is by \"%s\", not by this cluster's authority", c->issuer);
	if (now > c->until)
		return arena_printf(m->arena, "it expired on %s", api_show_date(m->arena, c->until));
	if (strcmp(c->common_name, wanted) != 0)
		return arena_printf(m->arena, "it is %s's, and this node is %s", c->common_name, wanted);
	if (!certificate_has_key(pem))
		return "its key is missing, or another's";
	return NULL;
}

void member_find_certificate(struct member *m, const char **reason)
{
	_cleanup_error_ struct error err = {0};
	struct certificates all;
	const char *pem;
	bool found;
	size_t n;

	*reason = NULL;
	m->certificate = NULL;
	if (root_read(&m->root, MEMBER_CERTIFICATE, FILE_LIMIT, &pem, &n, &found, &err) < 0) {
		*reason = arena_strdup(m->arena, error_text(&err));
		return;
	}
	if (!found)
		return;
	if (certificates_parse(m->arena, pem, &all, &err) < 0)
		*reason = arena_strdup(m->arena, error_text(&err));
	else
		*reason = judge(m, pem, &all.items[0]);
	if (*reason)
		return;
	m->certificate = pem;
	m->certificate_until = all.items[0].until;
}
