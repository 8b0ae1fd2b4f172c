/* A node that goes down takes no new pods (spec.unschedulable), and takes them again when it is back, if that was its own doing:
 * an annotation says so. What a person cordoned stays cordoned. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "config/yaml.h"
#include "node/agent/member.h"

#define ANNOTATION "mkdl/cordoned"

/* CORDON_SECONDS for each of two requests: a dead API server does not hold a shutdown up for long. */
enum { CORDON_SECONDS = 3, LOOK_SECONDS = 2, SAY_AFTER_MS = 60000, SAY_AGAIN_MS = 300000 };

struct node_object {
	bool there, unschedulable, ours;
};

static int load(struct member *m, struct error *err)
{
	const char *ca, *reason;
	bool found;

	if (member_load(m, err) < 0 || root_read(&m->root, MEMBER_CA, JOIN_FILE_LIMIT, &ca, NULL, &found, err) < 0)
		return -1;
	if (!found)
		return error_set(err, "this node has not joined a cluster yet");
	if (member_trust(m, ca, err) < 0)
		return -1;
	member_find_certificate(m, &reason);
	if (!m->certificate)
		return error_set(err, "the kubelet has no certificate%s%s", reason ? ": " : "", reason ? reason : "");
	return 0;
}

static const struct value *member_of(const struct value *map, const char *name)
{
	return map && map->type == VALUE_MAP ? value_get(map, name, NULL) : NULL;
}

static struct api_request request_of(struct member *m, const char *method)
{
	return (struct api_request){
		.method = method,
		.path = arena_printf(m->arena, "/api/v1/nodes/%s", m->hostname),
		.certificate = m->certificate,
		.seconds = CORDON_SECONDS,
	};
}

static int read_node(struct member *m, struct node_object *out, struct error *err)
{
	struct diagnostics diag = {.arena = m->arena};
	const struct value *v, *unschedulable;
	struct api_answer answer;

	*out = (struct node_object){0};
	if (member_ask(m, request_of(m, "GET"), &answer, err) < 0)
		return -1;
	if (answer.status == 404)
		return 0;
	if (answer.status != 200)
		return member_refused(m, &answer, "a request for the Node", err);
	v = yaml_parse(m->arena, "Node", answer.body, answer.size, &diag);
	if (!v || diag.errors)
		return error_set(err, "API server %s: its Node cannot be read: %s", m->server, diag.count ? diag.items[0].text : "");
	unschedulable = member_of(member_of(v, "spec"), "unschedulable");
	out->there = true;
	out->unschedulable = unschedulable && unschedulable->type == VALUE_SCALAR && !strcmp(unschedulable->text, "true");
	out->ours = member_of(member_of(member_of(v, "metadata"), "annotations"), ANNOTATION) != NULL;
	return 0;
}

/* A JSON merge patch (RFC 7396). */
static int change(struct member *m, const char *patch, struct error *err)
{
	struct api_request q = request_of(m, "PATCH");
	struct api_answer answer;

	q.body = patch;
	q.type = "application/merge-patch+json";
	if (member_ask(m, q, &answer, err) < 0)
		return -1;
	return answer.status == 200 ? 0 : member_refused(m, &answer, "a change of the Node", err);
}

int cordon_run(const char *path, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_arena_ struct arena a = {0};
	struct member m = {.arena = &a, .root = {.fd = fd, .owners = true, .arena = &a}};
	struct node_object node;

	if (fd < 0)
		return error_errno(err, "%s", path);
	if (load(&m, err) < 0 || read_node(&m, &node, err) < 0)
		return error_wrap(err, "cordon");
	if (!node.there || node.unschedulable) {
		printf("cordon: Node %s %s\n", m.hostname, node.there ? "is cordoned already" : "does not exist");
		return 0;
	}
	if (change(&m, "{\"metadata\":{\"annotations\":{\"" ANNOTATION "\":\"shutdown\"}},\"spec\":{\"unschedulable\":true}}", err) < 0)
		return error_wrap(err, "cordon");
	printf("cordon: Node %s takes no new pods\n", m.hostname);
	return 0;
}

/* 1: done; 0: not yet, err says what is missing. */
static int uncordon(struct member *m, struct error *err)
{
	struct node_object node;

	if (load(m, err) < 0 || read_node(m, &node, err) < 0)
		return 0;
	if (!node.there) {
		error_set(err, "API server %s: has no Node %s yet", m->server, m->hostname);
		return 0;
	}
	if (!node.ours)
		return 1;
	if (change(m, node.unschedulable ? "{\"metadata\":{\"annotations\":{\"" ANNOTATION "\":null}},\"spec\":{\"unschedulable\":null}}" :
					   "{\"metadata\":{\"annotations\":{\"" ANNOTATION "\":null}}}", err) < 0)
		return 0;
	if (node.unschedulable)
		printf("Node %s takes pods again\n", m->hostname);
	return 1;
}

int uncordon_run(const char *path, bool once, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int64_t say_at = clock_ms() + SAY_AFTER_MS;

	if (fd < 0)
		return error_errno(err, "%s", path);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (;;) {
		_cleanup_error_ struct error problem = {0};
		_cleanup_arena_ struct arena a = {0};
		struct member m = {.arena = &a, .root = {.fd = fd, .owners = true, .arena = &a}};

		if (uncordon(&m, &problem))
			return 0;
		if (once)
			return error_set(err, "uncordon: %s", error_text(&problem));
		if (clock_ms() >= say_at) {
			/* The kubelet asks for it; somebody has to say yes. */
			printf("%s%s\n", error_text(&problem),
			       m.ca && !m.certificate ? ": has the cluster approved its request? (kubectl get csr)" : "");
			say_at = clock_ms() + SAY_AGAIN_MS;
		}
		sleep(LOOK_SECONDS);
	}
}
