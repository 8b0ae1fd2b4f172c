#include "node/drain/cri.h"

#include "node/grpc/protobuf.h"

enum { GRPC_NOT_FOUND = 5 };

static int call(struct grpc *g, const char *method, const struct strbuf *request, struct strbuf *response, struct error *err)
{
	int status;

	if (grpc_call(g, method, request, response, &status, err) < 0)
		return -1;
	if (status != GRPC_OK && status != GRPC_NOT_FOUND)
		return error_set(err, "containerd: %s (status %d)", grpc_status_text(g), status);
	return 0;
}

int cri_list_sandboxes(struct grpc *g, struct arena *a, struct pod_sandboxes *out, struct error *err)
{
	_cleanup_strbuf_ struct strbuf request = {0}, response = {0};

	if (call(g, "/runtime.v1.RuntimeService/ListPodSandbox", &request, &response, err) < 0)
		return -1;
	return cri_read_sandboxes(a, response.data ? response.data : "", response.len, out, err);
}

int cri_list_containers(struct grpc *g, struct arena *a, struct pod_containers *out, struct error *err)
{
	_cleanup_strbuf_ struct strbuf request = {0}, response = {0};

	if (call(g, "/runtime.v1.RuntimeService/ListContainers", &request, &response, err) < 0)
		return -1;
	return cri_read_containers(a, response.data ? response.data : "", response.len, out, err);
}

int cri_stop_container(struct grpc *g, const char *id, int64_t seconds, struct error *err)
{
	_cleanup_strbuf_ struct strbuf request = {0}, response = {0};

	protobuf_string(&request, 1, id);
	protobuf_number(&request, 2, (uint64_t)seconds);
	return call(g, "/runtime.v1.RuntimeService/StopContainer", &request, &response, err);
}

/* ContainerStatusResponse.status.exit_code. */
int cri_exit_code(struct grpc *g, const char *id, int64_t *code, struct error *err)
{
	_cleanup_strbuf_ struct strbuf request = {0}, response = {0};
	struct protobuf_reader r, inner;
	struct protobuf_field f, member;
	int64_t found = -1;
	int more;

	protobuf_string(&request, 1, id);
	if (call(g, "/runtime.v1.RuntimeService/ContainerStatus", &request, &response, err) < 0)
		return -1;
	r = (struct protobuf_reader){(const uint8_t *)response.data, (const uint8_t *)response.data + response.len};
	while ((more = protobuf_next(&r, &f)) > 0) {
		if (f.number != 1 || !f.data)
			continue;
		found = 0; /* which is not sent */
		inner = (struct protobuf_reader){f.data, f.data + f.size};
		while ((more = protobuf_next(&inner, &member)) > 0)
			if (member.number == 7 && !member.data)
				found = (int32_t)member.value;
		if (more < 0)
			break;
	}
	if (more < 0)
		return cri_malformed(err);
	*code = found;
	return 0;
}

int cri_stop_sandbox(struct grpc *g, const char *id, struct error *err)
{
	_cleanup_strbuf_ struct strbuf request = {0}, response = {0};

	protobuf_string(&request, 1, id);
	return call(g, "/runtime.v1.RuntimeService/StopPodSandbox", &request, &response, err);
}
