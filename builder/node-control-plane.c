/* What runs on a server beside containerd and the kubelet (etcd, the API server, its controllers and scheduler, what is applied
 * to the cluster, its DNS), and kube-proxy on every member of a cluster: services in the order in which they need each other. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "builder/component.h"
#include "builder/control-plane-config.h"
#include "builder/node-private.h"

#define LIBEXEC "/usr/libexec/mkdl/"
#define KUBELET_CERTIFICATE KUBELET_ROOT "/pki/kubelet-client-current.pem"
#define DNS_FOLDER "/run/cluster-dns"

enum { API_PORT = 6443, READY_SECONDS = 600 };

static bool is_server(const struct build *b)
{
	return b->profile.kubernetes.role && !strcmp(b->profile.kubernetes.role, "server");
}

static const char *cluster_cidr(const struct kubernetes *k)
{
	return k->cluster_cidr ? k->cluster_cidr : CONTROL_PLANE_CLUSTER_CIDR;
}

static const char *service_cidr(const struct kubernetes *k)
{
	return k->service_cidr ? k->service_cidr : CONTROL_PLANE_SERVICE_CIDR;
}

static const char *domain(const struct kubernetes *k)
{
	return k->domain ? k->domain : CONTROL_PLANE_DOMAIN;
}

const char *node_cluster_dns(struct arena *a, const struct kubernetes *k)
{
	const char *cidr = service_cidr(k), *slash = strchr(cidr, '/');
	char text[INET_ADDRSTRLEN];
	struct in_addr in;

	if (k->dns.count)
		return k->dns.items[0];
	if (!slash || inet_pton(AF_INET, arena_strndup(a, cidr, (size_t)(slash - cidr)), &in) != 1)
		return NULL;
	in.s_addr = htonl(ntohl(in.s_addr) + 10);
	return inet_ntop(AF_INET, &in, text, sizeof(text)) ? arena_strdup(a, text) : NULL;
}

/* The port of the address by which nodes reach it; where the node's configuration names that, the usual one. */
static unsigned api_port(const struct kubernetes *k)
{
	const char *host = k->server ? strstr(k->server, "://") : NULL;
	const char *colon = host ? strrchr(host + 3, ':') : NULL;
	unsigned long port = colon && colon[1] ? strtoul(colon + 1, NULL, 10) : 0;

	return port > 0 && port < 65536 ? (unsigned)port : API_PORT;
}

/* Of the component that is called like the program, or of the one that holds them all. */
static int program_version(struct build *b, const char *program, const char *stated, struct version *out, struct error *err)
{
	const char *name = profile_component(&b->profile, program) ? program : "control-plane";

	return component_version(b, name, stated, arena_printf(b->arena, "components: {%s: {version: …}}", name),
				 b->profile.kubernetes.at, out, err);
}

/* The state that holds a path: the one with the longest path above it. */
static const struct plan_state *state_of(const struct plan *plan, const char *path)
{
	const struct plan_state *found = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < plan->state_count; i++) {
		size_t n = strlen(plan->states[i].path);

		if (n > longest && !strncmp(path, plan->states[i].path, n) && (path[n] == '/' || !path[n])) {
			longest = n;
			found = &plan->states[i];
		}
	}
	return found;
}

static int check_etcd_state(struct build *b, struct error *err)
{
	const struct kubernetes *k = &b->profile.kubernetes;
	const struct plan_state *s = state_of(&b->profile.plan, CONTROL_PLANE_ETCD_STATE);
	static const char way[] = "put it on state that stays (state: {" CONTROL_PLANE_ETCD_STATE ": {kind: iscsi, …}}), or say "
				  "kubernetes: {etcd: {volatile: true}} if it may be lost";

	if (k->etcd.is_volatile)
		return 0;
	if (!s)
		return place_error(err, k->at, "kubernetes: the cluster is kept by etcd in " CONTROL_PLANE_ETCD_STATE
				   ", which is RAM here, and gone with a reboot; %s", way);
	if (s->kind == PLAN_STATE_TMPFS)
		return place_error(err, s->at, "%s is a tmpfs, and with a reboot the cluster that etcd keeps in it is gone; %s",
				   s->path, way);
	if (s->away == PLAN_AWAY_TMPFS)
		return place_error(err, s->at, "%s becomes a tmpfs when its server is away, and etcd would begin a new cluster in it; "
				   "say away: wait", s->path);
	return 0;
}

int node_control_plane_check(struct build *b, const struct node_facts *facts, struct error *err)
{
	const struct kubernetes *k = &b->profile.kubernetes;
	struct version api;

	if (!is_server(b))
		return 0;
	if (k->etcd.members.count == 2)
		return place_error(err, k->at, "kubernetes: etcd with two members stops when either is away; take one or three");
	if (!node_cluster_dns(b->arena, k))
		return place_error(err, k->at, "kubernetes: service_cidr %s is no IPv4 network", service_cidr(k));
	if (check_etcd_state(b, err) < 0 || program_version(b, "kube-apiserver", NULL, &api, err) < 0)
		return -1;
	if (version_compare(facts->kubelet_version, api) > 0)
		return place_error(err, k->at, "kubernetes: kubelet %u.%u is newer than kube-apiserver %u.%u, which may not be",
				   facts->kubelet_version.major, facts->kubelet_version.minor, api.major, api.minor);
	return 0;
}

/* A service with its flags; the profile's own words stay. */
static struct plan_service *add_program(struct build *b, struct plan *plan, const char *name, enum control_plane_program program,
					const struct strings *args, unsigned ready_timeout, struct error *err)
{
	const struct kubernetes *k = &b->profile.kubernetes;
	struct control_plane c = {
		.members = k->etcd.members,
		.cluster_cidr = cluster_cidr(k),
		.service_cidr = service_cidr(k),
		.domain = domain(k),
		.api_port = api_port(k),
	};
	struct plan_service *s = node_service_want(b, plan, name, k->at, ready_timeout);
	struct strings flags;

	/* What a service gets whose time the profile does not say, though it says something else about it (config/service.c). */
	if (s->ready_timeout == 60)
		s->ready_timeout = ready_timeout;
	if (s->run.count)
		return s;
	if (program_version(b, name, NULL, program == PROGRAM_ETCD ? &c.etcd : &c.kubernetes, err) < 0)
		return NULL;
	flags = control_plane_flags(b->arena, program, &c, args);
	return node_service_run(b, s, name, &flags, err) < 0 ? NULL : s;
}

/* Its health tells whether it is ready: a URL, or a port alone, which costs no handshake. PID 1 asks by busybox, of whose TLS
 * this is enough: what is asked is this machine. */
static void ready_when(struct build *b, struct plan_service *s, const char *url)
{
	static const char *const wget[] = {"/bin/busybox", "wget", "-q", "-T", "5", "-O", "/dev/null", "--no-check-certificate"};

	if (s->ready != PLAN_READY_NONE)
		return;
	if (!strstr(url, "://")) {
		s->ready = PLAN_READY_PORT;
	} else if (!strncmp(url, "http://", 7)) {
		s->ready = PLAN_READY_HTTP;
	} else {
		s->ready = PLAN_READY_COMMAND;
		for (size_t i = 0; i < sizeof(wget) / sizeof(*wget); i++)
			strings_add(b->arena, &s->ready_words, wget[i]);
	}
	strings_add(b->arena, &s->ready_words, url);
}

/* A oneshot of a script that comes with the overlays; NULL when the profile runs something else under this name. */
static struct plan_service *add_script(struct build *b, struct plan *plan, const char *name, const char *script)
{
	struct plan_service *s = node_service_want(b, plan, name, b->profile.kubernetes.at, READY_SECONDS);

	if (s->run.count)
		return NULL;
	strings_add(b->arena, &s->run, script);
	s->oneshot = true;
	return s;
}

static void add_check(struct build *b, struct plan *plan)
{
	const struct pairs *members = &b->profile.kubernetes.etcd.members;
	struct plan_service *s = add_script(b, plan, "control-plane", LIBEXEC "control-plane");

	if (!s)
		return;
	strings_add(b->arena, &s->run, "${hostname}");
	strings_add(b->arena, &s->run, "${node_ip}");
	for (size_t i = 0; i < members->count; i++)
		strings_add(b->arena, &s->run, arena_printf(b->arena, "%s=%s", members->items[i].key, members->items[i].value));
}

static void default_stop_timeout(struct plan_service *s, unsigned seconds)
{
	if (s->stop_timeout == plan_service_new("").stop_timeout)
		s->stop_timeout = seconds;
}

static int add_etcd(struct build *b, struct plan *plan, struct error *err)
{
	/* While the other members are away it is not ready, and starting it again would help nobody. */
	struct plan_service *s = add_program(b, plan, "etcd", PROGRAM_ETCD, &b->profile.kubernetes.etcd.args, PLAN_SECONDS_LIMIT, err);

	if (!s)
		return -1;
	if (b->profile.kubernetes.etcd.members.count > 1 && !strcmp(path_base(s->run.items[0]), "etcd")) {
		struct strings run = {0};

		strings_add(b->arena, &run, LIBEXEC "etcd-member");
		for (size_t i = 0; i < s->run.count; i++)
			strings_add(b->arena, &run, s->run.items[i]);
		s->run = run;
		if (b->profile.kubernetes.etcd.is_volatile)
			pairs_add(b->arena, &s->env, "MKDL_REJOIN", "yes", (struct place){0});
	}
	ready_when(b, s, ETCD_HEALTH);
	default_stop_timeout(s, 30);
	node_service_need(b->arena, s, "control-plane");
	return 0;
}

static int add_kubernetes(struct build *b, struct plan *plan, struct error *err)
{
	const struct kubernetes *k = &b->profile.kubernetes;
	const struct {
		const char *name;
		enum control_plane_program program;
		const struct strings *args;
		const char *need, *health;
	} programs[] = {
		{"kube-apiserver", PROGRAM_APISERVER, &k->apiserver_args, "etcd",
		 arena_printf(b->arena, "https://127.0.0.1:%u/readyz", api_port(k))},
		{"kube-controller-manager", PROGRAM_CONTROLLER_MANAGER, &k->controller_manager_args, "kube-apiserver",
		 CONTROLLER_MANAGER_PORT},
		{"kube-scheduler", PROGRAM_SCHEDULER, &k->scheduler_args, "kube-apiserver", SCHEDULER_PORT},
	};
	struct plan_service *s;

	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		s = add_program(b, plan, programs[i].name, programs[i].program, programs[i].args, READY_SECONDS, err);
		if (!s)
			return -1;
		ready_when(b, s, programs[i].health);
		node_service_need(b->arena, s, programs[i].need);
	}
	s = plan_find_service(plan, "kube-apiserver");
	/* 210 MB of heap in place of 280, idle, for a little more work of the garbage collector. */
	if (!pairs_get(&s->env, "GOGC"))
		pairs_add(b->arena, &s->env, "GOGC", "50", (struct place){0});
	/* By then who asked has ended, all is in etcd, and what it waits for until it is killed are its own watches. */
	default_stop_timeout(s, 5);
	return 0;
}

static void add_addons(struct build *b, struct plan *plan)
{
	struct plan_service *s = add_script(b, plan, "addons", LIBEXEC "addons");

	if (s) {
		strings_add(b->arena, &s->run, CONTROL_PLANE_ADDONS);
		pairs_add(b->arena, &s->env, "NODE_IP", "${node_ip}", (struct place){0});
		s->log = s->log ? s->log : "console"; /* what could not be applied is seen there */
	}
	node_service_need(b->arena, plan_find_service(plan, "addons"), "kube-apiserver");
}

static bool has_dns(struct build *b)
{
	return tree_resolve(&b->tree, "/usr/sbin/dnsmasq") != NULL;
}

/* dnsmasq, and what tells it the cluster's names. What it does not know it asks the node's own resolvers. */
static void add_dns(struct build *b, struct plan *plan)
{
	static const char *const words[] = {
		"/usr/sbin/dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--log-facility=-", "--user=nobody",
		"--group=nogroup", "--pid-file=" DNS_FOLDER "/pid", "--listen-address=${node_ip}", "--bind-interfaces",
		"--no-hosts", "--addn-hosts=" DNS_FOLDER "/hosts", "--local-ttl=5", "--cache-size=2000",
	};
	const struct kubernetes *k = &b->profile.kubernetes;
	struct plan_service *s = add_script(b, plan, "cluster-dns-records", LIBEXEC "cluster-dns-records");

	if (s) {
		strings_add(b->arena, &s->run, domain(k));
		s->oneshot = false;
		s->ready = PLAN_READY_FILE;
		strings_add(b->arena, &s->ready_words, DNS_FOLDER "/hosts");
	}
	node_service_need(b->arena, plan_find_service(plan, "cluster-dns-records"), "kube-apiserver");
	s = node_service_want(b, plan, "cluster-dns", k->at, READY_SECONDS);
	if (!s->run.count) {
		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
			strings_add(b->arena, &s->run, words[i]);
		strings_add(b->arena, &s->run, arena_printf(b->arena, "--local=/%s/", domain(k)));
	}
	node_service_need(b->arena, s, "cluster-dns-records");
}

static int add_proxy(struct build *b, struct plan *plan, struct error *err)
{
	const struct kubernetes *k = &b->profile.kubernetes;
	struct plan_service *s = add_script(b, plan, "pod-masquerade", LIBEXEC "pod-masquerade");

	if (s)
		strings_add(b->arena, &s->run, cluster_cidr(k));
	/* The kubelet is healthy before it has been given a certificate. */
	s = add_script(b, plan, "kubelet-certificate", LIBEXEC "wait-for");
	if (s) {
		strings_add(b->arena, &s->run, KUBELET_CERTIFICATE);
		s->ready_timeout = PLAN_SECONDS_LIMIT;
	}
	node_service_need(b->arena, plan_find_service(plan, "kubelet-certificate"), "kubelet");
	s = add_program(b, plan, "kube-proxy", PROGRAM_PROXY, &k->proxy_args, READY_SECONDS, err);
	if (!s)
		return -1;
	ready_when(b, s, PROXY_HEALTH);
	node_service_need(b->arena, s, "kubelet-certificate");
	return 0;
}

int node_control_plane_services(struct build *b, const struct node_facts *facts, struct plan *plan, struct error *err)
{
	const struct kubernetes *k = &b->profile.kubernetes;

	if (is_server(b)) {
		add_check(b, plan);
		if (add_etcd(b, plan, err) < 0 || add_kubernetes(b, plan, err) < 0)
			return -1;
		add_addons(b, plan);
		if (has_dns(b))
			add_dns(b, plan);
		/* A token is a secret of the cluster, which knows it once it has been applied. When the node goes down, the API
		 * is there until its own kubelet has ended. */
		node_service_need(b->arena, plan_find_service(plan, plan_find_service(plan, "join") ? "join" : "kubelet"), "addons");
	}
	return facts->role == KUBELET_JOINED && k->proxy ? add_proxy(b, plan, err) : 0;
}

/* The service by which pods reach the cluster's DNS: it runs on the servers, outside of pods. */
int node_control_plane_add(struct build *b, struct error *err)
{
	const struct kubernetes *k = &b->profile.kubernetes;
	_cleanup_strbuf_ struct strbuf text = {0};

	if (!is_server(b) || !has_dns(b))
		return 0;
	strbuf_printf(&text,
		      "apiVersion: v1\nkind: Service\nmetadata: {name: kube-dns, namespace: kube-system}\nspec:\n  clusterIP: %s\n"
		      "  ports:\n  - {name: dns, port: 53, protocol: UDP}\n  - {name: dns-tcp, port: 53, protocol: TCP}\n"
		      "---\napiVersion: v1\nkind: Endpoints\nmetadata: {name: kube-dns, namespace: kube-system}\nsubsets:\n- addresses:\n",
		      node_cluster_dns(b->arena, k));
	for (size_t i = 0; i < k->etcd.members.count; i++)
		strbuf_printf(&text, "  - ip: %s\n", k->etcd.members.items[i].value);
	if (!k->etcd.members.count)
		strbuf_puts(&text, "  - ip: ${node_ip}\n");
	strbuf_puts(&text, "  ports:\n  - {name: dns, port: 53, protocol: UDP}\n  - {name: dns-tcp, port: 53, protocol: TCP}\n");
	return node_put_file(b, CONTROL_PLANE_ADDONS "/50-dns.yaml", 0644, 0, 0, text.data, text.len, "the cluster's DNS", err);
}
