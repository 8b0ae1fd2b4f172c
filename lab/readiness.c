#include "lab/readiness.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/close_range.h>
#include <openssl/evp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/flat.h"
#include "config/yaml.h"

enum { ANSWER_LIMIT = 16 << 20 };

struct secret {
	unsigned char *data;
	size_t len;
};

/* What a kubeconfig says of its first cluster and user. */
struct api {
	const char *server;
	struct secret ca, certificate, key;
};

static const struct value *first(const struct value *map, const char *list, const char *member)
{
	const struct value *items = map ? value_get(map, list, NULL) : NULL;

	if (!items || items->type != VALUE_LIST || !items->count)
		return NULL;
	return items->items[0]->type == VALUE_MAP ? value_get(items->items[0], member, NULL) : NULL;
}

static const char *text_of(const struct value *map, const char *name)
{
	const struct value *v = map && map->type == VALUE_MAP ? value_get(map, name, NULL) : NULL;

	return v && v->type == VALUE_SCALAR ? v->text : NULL;
}

static struct secret decoded(struct arena *a, const char *base64)
{
	size_t n = base64 ? strlen(base64) : 0;
	struct secret out = {0};
	int len;

	if (!n || n % 4 || n > 1 << 20)
		return out;
	out.data = arena_alloc(a, n);
	len = EVP_DecodeBlock(out.data, (const unsigned char *)base64, (int)n);
	if (len < 0)
		return (struct secret){0};
	/* It counts the padding. */
	for (const char *end = base64 + n; end > base64 && end[-1] == '=' && len; end--)
		len--;
	out.len = (size_t)len;
	return out;
}

static bool read_kubeconfig(struct arena *a, const char *path, struct api *out)
{
	struct diagnostics diag = {.arena = a};
	const struct value *top = yaml_read(a, "kubeconfig", path, &diag), *cluster, *user;

	if (!top || top->type != VALUE_MAP || diag.errors)
		return false;
	cluster = first(top, "clusters", "cluster");
	user = first(top, "users", "user");
	*out = (struct api){
		.server = text_of(cluster, "server"),
		.ca = decoded(a, text_of(cluster, "certificate-authority-data")),
		.certificate = decoded(a, text_of(user, "client-certificate-data")),
		.key = decoded(a, text_of(user, "client-key-data")),
	};
	return out->server && out->ca.len && out->certificate.len && out->key.len;
}

static size_t keep_answer(char *data, size_t size, size_t n, void *arg)
{
	struct strbuf *out = arg;

	if (out->len + size * n > ANSWER_LIMIT)
		return 0;
	strbuf_add(out, data, size * n);
	return size * n;
}

static void set_blob(CURL *curl, CURLoption option, const struct secret *s)
{
	struct curl_blob blob = {.data = s->data, .len = s->len, .flags = CURL_BLOB_COPY};

	curl_easy_setopt(curl, option, &blob);
}

/* NULL, or why there was no answer of use. */
static const char *ask(struct arena *a, CURL *curl, const struct api *api, struct strbuf *answer)
{
	CURLcode code;
	long status = 0;

	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_URL, arena_printf(a, "%s/api/v1/nodes", api->server));
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 5L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 10L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep_answer);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	set_blob(curl, CURLOPT_CAINFO_BLOB, &api->ca);
	set_blob(curl, CURLOPT_SSLCERT_BLOB, &api->certificate);
	set_blob(curl, CURLOPT_SSLKEY_BLOB, &api->key);
	code = curl_easy_perform(curl);
	if (code != CURLE_OK)
		return curl_easy_strerror(code);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	return status == 200 ? NULL : arena_printf(a, "HTTP %ld", status);
}

static bool is_ready(const json_t *node)
{
	size_t i;
	const json_t *condition;

	json_array_foreach(json_object_get(json_object_get(node, "status"), "conditions"), i, condition)
		if (json_is_string(json_object_get(condition, "type")) && json_is_string(json_object_get(condition, "status")) &&
		    !strcmp(json_string_value(json_object_get(condition, "type")), "Ready"))
			return !strcmp(json_string_value(json_object_get(condition, "status")), "True");
	return false;
}

static void tell_nodes(const struct strbuf *answer, struct strbuf *out)
{
	json_t *top = json_loadb(answer->data ? answer->data : "", answer->len, 0, NULL);
	const json_t *node;
	size_t i;

	json_array_foreach(json_object_get(top, "items"), i, node) {
		const char *name = json_string_value(json_object_get(json_object_get(node, "metadata"), "name"));
		const char *boot = json_string_value(
			json_object_get(json_object_get(json_object_get(node, "status"), "nodeInfo"), "bootID"));

		if (name)
			flat_add(out, "node", name, is_ready(node) ? "yes" : "no", boot && *boot ? boot : "-", NULL);
	}
	json_decref(top);
}

static void question(CURL *curl, const char *path, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf answer = {0};
	_cleanup_arena_ struct arena a = {0};
	struct api api = {0};
	const char *reason = "no kubeconfig";

	if (read_kubeconfig(&a, path, &api))
		reason = ask(&a, curl, &api, &answer);
	if (reason) {
		flat_add(out, "api", "down", reason, NULL);
		return;
	}
	tell_nodes(&answer, out);
	flat_add(out, "api", "up", NULL);
}

static __attribute__((noreturn)) void question_for_ever(const char *path, int given)
{
	enum { OUT = 3 };
	CURL *curl;
	sigset_t none;
	int out = OUT;

	/* Sockets and locks of the supervisor end with the supervisor. */
	if (dup2(given, OUT) < 0)
		_exit(1);
	close_range(OUT + 1, ~0U, 0);
	curl = curl_easy_init();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_NAME, "mkdl-readiness");
	for (;;) {
		_cleanup_strbuf_ struct strbuf text = {0};

		if (curl)
			question(curl, path, &text);
		if (fd_write(out, text.data, text.len) < 0)
			_exit(0);
		poll(NULL, 0, READINESS_PAUSE * 1000);
	}
}

int readiness_start(const struct lab *l, int *out, pid_t *pid, struct error *err)
{
	const char *path = lab_path(l, "cluster/kubeconfig");
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "pipe");
	child = fork();
	if (child < 0) {
		error_errno(err, "cannot ask for the Nodes");
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	if (child == 0) {
		close(ends[0]);
		question_for_ever(path, ends[1]);
	}
	close(ends[1]);
	*out = ends[0];
	*pid = child;
	return 0;
}
