#include <string.h>

#include "builder/cni-config.h"
#include "builder/component.h"
#include "builder/containerd-config.h"
#include "builder/docker-config.h"
#include "builder/node-private.h"
#include "builder/oci-reference.h"
#include "builder/progress.h"

static bool has_program(struct build *b, const char *const *paths)
{
	for (; *paths; paths++)
		if (tree_resolve(&b->tree, *paths))
			return true;
	return false;
}

/* By its name, or as the program that an overlay gives that name to: overlays come later. */
static bool has_iptables(struct build *b)
{
	static const char *const paths[] = {
		"/usr/sbin/iptables", "/sbin/iptables", "/usr/sbin/xtables-nft-multi", "/usr/sbin/xtables-legacy-multi", NULL,
	};

	return has_program(b, paths);
}

static bool has_portmap(struct build *b)
{
	static const char *const paths[] = {CNI_BIN_DIR "/portmap", NULL};

	return has_program(b, paths);
}

/* A worker that knows no API server runs its static pods meanwhile. A server is a worker, too. */
static int find_role(struct build *b, struct node_facts *facts, struct error *err)
{
	const struct kubernetes *k = &b->profile.kubernetes;
	bool worker = k->role && (!strcmp(k->role, "worker") || !strcmp(k->role, "server"));

	if (k->role && !worker && strcmp(k->role, "standalone") != 0)
		return place_error(err, k->at, "kubernetes: role %s is none of server, worker, standalone", k->role);
	if (!worker && k->server)
		return place_error(err, k->at,
				   "kubernetes: a standalone kubelet talks to no server; take role: worker");
	facts->role = worker && k->server ? KUBELET_JOINED : KUBELET_STANDALONE;
	if (worker && !k->server && b->progress)
		progress_say(b->progress, 0, "note: %s: kubernetes: has no server:, its kubelet runs static pods only",
			     b->profile.file);
	if (k->pod_cidr && !cni_check_cidr(k->pod_cidr))
		return place_error(err, k->at,
				   "kubernetes: pod_cidr %s is no IPv4 network such as " CNI_POD_CIDR, k->pod_cidr);
	return 0;
}

/* The sandbox image's full reference, checked against the images that the profile preloads: containerd would try to pull
 * another one, on a node that may have no registry to pull from. */
static int find_sandbox_image(struct build *b, struct node_facts *facts, struct error *err)
{
	const struct containerd *c = &b->profile.containerd;
	const struct image *pause = images_find_key(&facts->images, "pause");

	if (!c->sandbox_image) {
		facts->sandbox_image = pause ? pause->name : NULL;
		return 0;
	}
	if (oci_reference_normalize(b->arena, c->sandbox_image, &facts->sandbox_image, err) < 0)
		return error_wrap(err, "%s:%u:%u: containerd: sandbox_image", c->at.file, c->at.line, c->at.column);
	if (images_find_name(&facts->images, facts->sandbox_image))
		return 0;
	if (pause)
		return place_error(err, pause->at,
				   "image pause is %s, but containerd's sandbox_image (%s:%u) is %s: no pod could "
				   "start; "
				   "make them the same", pause->name, c->at.file, c->at.line, facts->sandbox_image);
	if (facts->images.count && b->progress)
		progress_say(b->progress, 0, "note: %s:%u: sandbox_image %s is not among the preloaded images, the node will pull it",
			     c->at.file, c->at.line, facts->sandbox_image);
	return 0;
}

int node_kubernetes_facts(struct build *b, struct node_facts *facts, struct error *err)
{
	const struct profile *p = &b->profile;

	facts->containerd = profile_component(p, "containerd") != NULL;
	facts->kubelet = p->kubernetes.enabled;
	facts->iptables = has_iptables(b);
	if (facts->containerd && component_version(b, "containerd", p->containerd.version, "containerd: {version: …}",
						   p->containerd.at, &facts->containerd_version, err) < 0)
		return -1;
	if (find_sandbox_image(b, facts, err) < 0)
		return -1;
	if (!facts->kubelet)
		return node_docker_facts(b, facts, err);
	if (find_role(b, facts, err) < 0 ||
	    component_version(b, "kubelet", p->kubernetes.version, "kubernetes: {version: …}", p->kubernetes.at,
			      &facts->kubelet_version, err) < 0)
		return -1;
	if (node_docker_facts(b, facts, err) < 0)
		return -1;
	if (facts->containerd && !facts->docker &&
	    containerd_check_kubelet(facts->containerd_version, facts->kubelet_version, err) < 0)
		return place_wrap(err, p->kubernetes.at);
	return node_control_plane_check(b, facts, err);
}

struct kubelet_settings node_kubelet_settings(struct arena *a, const struct profile *p, const struct node_facts *facts)
{
	const struct kubernetes *k = &p->kubernetes;
	struct strings dns = k->dns;

	/* A server answers there itself. */
	if (!dns.count && k->role && !strcmp(k->role, "server"))
		strings_add(a, &dns, node_cluster_dns(a, k));
	return (struct kubelet_settings){
		.version = facts->kubelet_version,
		.role = facts->role,
		.runtime = facts->runtime,
		.endpoint = facts->runtime == RUNTIME_DOCKERSHIM	? "unix://" DOCKER_SOCKET
			    : facts->runtime == RUNTIME_CRI_DOCKERD ? "unix://" CRI_DOCKERD_SOCKET
								    : "unix://" CONTAINERD_SOCKET,
		.sandbox_image = facts->sandbox_image,
		/* Chosen on the node: by the plan's node-ip, or the command line's. */
		.node_ip = "${node_ip}",
		.pod_cidr = k->pod_cidr ? k->pod_cidr : CNI_POD_CIDR,
		.dns = dns,
		.domain = k->domain,
		.max_pods = k->max_pods,
		.labels = k->labels,
		.taints = k->taints,
		.args = k->args,
	};
}

static int add_containerd(struct build *b, const struct node_facts *facts, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	bool joined = facts->kubelet && facts->role == KUBELET_JOINED;
	const struct containerd_settings settings = {
		.version = facts->containerd_version,
		.sandbox_image = facts->sandbox_image,
		.snapshotter = b->profile.containerd.snapshotter,
		.cri = (facts->kubelet && !facts->docker) || b->profile.containerd.cri,
		.cni_conf_dir = joined ? CNI_RUN_CONF_DIR : CNI_CONF_DIR,
		.cni_template = joined ? CNI_TEMPLATE_FILE : NULL,
	};

	if (containerd_config(b->arena, &settings, &text, err) < 0)
		return error_wrap(err, "%s:%u:%u", b->profile.containerd.at.file ? b->profile.containerd.at.file : b->profile.file,
				  b->profile.containerd.at.line, b->profile.containerd.at.column);
	return node_put_file(b, CONTAINERD_CONFIG, 0644, 0, 0, text.data, text.len, "component containerd", err);
}

/* Alone, the node makes its own addresses and hides them; in a cluster they are the API server's to give, and routed. */
static int add_cni(struct build *b, const struct node_facts *facts, struct error *err)
{
	const struct kubernetes *k = &b->profile.kubernetes;
	_cleanup_strbuf_ struct strbuf text = {0};
	bool joined = facts->role == KUBELET_JOINED;
	bool template = joined && !facts->docker;
	const struct cni_settings settings = {
		.pod_cidr = template ? "{{.PodCIDR}}" : joined ? NULL : k->pod_cidr ? k->pod_cidr : CNI_POD_CIDR,
		.masquerade = !joined && facts->iptables,
		.portmap = facts->iptables && has_portmap(b),
	};

	cni_config(&settings, &text);
	return node_put_file(b, template ? CNI_TEMPLATE_FILE : CNI_CONF_FILE, 0644, 0, 0, text.data, text.len,
			     "the pods' network", err);
}

static int add_kubelet(struct build *b, const struct node_facts *facts, struct error *err)
{
	struct kubelet_settings settings = node_kubelet_settings(b->arena, &b->profile, facts);
	_cleanup_strbuf_ struct strbuf text = {0};

	kubelet_config(b->arena, &settings, &text);
	node_put_dir(b, KUBELET_MANIFESTS, 0755, 0, 0, "static pods");
	return node_put_file(b, KUBELET_CONFIG, 0644, 0, 0, text.data, text.len, "kubernetes:", err);
}

int node_kubernetes_add(struct build *b, const struct node_facts *facts, struct error *err)
{
	if (facts->containerd && add_containerd(b, facts, err) < 0)
		return -1;
	if (node_docker_add(b, facts, err) < 0)
		return -1;
	if (!facts->kubelet)
		return 0;
	if (add_cni(b, facts, err) < 0 || add_kubelet(b, facts, err) < 0)
		return -1;
	if (facts->role == KUBELET_JOINED && node_join_add(b, err) < 0)
		return -1;
	return node_control_plane_add(b, err);
}
