/* Becoming a member of a cluster, again after each boot: find the cluster's authority, see that the server is the cluster's,
 * that the clock fits and that the token or the certificate is taken; then leave the kubelet what it needs. Each problem is one
 * line that says what to do; it is tried again until it works, because most problems are solved elsewhere. */
#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "config/yaml.h"
#include "node/agent/discovery.h"
#include "node/agent/member.h"

enum { FIRST_PAUSE = 1, LONGEST_PAUSE = 15, SAY_AGAIN_MS = 300000, FILE_LIMIT = 1 << 20 };

/* What a bootstrap token is for: may it ask for a certificate? Everybody who is somebody may ask this. */
#define REVIEW "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
static const char review[] = "{\"apiVersion\":\"authorization.k8s.io/v1\",\"kind\":\"SelfSubjectAccessReview\",\"spec\":"
			     "{\"resourceAttributes\":{\"group\":\"certificates.k8s.io\",\"resource\":"
			     "\"certificatesigningrequests\",\"verb\":\"create\"}}}";

static const char *token_id(struct member *m)
{
	return arena_strndup(m->arena, m->token, strcspn(m->token, "."));
}

/* cluster-info, from a server that nothing is known of yet. */
static int ask_anybody(struct member *m, struct api_answer *out, struct error *err)
{
	const struct api_request q = {.server = m->server, .method = "GET", .path = DISCOVERY_PATH};

	if (api_ask(m->arena, &q, out, err) < 0)
		return error_wrap(err, "API server %s", m->server);
	if (out->status == 200)
		return 0;
	if (out->status == 404)
		return error_set(err, "API server %s: has no cluster-info to find the authority by: make it (kubeadm init phase "
				 "bootstrap-token), or give the authority itself (ca)", m->server);
	if (out->status == 401 || out->status == 403)
		return error_set(err, "API server %s: does not show cluster-info to everybody (HTTP %ld): allow it (kubeadm init phase "
				 "bootstrap-token), or give the authority itself (ca)", m->server, out->status);
	if (out->status >= 500 || out->status == 429)
		return error_set(err, "API server %s: is not ready yet (HTTP %ld)", m->server, out->status);
	return member_refused(m, out, "a request for cluster-info", err);
}

/* kubeadm's discovery. The request is made once more when the authority is known, by whoever asks next. */
static int discover(struct member *m, struct error *err)
{
	_cleanup_error_ struct error problem = {0};
	struct api_answer answer;
	const char *ca;

	if (!m->token)
		return error_set(err, "the cluster's authority is found by a bootstrap token, and none is given: "
				 "give mkdl: {kubernetes: {token: …}}, or ca");
	if (discovery_check_token(m->token, err) < 0)
		return error_wrap(err, "token");
	if (ask_anybody(m, &answer, err) < 0)
		return -1;
	switch (discovery_read(m->arena, answer.body, answer.size, m->token, &ca, &problem)) {
	case DISCOVERY_SIGNED:
		return member_trust(m, ca, err);
	case DISCOVERY_UNSIGNED:
		return error_set(err, "API server %s: its cluster-info is not signed with token %s: the token is unknown or expired, "
				 "is not for signing, or the controller-manager's bootstrapsigner does not run (kubeadm token list)",
				 m->server, token_id(m));
	case DISCOVERY_FORGED:
		return error_set(err, "API server %s: %s (%s): the token's second half is wrong, or another server answers there",
				 m->server, error_text(&problem), token_id(m));
	default:
		return error_set(err, "API server %s: %s: is it one?", m->server, error_text(&problem));
	}
}

static int find_authority(struct member *m, struct error *err)
{
	_cleanup_error_ struct error unheard = {0};
	struct certificates known;
	const char *baked;
	bool found;

	if (m->in.ca)
		return member_trust(m, m->in.ca, err);
	if (root_read(&m->root, MEMBER_CA, FILE_LIMIT, &baked, NULL, &found, err) < 0)
		return -1;
	/* Where hashes are given it may be one that was found before they were. */
	if (found && (!m->in.pins.count || (certificates_parse(m->arena, baked, &known, &unheard) == 0 &&
					    certificates_pinned(m->arena, &known, &m->in.pins))))
		return member_trust(m, baked, err);
	if (!m->in.pins.count && !m->in.unsafe)
		return error_set(err, "the cluster's certificate authority is not known: give ca_cert_hash (kubeadm token create "
				 "--print-join-command shows it) or ca; without, whoever answers as %s would own this node "
				 "(ca_cert_hash: unsafe allows it)", m->server);
	return discover(m, err);
}

/* The kubelet's certificate is still one if the API server takes it. */
static int try_certificate(struct member *m, struct api_answer *answer, struct error *err)
{
	const struct api_request q = {
		.method = "GET",
		.path = arena_printf(m->arena, "/api/v1/nodes/%s", m->hostname),
		.certificate = m->certificate,
	};

	if (member_ask(m, q, answer, err) < 0)
		return -1;
	if (answer->status == 200 || answer->status == 404 || answer->status == 401)
		return 0;
	if (answer->status == 403)
		return error_set(err, "API server %s: does not let this node read its own Node (HTTP 403): is the Node authorizer on?",
				 m->server);
	return member_refused(m, answer, "a request for the Node", err);
}

static int throw_away(struct member *m, const char *reason, struct error *err)
{
	printf("threw away the kubelet's certificate in " MEMBER_PKI ": %s\n", reason);
	m->certificate = NULL;
	return root_remove(&m->root, MEMBER_PKI, "kubelet-client-", err);
}

static bool is_allowed(struct member *m, const struct api_answer *answer)
{
	struct diagnostics diag = {.arena = m->arena};
	const struct value *v = yaml_parse(m->arena, "answer", answer->body, answer->size, &diag), *status, *allowed;

	status = v && v->type == VALUE_MAP ? value_get(v, "status", NULL) : NULL;
	allowed = status && status->type == VALUE_MAP ? value_get(status, "allowed", NULL) : NULL;
	return allowed && allowed->type == VALUE_SCALAR && !strcmp(allowed->text, "true");
}

static int try_token(struct member *m, struct api_answer *answer, struct error *err)
{
	const struct api_request q = {
		.method = "POST", .path = REVIEW, .token = m->token, .body = review, .type = "application/json",
	};

	if (!m->token)
		return error_set(err, "no token is given, and there is no certificate of before: give mkdl: {kubernetes: {token: …}} "
				 "(kubeadm token create, mkdl cluster token create)");
	if (member_ask(m, q, answer, err) < 0)
		return -1;
	if (answer->status == 401)
		return error_set(err, "API server %s: token %s is unknown or expired (HTTP 401): make a new one (kubeadm token create, "
				 "mkdl cluster token create)", m->server, token_id(m));
	if (answer->status != 201 && answer->status != 403)
		return member_refused(m, answer, "a request with the token", err);
	if (answer->status == 403 || !is_allowed(m, answer))
		return error_set(err, "API server %s: token %s may not ask for a node's certificate: bind its group to the ClusterRole "
				 "system:node-bootstrapper (kubeadm init phase bootstrap-token)", m->server, token_id(m));
	return 0;
}

static int check_identity(struct member *m, struct api_answer *answer, struct error *err)
{
	const char *reason;

	member_find_certificate(m, &reason);
	if (reason && throw_away(m, reason, err) < 0)
		return -1;
	if (m->certificate && try_certificate(m, answer, err) < 0)
		return -1;
	if (m->certificate && answer->status == 401) {
		if (!m->token)
			return error_set(err, "API server %s: does not take the kubelet's certificate (HTTP 401), and there is no token "
					 "to get another by: give mkdl: {kubernetes: {token: …}}", m->server);
		if (throw_away(m, "the API server does not take it (HTTP 401)", err) < 0)
			return -1;
	}
	return m->certificate ? 0 : try_token(m, answer, err);
}

/* "v1.20.2"; everybody may ask. */
static const char *find_version(struct member *m)
{
	const struct api_request q = {.method = "GET", .path = "/version"};
	_cleanup_error_ struct error unheard = {0};
	struct diagnostics diag = {.arena = m->arena};
	const struct value *v, *version = NULL;
	struct api_answer answer;

	if (member_ask(m, q, &answer, &unheard) < 0 || answer.status != 200)
		return "version not told";
	v = yaml_parse(m->arena, "version", answer.body, answer.size, &diag);
	if (v && v->type == VALUE_MAP)
		version = value_get(v, "gitVersion", NULL);
	return version && version->type == VALUE_SCALAR && strlen(version->text) < 64 ? version->text : "version not told";
}

static int attempt(struct member *m, struct error *err)
{
	struct api_answer answer;
	const char *by;

	if (member_load(m, err) < 0 || find_authority(m, err) < 0 || check_identity(m, &answer, err) < 0 ||
	    member_check_clock(m, &answer, err) < 0 || join_write(m, err) < 0)
		return -1;
	by = m->certificate ? arena_printf(m->arena, "this node's certificate (until %s)",
					   api_show_date(m->arena, m->certificate_until)) :
			      arena_printf(m->arena, "token %s", token_id(m));
	printf("API server %s (%s), CA %s, %s\n", m->server, find_version(m), m->authorities.items[0].hash, by);
	return 0;
}

/* Times and counts differ from one attempt to the next; the problem is the same. */
static bool same_problem(const char *a, const char *b)
{
	for (;; a++, b++) {
		while (isdigit((unsigned char)*a))
			a++;
		while (isdigit((unsigned char)*b))
			b++;
		if (*a != *b)
			return false;
		if (!*a)
			return true;
	}
}

/* What is waited for, or NULL: nodectl status shows it. */
static void tell(const struct root *r, const char *problem)
{
	_cleanup_error_ struct error unheard = {0};

	if (problem)
		root_write(r, MEMBER_WAITS, problem, strlen(problem), 0600, 0, 0, &unheard);
	else
		root_remove(r, "/run/mkdl", "waits", &unheard);
}

int join_run(const char *path, bool once, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ char *said = NULL;
	unsigned pause = FIRST_PAUSE;
	int64_t said_at = 0;

	if (fd < 0)
		return error_errno(err, "%s", path);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (;;) {
		_cleanup_error_ struct error problem = {0};
		_cleanup_arena_ struct arena a = {0};
		struct member m = {.arena = &a, .root = {.fd = fd, .owners = geteuid() == 0, .arena = &a}};
		int64_t now;

		if (attempt(&m, &problem) == 0) {
			tell(&m.root, NULL);
			return 0;
		}
		if (once)
			return error_set(err, "%s", error_text(&problem));
		now = clock_ms();
		tell(&m.root, error_text(&problem));
		if (!said || !same_problem(said, error_text(&problem)) || now - said_at >= SAY_AGAIN_MS) {
			printf("%s\n", error_text(&problem));
			free(said);
			said = strdup(error_text(&problem));
			said_at = now;
		}
		sleep(pause);
		pause = pause * 2 > LONGEST_PAUSE ? LONGEST_PAUSE : pause * 2;
	}
}
