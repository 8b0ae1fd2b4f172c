#include <arpa/inet.h>
#include <string.h>

#include "base/flat.h"
#include "builder/node-private.h"
#include "init/plan.h"

static void add_words(struct strbuf *out, const char *record, const struct strings *words)
{
	flat_word(out, record);
	for (size_t i = 0; i < words->count; i++)
		flat_word(out, words->items[i]);
	flat_end(out);
}

static void add_number(struct strbuf *out, const char *record, unsigned n)
{
	if (n)
		strbuf_printf(out, "%s %u\n", record, n);
}

static void add_ready(struct strbuf *out, const struct service *s)
{
	static const char *const kinds[] = {
		[READY_SOCKET] = "socket", [READY_HTTP] = "http", [READY_PORT] = "port", [READY_FILE] = "file",
	};

	if (s->ready == READY_COMMAND) {
		flat_word(out, "ready");
		add_words(out, "command", &s->ready_command);
	} else if (s->ready != READY_NONE) {
		flat_add(out, "ready", kinds[s->ready], s->ready_value, NULL);
	}
}

static void add_service(struct strbuf *out, const struct service *s)
{
	flat_add(out, "service", s->name, NULL);
	add_words(out, "run", &s->run);
	for (size_t i = 0; i < s->env.count; i++)
		flat_add(out, "env", s->env.items[i].key, s->env.items[i].value, NULL);
	if (s->needs.count)
		add_words(out, "needs", &s->needs);
	for (size_t i = 0; i < s->exists.count; i++)
		flat_add(out, "exists", s->exists.items[i], NULL);
	if (s->oneshot)
		flat_add(out, "oneshot", NULL);
	else
		add_ready(out, s);
	add_number(out, "ready-timeout", s->ready_timeout);
	/* "always" is what a service does unless told, and what a oneshot cannot. */
	if (s->restart != RESTART_ALWAYS)
		flat_add(out, "restart", s->restart == RESTART_NEVER ? "never" : "on-failure", NULL);
	add_number(out, "stop-timeout", s->stop_timeout);
}

/* The interface whose address is the node's. An address given in the profile leaves that to the boot. */
static const char *plan_interface(const struct profile *p)
{
	const char *ip = p->kubernetes.node_ip;
	unsigned char buffer[sizeof(struct in6_addr)];

	if (!ip || !strcmp(ip, "boot-interface") || inet_pton(AF_INET, ip, buffer) == 1 || inet_pton(AF_INET6, ip, buffer) == 1)
		return "boot";
	return ip;
}

static void add_sysctls(struct strbuf *out, const struct profile *p, const struct node_facts *facts)
{
	static const char forward[] = "net.ipv4.ip_forward";
	bool known = false;

	for (size_t i = 0; i < p->sysctl.count; i++) {
		flat_add(out, "sysctl", p->sysctl.items[i].key, p->sysctl.items[i].value, NULL);
		known = known || !strcmp(p->sysctl.items[i].key, forward);
	}
	if (facts->kubelet && !known)
		flat_add(out, "sysctl", forward, "1", NULL); /* pods are behind a bridge */
}

static void add_tmpfs(struct strbuf *out, const char *path, const char *size)
{
	flat_add(out, "state", path, "tmpfs", NULL);
	flat_add(out, "size", size, NULL);
}

/* Overlays cannot lie on the root's own overlay, and the kubelet measures the file system that its folder is on: both need a
 * mount of their own. */
static void add_states(struct strbuf *out, const struct profile *p, const struct node_facts *facts)
{
	const struct {
		bool wanted;
		const char *path;
	} own[] = {{facts->containerd, "/var/lib/containerd"}, {facts->kubelet, KUBELET_ROOT}};

	for (size_t i = 0; i < p->state_count; i++)
		add_tmpfs(out, p->states[i].path, p->states[i].size);
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
		bool known = !own[i].wanted;

		for (size_t j = 0; j < p->state_count; j++)
			known = known || !strcmp(p->states[j].path, own[i].path);
		if (!known)
			add_tmpfs(out, own[i].path, "50%");
	}
}

int node_plan_write(struct arena *a, const struct profile *p, const struct node_facts *facts, const struct services *services,
		    struct strbuf *out, struct error *err)
{
	bool shell = p->failure == FAILURE_SHELL;
	struct plan plan;

	flat_add(out, "mkdl-plan", "1", NULL);
	flat_add(out, "name", p->name, NULL);
	if (p->hostname)
		flat_add(out, "hostname", p->hostname, NULL);
	flat_add(out, "failure", shell ? "shell" : "reboot", arena_printf(a, "%u", p->failure_delay), NULL);
	flat_add(out, "interface", plan_interface(p), NULL);
	add_sysctls(out, p, facts);
	add_states(out, p, facts);
	for (size_t i = 0; i < services->count; i++)
		add_service(out, &services->items[i]);
	if (plan_parse(a, "/etc/mkdl/plan", out->data, out->len, &plan, err) < 0)
		return error_wrap(err, "%s: PID 1 would refuse its plan", p->file);
	return 0;
}
