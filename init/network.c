#include "init/network.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "init/console.h"
#include "init/identity.h"
#include "init/names.h"
#include "init/phases.h"

#define STATUS NETWORK_FOLDER "/status"

enum { ATTEMPT_MS = 15000, LOOK_MS = 500 };

static const struct names_variable no_variables[] = {{NULL, NULL}};

static bool read_status(struct network_status *out)
{
	_cleanup_error_ struct error err = {0};
	_cleanup_strbuf_ struct strbuf text = {0};

	if (access(STATUS, F_OK) < 0)
		return false;
	if (file_read_at(AT_FDCWD, STATUS, NETWORK_STATUS_LIMIT, &text, &err) == 0 &&
	    network_status_parse(STATUS, text.data ? text.data : "", text.len, out, &err) == 0)
		return true;
	console_say("network: %s", error_text(&err));
	return false;
}

static void client_name(const struct network_client *c, char out[static 32])
{
	snprintf(out, 32, "%s-%s", c->six ? "dhcp6" : "dhcp", c->interface);
}

/* The name that the node asks the server to know it by; "" leaves the name to the server. */
static const char *name_to_send(struct node *node, const struct network_client *c)
{
	_cleanup_error_ struct error ignored = {0};

	if (node->settled)
		return node->facts.hostname;
	if (identity_find(node, node->network.mac[0] ? node->network.mac : c->mac, true, &ignored) < 0)
		return "";
	return node->facts.hostname;
}

/* The DHCP client runs as a service: started again when it dies, and there for renewals as long as the node runs. */
static int start_client(struct node *node, const struct network_client *c, const char *name, struct error *err)
{
	static const char *const common[] = {"-f", "-s", NETWORK_PROGRAM, "-t", "5", "-T", "2", "-A", "1"};
	static const char *const four[] = {"-V", "mkdl", "-O", "search", "-O", "staticroutes", "-O", "msstaticroutes",
					   "-O", "mtu", "-O", "ntpsrv"};
	static const char *const six[] = {"-O", "dns", "-O", "search"};
	struct arena *a = &node->arena;
	const char *hostname = c->six ? "" : name_to_send(node, c), *suffix = c->six ? "dhcp6" : "dhcp4";
	struct plan_service *plan = arena_new(a, struct plan_service);
	struct strings *run = &plan->run;

	*plan = plan_service_new(arena_strdup(a, name));
	strings_add(a, run, "/bin/busybox");
	strings_add(a, run, c->six ? "udhcpc6" : "udhcpc");
	for (size_t i = 0; i < sizeof(common) / sizeof(*common); i++)
		strings_add(a, run, common[i]);
	for (size_t i = 0; !c->six && i < sizeof(four) / sizeof(*four); i++)
		strings_add(a, run, four[i]);
	for (size_t i = 0; c->six && i < sizeof(six) / sizeof(*six); i++)
		strings_add(a, run, six[i]);
	strings_add(a, run, "-p");
	strings_add(a, run, arena_printf(a, NETWORK_FOLDER "/%s.%s.pid", c->interface, suffix));
	strings_add(a, run, "-i");
	strings_add(a, run, arena_strdup(a, c->interface));
	if (*hostname) {
		strings_add(a, run, "-x");
		strings_add(a, run, arena_printf(a, "hostname:%s", hostname));
	}
	pairs_add(a, &plan->env, "client", suffix, (struct place){0});
	plan->stop_timeout = 2;
	return supervise_add(a, &node->supervisor, plan, no_variables, true, NULL, err) ? 0 : -1;
}

static void want_client(struct node *node, const struct network_client *c)
{
	_cleanup_error_ struct error err = {0};
	struct service *s;
	char name[32];

	client_name(c, name);
	s = supervise_find(&node->supervisor, name);
	if (!s && start_client(node, c, name, &err) < 0)
		console_say("network: %s", error_text(&err));
	/* Not wanted for a while, wanted again. */
	else if (s && s->state == SERVICE_STOPPED)
		s->state = SERVICE_WAITING;
	else if (s && s->state == SERVICE_STOPPING)
		s->again = true;
}

static void drop_clients(struct node *node, const struct network_status *status)
{
	for (size_t i = 0; i < node->supervisor.count; i++) {
		struct service *s = node->supervisor.services[i];
		bool wanted = false;

		if (!s->internal ||
		    (strncmp(s->plan->name, "dhcp-", 5) != 0 && strncmp(s->plan->name, "dhcp6-", 6) != 0))
			continue;
		for (size_t c = 0; c < status->client_count; c++) {
			char name[32];

			client_name(&status->clients[c], name);
			wanted = wanted || !strcmp(s->plan->name, name);
		}
		if (!wanted && s->state != SERVICE_STOPPED && (s->state != SERVICE_STOPPING || s->again))
			service_stop(s, clock_ms(), false);
	}
}

void node_variables(const struct node *node, struct names_variable out[static NODE_VARIABLES])
{
	const struct facts *f = &node->facts;
	const struct names_variable all[NODE_VARIABLES] = {
		{"node_ip", f->node_ip}, {"hostname", f->hostname}, {"mac", f->mac}, {"interface", f->interface},
		{"machine_id", f->machine_id}, {"reserved_memory", f->reserved_memory}, {NULL, NULL},
	};

	memcpy(out, all, sizeof(all));
}

/* The node has another address: what was told the old one is told the new one, which takes a new start. */
static void address_changed(struct node *node)
{
	_cleanup_error_ struct error err = {0};
	struct names_variable variables[NODE_VARIABLES];
	struct supervisor *v = &node->supervisor;

	if (identity_write_hosts(node, &err) < 0 || identity_write_facts(node, &err) < 0)
		console_say("network: %s", error_text(&err));
	node_variables(node, variables);
	for (size_t i = 0; i < v->count; i++)
		if (!v->services[i]->internal && service_refill(&node->arena, v->services[i], variables)) {
			console_say("service %s is started again with the node's new address",
				    v->services[i]->plan->name);
			if (v->services[i]->pid)
				service_stop(v->services[i], clock_ms(), true);
		}
}

/* Once up, the facts follow the network; a node without an address keeps the last one, which may come back. */
static void take_facts(struct node *node)
{
	const struct network_status *s = &node->network;
	struct facts *f = &node->facts;
	char old[sizeof(f->node_ip)];

	if (!s->up)
		return;
	strcpy(old, f->node_ip);
	strcpy(f->interface, s->interface);
	if (s->mac[0])
		strcpy(f->mac, s->mac);
	if (s->node_ip[0])
		strcpy(f->node_ip, s->node_ip);
	if (!node->settled || !strcmp(old, f->node_ip))
		return;
	console_say("network: the node's address changed from %s to %s (%s)", *old ? old : "none", f->node_ip,
		    s->summary);
	address_changed(node);
}

static void look(struct node *node)
{
	struct network_status status;

	/* One that the run before left behind says nothing about the plan of this one. */
	if (node->supervisor.request || !read_status(&status) || status.turn != node->network_turn)
		return;
	node->network = status;
	for (size_t i = 0; i < status.client_count; i++)
		want_client(node, &status.clients[i]);
	drop_clients(node, &status);
	take_facts(node);
	if (node->network_changed)
		node->network_changed(node);
}

static void take_events(void *data, uint32_t events)
{
	_Alignas(struct inotify_event) char bytes[2048];
	struct node *node = data;
	bool status = false, time = false;
	ssize_t got;

	(void)events;
	while ((got = read(node->network_watch.fd, bytes, sizeof(bytes))) > 0)
		for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= got;) {
			const struct inotify_event *e = (const void *)(bytes + at);

			status = status || (e->mask & IN_Q_OVERFLOW) || (e->len && !strcmp(e->name, "status"));
			time = time || (e->mask & IN_Q_OVERFLOW) || (e->len && !strcmp(e->name, "time"));
			at += (ssize_t)(sizeof(*e) + e->len);
		}
	if (status)
		look(node);
	if (time && node->time_changed)
		node->time_changed(node);
}

static int watch(struct node *node, struct error *err)
{
	int fd;

	if (dir_make_at(AT_FDCWD, NETWORK_FOLDER, 0755, err) < 0)
		return -1;
	fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd < 0 || inotify_add_watch(fd, NETWORK_FOLDER, IN_MOVED_TO) < 0)
		return error_errno(err, "watching " NETWORK_FOLDER);
	return loop_watch(&node->supervisor.loop, &node->network_watch, fd, EPOLLIN, take_events, node, err);
}

static const struct plan_service *make_plan(struct node *node)
{
	struct plan_service *plan = arena_new(&node->arena, struct plan_service);

	*plan = plan_service_new("network");
	strings_add(&node->arena, &plan->run, NETWORK_PROGRAM);
	strings_add(&node->arena, &plan->run, "run");
	strings_add(&node->arena, &plan->run, "--turn");
	strings_add(&node->arena, &plan->run, arena_printf(&node->arena, "%u", ++node->network_turn));
	plan->stop_timeout = 2;
	return plan;
}

static int start_program(struct node *node, struct error *err)
{
	struct service *s;

	if (watch(node, err) < 0)
		return -1;
	s = supervise_add(&node->arena, &node->supervisor, make_plan(node), no_variables, true, NULL, err);
	if (!s)
		return -1;
	s->log.on_console = true;
	return 0;
}

static int wait_until_up(struct node *node, int64_t end, char *detail, struct error *err)
{
	const struct network_status *s = &node->network;

	while (!s->up && clock_ms() < end && node->supervisor.request == REQUEST_NONE)
		supervise_step(&node->supervisor, clock_ms() + LOOK_MS);
	if (!s->up)
		return error_set(err, "%s", s->waiting[0] ? s->waiting : "the network program says nothing yet");
	snprintf(detail, DETAIL_SIZE, "%.100s%s%s", s->summary, *s->summary ? ", node IP " : "no network", s->node_ip);
	return 0;
}

/* One attempt. What was started stays for the next. */
int phase_network(struct node *node, char *detail, struct error *err)
{
	int64_t limit = (int64_t)node->options.network_timeout * 1000;
	int64_t end = clock_ms() + (limit < ATTEMPT_MS ? limit : ATTEMPT_MS);

	if (!supervise_find(&node->supervisor, "network") && start_program(node, err) < 0)
		return -1;
	return wait_until_up(node, end, detail, err);
}

int network_again(struct node *node, char *detail, struct error *err)
{
	struct service *s = supervise_find(&node->supervisor, "network");

	node->network.up = false;
	node->network.waiting[0] = '\0';
	if (s) {
		s->plan = make_plan(node);
		service_refill(&node->arena, s, no_variables);
		service_stop(s, clock_ms(), true);
	} else if (start_program(node, err) < 0) {
		return -1;
	}
	return wait_until_up(node, clock_ms() + (int64_t)node->options.network_timeout * 1000, detail, err);
}
