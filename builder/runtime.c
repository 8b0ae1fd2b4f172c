#include "builder/runtime.h"

static int check_versions(const struct runtime_parts *p, struct error *err)
{
	if (version_compare(p->dockerd, (struct version){20, 10}) < 0)
		return error_set(err, "docker %u.%u is too old: 20.10 is the first that knows cgroup v2, which is all that a node "
				 "has", p->dockerd.major, p->dockerd.minor);
	if (!p->cri_dockerd)
		return 0;
	/* The kubelet dropped CRI v1alpha2 with 1.26; cri-dockerd has v1 since 0.3. */
	if (version_compare(p->kubelet, (struct version){1, 26}) >= 0 &&
	    version_compare(p->cri_dockerd_version, (struct version){0, 3}) < 0)
		return error_set(err, "kubelet %u.%u speaks CRI v1, which cri-dockerd %u.%u does not: take cri-dockerd 0.3 or "
				 "newer", p->kubelet.major, p->kubelet.minor, p->cri_dockerd_version.major,
				 p->cri_dockerd_version.minor);
	return 0;
}

int runtime_choose(const struct runtime_parts *p, enum container_runtime *out, struct error *err)
{
	bool had_shim = version_compare(p->kubelet, DOCKERSHIM_UNTIL) < 0;

	if (!p->docker && p->cri_dockerd)
		return error_set(err, "cri-dockerd drives dockerd, which the profile does not have: add the component docker, or "
				 "take cri-dockerd out and let the kubelet drive containerd");
	if (!p->docker) {
		*out = RUNTIME_CONTAINERD;
		return 0;
	}
	if (!p->containerd)
		return error_set(err, "dockerd runs its containers by containerd: add the component containerd (and runc), as "
				 "worker.yml has them");
	if (check_versions(p, err) < 0)
		return -1;
	if (!had_shim && !p->cri_dockerd)
		return error_set(err, "kubelet %u.%u cannot drive dockerd by itself, it lost its docker shim in 1.24: add the "
				 "component cri-dockerd (docker-upstream.yml shows how), or leave docker out: the kubelet then "
				 "drives containerd", p->kubelet.major, p->kubelet.minor);
	if (had_shim && p->cri_dockerd)
		return error_set(err, "kubelet %u.%u has a docker shim of its own: take the component cri-dockerd out, it is for "
				 "kubelets from 1.24 on", p->kubelet.major, p->kubelet.minor);
	if (had_shim && p->shimless)
		return error_set(err, "this kubelet is built without its docker shim: give its recipe the option, "
				 "with: {docker: \"yes\"}");
	*out = had_shim ? RUNTIME_DOCKERSHIM : RUNTIME_CRI_DOCKERD;
	return 0;
}
