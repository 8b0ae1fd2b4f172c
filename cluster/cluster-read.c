#include "cluster/cluster-read.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct cluster defaults(const char *file)
{
	struct cluster c = {
		.file = file,
		.version = "1.20",
		.domain = "cluster.local",
		.api_port = 6443,
		.pods = "10.244.0.0/16",
		.services = "10.96.0.0/16",
		.kinds = {
			[CLUSTER_SERVER] = {.profile = "server.yml", .memory = 2048, .cpus = 2},
			[CLUSTER_WORKER] = {.profile = "member.yml", .memory = 1024, .cpus = 2},
		},
		.at = {file, 1, 1},
	};

	for (size_t i = 0; i < CLUSTER_ROLES; i++)
		plan_init(&c.kinds[i].states);
	return c;
}

int cluster_read(struct arena *a, const char *file, struct diagnostics *diag, struct cluster *out, struct error *err)
{
	static const char *const needed[] = {"name", "subnet", "provisioner", "nodes"};
	struct reader r = {.arena = a, .diag = diag};
	struct cluster c = defaults(file);
	const struct key_target target = {&map_cluster, &c};
	struct value *root;

	if (access(file, F_OK) < 0)
		return error_errno(err, "%s", file);
	root = yaml_read(a, file, file, diag);
	if (!root)
		return error_set(err, "%s cannot be used as it is", file);
	if (root->type != VALUE_MAP) {
		complain(&r, root, "a cluster is a map of keys, as in \"name: lab\"; \"mkdl cluster example\" prints one");
		return error_set(err, "%s cannot be used as it is", file);
	}
	c.at = root->at;
	read_map(&r, &target, 1, root);
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (!value_get(root, needed[i], NULL))
			complain(&r, root, "a cluster needs \"%s\"", needed[i]);
	check_cluster(&r, root, &c);
	if (diag->errors)
		return error_set(err, "%s cannot be used as it is", file);
	*out = c;
	return 0;
}
