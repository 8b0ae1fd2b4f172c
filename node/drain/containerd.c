#include "node/drain/cri.h"

const char runtime_socket[] = "/run/containerd/containerd.sock";

static struct grpc *connect_to(const char *socket, int64_t patience_ms, struct error *err)
{
	struct grpc *g = grpc_connect(socket, NULL, 0, err);

	if (g)
		grpc_patience(g, (int)patience_ms);
	return g;
}

int runtime_list(const char *socket, int64_t patience_ms, struct arena *a, struct pods *out, struct error *err)
{
	struct grpc *g = connect_to(socket, patience_ms, err);
	struct pods pods;
	int result = g ? cri_list_sandboxes(g, a, &pods.sandboxes, err) : -1;

	if (result == 0)
		result = cri_list_containers(g, a, &pods.containers, err);
	grpc_close(g);
	if (result == 0)
		*out = pods;
	return result;
}

int runtime_stop_container(const char *socket, int64_t patience_ms, const char *id, int64_t seconds, int64_t *code,
			   struct error *err)
{
	struct grpc *g = connect_to(socket, patience_ms, err);
	int result = g ? cri_stop_container(g, id, seconds, err) : -1;

	if (result == 0)
		result = cri_exit_code(g, id, code, err);
	grpc_close(g);
	return result;
}

int runtime_stop_sandbox(const char *socket, int64_t patience_ms, const char *id, struct error *err)
{
	struct grpc *g = connect_to(socket, patience_ms, err);
	int result = g ? cri_stop_sandbox(g, id, err) : -1;

	grpc_close(g);
	return result;
}
