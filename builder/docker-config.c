#include "builder/docker-config.h"

#include "base/json.h"
#include "builder/cni-config.h"
#include "builder/containerd-config.h"
#include "builder/runtime.h"

static void write_one(struct json *j, const char *key, const char *item)
{
	json_open_array(j, key);
	json_string(j, NULL, item);
	json_close_array(j);
}

/* Members as dockerd(8) has them, sorted. The pods' network is CNI's: dockerd is to leave bridges and the firewall alone. */
void docker_config(const struct docker_settings *s, struct strbuf *out)
{
	struct json j = json_begin(out);

	json_open_object(&j, NULL);
	json_string(&j, "bridge", "none");
	json_string(&j, "containerd", CONTAINERD_SOCKET);
	json_string(&j, "data-root", DOCKER_ROOT);
	write_one(&j, "exec-opts", "native.cgroupdriver=" CGROUP_DRIVER);
	if (version_compare(s->version, (struct version){24, 0}) >= 0) {
		/* Images where "docker load" and the kubelet's garbage collection find them, whichever release it is. */
		json_open_object(&j, "features");
		json_bool(&j, "containerd-snapshotter", false);
		json_close_object(&j);
	}
	write_one(&j, "hosts", "unix://" DOCKER_SOCKET);
	json_bool(&j, "ip-masq", false);
	json_bool(&j, "ip6tables", false);
	json_bool(&j, "iptables", false);
	/* Containers outlive a dockerd that ends: whoever ends pods on purpose is drain, with their grace periods. */
	json_bool(&j, "live-restore", true);
	json_string(&j, "log-driver", "json-file");
	json_open_object(&j, "log-opts"); /* logs lie in RAM; the kubelet rotates none of docker's */
	json_string(&j, "max-file", "2");
	json_string(&j, "max-size", "2m");
	json_close_object(&j);
	json_string(&j, "pidfile", "/run/docker.pid");
	json_string(&j, "storage-driver", s->storage_driver ? s->storage_driver : "overlay2");
	json_bool(&j, "userland-proxy", false);
	json_close_object(&j);
	json_end(&j);
}

struct strings docker_flags(struct arena *a)
{
	struct strings out = {0};

	strings_add(a, &out, "--config-file=" DOCKER_CONFIG);
	return out;
}

struct strings cri_dockerd_flags(struct arena *a, const char *sandbox_image)
{
	static const char *const fixed[] = {
		"--container-runtime-endpoint=unix://" CRI_DOCKERD_SOCKET,
		"--docker-endpoint=unix://" DOCKER_SOCKET,
		"--cri-dockerd-root-directory=" CRI_DOCKERD_ROOT,
		"--network-plugin=cni",
		"--cni-bin-dir=" CNI_BIN_DIR,
		"--cni-conf-dir=" CNI_CONF_DIR,
		"--cni-cache-dir=" CNI_CACHE_DIR,
	};
	struct strings out = {0};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		strings_add(a, &out, fixed[i]);
	if (sandbox_image)
		strings_add(a, &out, arena_printf(a, "--pod-infra-container-image=%s", sandbox_image));
	return out;
}
