/* drain's side of a node whose pods run in dockerd. Networks of pods are not taken down here: the interfaces go with the sandbox's
 * namespace, and addresses are the kubelet's to give back, or gone with the machine. */
#include "node/docker/answers.h"
#include "node/docker/http.h"
#include "node/drain/pods.h"

const char runtime_socket[] = "/run/docker.sock";

enum { OK = 200, NO_CONTENT = 204, NOT_MODIFIED = 304, NOT_FOUND = 404, SANDBOX_SECONDS = 2 };

/* 1 with what an address has to say, 0 when there is nothing at it. */
static int get(const char *socket, int64_t patience_ms, const char *target, struct http_answer *out, struct error *err)
{
	struct http_answer answer;

	if (http_call(socket, patience_ms, "GET", target, &answer, err) < 0)
		return -1;
	if (answer.status == OK) {
		*out = answer;
		return 1;
	}
	if (answer.status != NOT_FOUND)
		docker_refused(answer.status, answer.body.data, answer.body.len, err);
	strbuf_free(&answer.body);
	return answer.status == NOT_FOUND ? 0 : -1;
}

int runtime_list(const char *socket, int64_t patience_ms, struct arena *a, struct pods *out, struct error *err)
{
	struct http_answer answer = {0};
	int result = get(socket, patience_ms, "/containers/json", &answer, err);

	if (result == 0)
		return error_set(err, "docker knows no /containers/json");
	if (result > 0)
		result = docker_read_containers(a, answer.body.data, answer.body.len, out, err);
	strbuf_free(&answer.body);
	return result;
}

static int stop(const char *socket, int64_t patience_ms, const char *id, int64_t seconds, struct error *err)
{
	_cleanup_strbuf_ struct strbuf target = {0};
	struct http_answer answer;
	int result = 0;

	strbuf_printf(&target, "/containers/%s/stop?t=%lld", id, (long long)seconds);
	if (http_call(socket, patience_ms, "POST", target.data, &answer, err) < 0)
		return -1;
	if (answer.status != NO_CONTENT && answer.status != NOT_MODIFIED && answer.status != NOT_FOUND)
		result = docker_refused(answer.status, answer.body.data, answer.body.len, err);
	strbuf_free(&answer.body);
	return result;
}

int runtime_stop_container(const char *socket, int64_t patience_ms, const char *id, int64_t seconds, int64_t *code,
			   struct error *err)
{
	_cleanup_strbuf_ struct strbuf target = {0};
	struct http_answer answer = {0};
	int result;

	if (stop(socket, patience_ms, id, seconds, err) < 0)
		return -1;
	strbuf_printf(&target, "/containers/%s/json", id);
	result = get(socket, patience_ms, target.data, &answer, err);
	if (result > 0)
		result = docker_read_exit_code(answer.body.data, answer.body.len, code, err);
	else if (result == 0)
		*code = -1; /* gone, as with --rm */
	strbuf_free(&answer.body);
	return result;
}

int runtime_stop_sandbox(const char *socket, int64_t patience_ms, const char *id, struct error *err)
{
	return stop(socket, patience_ms, id, SANDBOX_SECONDS, err);
}
