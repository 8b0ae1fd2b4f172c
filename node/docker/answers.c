#include "node/docker/answers.h"

#include <stdbool.h>
#include <string.h>

#include <jansson.h>

/* Labels of dockershim (kubelet/dockershim/docker_service.go, helpers.go) and kuberuntime; cri-dockerd has the same. */
#define LABEL_TYPE "io.kubernetes.docker.type"
#define LABEL_POD "io.kubernetes.pod.name"
#define LABEL_NAMESPACE "io.kubernetes.pod.namespace"
#define LABEL_CONTAINER "io.kubernetes.container.name"
#define LABEL_SANDBOX "io.kubernetes.sandbox.id"
#define LABEL_GRACE "annotation." POD_GRACE_KEY

static void free_json(json_t **j)
{
	json_decref(*j);
}

#define _cleanup_json_ __attribute__((cleanup(free_json)))

static json_t *parse(const char *text, size_t n, struct error *err)
{
	json_error_t problem;
	json_t *j = json_loadb(text, n, 0, &problem);

	if (!j)
		error_set(err, "docker's answer: %s", problem.text);
	return j;
}

/* The member's text, or what stands for it. */
static const char *text_of(const json_t *object, const char *key, const char *fallback)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : fallback;
}

static const char *copy_of(struct arena *a, const json_t *object, const char *key)
{
	return arena_strdup(a, text_of(object, key, ""));
}

static void add_container(struct arena *a, const json_t *j, const json_t *labels, struct pod_containers *out)
{
	const struct pod_container c = {
		.id = copy_of(a, j, "Id"),
		.sandbox_id = copy_of(a, labels, LABEL_SANDBOX),
		.name = copy_of(a, labels, LABEL_CONTAINER),
		.grace = pod_grace(text_of(labels, LABEL_GRACE, ""), POD_DEFAULT_GRACE),
	};

	out->items = arena_grow(a, out->items, out->count, &out->cap, sizeof(*out->items));
	out->items[out->count++] = c;
}

static void add_sandbox(struct arena *a, const json_t *j, const json_t *labels, struct pod_sandboxes *out)
{
	const struct pod_sandbox s = {
		.id = copy_of(a, j, "Id"),
		.name = copy_of(a, labels, LABEL_POD),
		.namespace = copy_of(a, labels, LABEL_NAMESPACE),
	};

	out->items = arena_grow(a, out->items, out->count, &out->cap, sizeof(*out->items));
	out->items[out->count++] = s;
}

/* It becomes part of an address. */
static bool is_id(const char *id)
{
	return *id && id[strspn(id, "0123456789abcdef")] == '\0';
}

int docker_read_containers(struct arena *a, const char *text, size_t n, struct pods *out, struct error *err)
{
	_cleanup_json_ json_t *all = parse(text, n, err);
	struct pods pods = {0};
	const json_t *j;
	size_t i;

	if (!all)
		return -1;
	if (!json_is_array(all))
		return error_set(err, "docker's answer: is no list of containers");
	json_array_foreach(all, i, j) {
		const json_t *labels = json_object_get(j, "Labels");
		const char *type = text_of(labels, LABEL_TYPE, "");

		if (!is_id(text_of(j, "Id", "")))
			continue;
		if (!strcmp(type, "container"))
			add_container(a, j, labels, &pods.containers);
		else if (!strcmp(type, "podsandbox"))
			add_sandbox(a, j, labels, &pods.sandboxes);
	}
	*out = pods;
	return 0;
}

int docker_read_exit_code(const char *text, size_t n, int64_t *out, struct error *err)
{
	_cleanup_json_ json_t *j = parse(text, n, err);
	const json_t *state = json_object_get(j, "State"), *code = json_object_get(state, "ExitCode");

	if (!j)
		return -1;
	*out = json_is_integer(code) && !json_is_true(json_object_get(state, "Running")) ? json_integer_value(code) : -1;
	return 0;
}

int docker_read_image_id(struct arena *a, const char *text, size_t n, const char **out, struct error *err)
{
	_cleanup_json_ json_t *j = parse(text, n, err);

	if (!j)
		return -1;
	*out = copy_of(a, j, "Id");
	return 0;
}

int docker_check_load(const char *text, size_t n, struct error *err)
{
	const char *p = text, *end = text + n;

	for (;;) {
		_cleanup_json_ json_t *j = NULL;
		json_error_t problem;
		const char *message;

		while (p < end && strchr(" \t\r\n", *p))
			p++;
		if (p >= end)
			return 0;
		j = json_loadb(p, (size_t)(end - p), JSON_DISABLE_EOF_CHECK, &problem);
		if (!j)
			return error_set(err, "docker's answer: %s", problem.text);
		message = text_of(j, "error", text_of(json_object_get(j, "errorDetail"), "message", NULL));
		if (message)
			return error_set(err, "docker: %s", message);
		p += problem.position;
	}
}

int docker_refused(unsigned status, const char *text, size_t n, struct error *err)
{
	_cleanup_json_ json_t *j = json_loadb(text, n, 0, NULL);

	return error_set(err, "docker: %s (status %u)", text_of(j, "message", "no reason given"), status);
}
