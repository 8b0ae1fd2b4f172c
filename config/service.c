/* Services, and how one sees that they are ready. */
#include "config/node.h"

#include <stdio.h>
#include <string.h>

#include "config/syntax.h"

static const char *const ready_words[] = {
	[PLAN_READY_SOCKET] = "socket", [PLAN_READY_HTTP] = "http",	  [PLAN_READY_PORT] = "port",
	[PLAN_READY_FILE] = "file",	[PLAN_READY_COMMAND] = "command", [PLAN_READY_NOTIFY] = "notify",
};

/* The keys of a ready map share a reader; the field is the service itself. */
static void read_ready_kind(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			    void *field)
{
	struct plan_service *s = field;
	const char *text = NULL;
	unsigned long port;

	s->ready_words = (struct strings){0};
	for (int i = PLAN_READY_SOCKET; i <= PLAN_READY_COMMAND; i++)
		if (!strcmp(ready_words[i], k->name))
			s->ready = (enum plan_ready)i;
	if (s->ready == PLAN_READY_COMMAND) {
		type_list.read(r, k, name, v, &s->ready_words);
		if (v->type == VALUE_LIST && !v->count)
			complain(r, v, "\"command\" is empty");
		check_program(r, name, v);
		return;
	}
	type_text.read(r, k, name, v, &text);
	if (!text || !check_template(r, name, v))
		return;
	strings_add(r->arena, &s->ready_words, text);
	if (s->ready == PLAN_READY_PORT && !parse_number(v->text, 1, 65535, &port))
		complain(r, v, "\"port\": expected a number from 1 to 65535");
	else if (s->ready == PLAN_READY_HTTP && (strncmp(v->text, "http://", 7) != 0 || !v->text[7]))
		complain(r, v, "\"http\": expected a URL that begins with http://");
	else if (s->ready == PLAN_READY_SOCKET && strlen(text) > 107)
		complain(r, v, "\"socket\": longer than the 107 bytes that unix(7) allows");
}

static void write_ready_kind(struct json *j, const struct key *k, const void *field)
{
	const struct plan_service *s = field;

	if (s->ready == PLAN_READY_NONE || strcmp(ready_words[s->ready], k->name) != 0)
		return;
	if (s->ready == PLAN_READY_COMMAND)
		write_list(j, k, &s->ready_words);
	else
		json_string(j, k->name, s->ready_words.count ? s->ready_words.items[0] : "");
}

const struct key_type type_ready_kind = {"text", read_ready_kind, write_ready_kind, NULL};

static void read_ready(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		       void *field)
{
	const struct key_target target = {&map_ready, field};
	struct plan_service *s = field;

	(void)k;
	if (v->type == VALUE_SCALAR && !strcmp(v->text, "notify")) {
		s->ready = PLAN_READY_NOTIFY;
		s->ready_words = (struct strings){0};
	} else if (v->type != VALUE_MAP || v->count != 1) {
		complain(r, v, "\"%s\": expected notify, or a map with one of socket, http, port, file or command",
			 name->text);
	} else {
		read_map(r, &target, 1, v);
	}
}

static void write_ready(struct json *j, const struct key *k, const void *field)
{
	const struct plan_service *s = field;

	if (s->ready == PLAN_READY_NOTIFY)
		json_string(j, k->name, "notify");
	if (s->ready == PLAN_READY_NONE || s->ready == PLAN_READY_NOTIFY)
		return;
	json_open_object(j, k->name);
	write_map(j, &map_ready, field);
	json_close_object(j);
}

const struct key_type type_ready = {"notify, or map with one of socket, http, port, file, command", read_ready, write_ready,
				    NULL};

static const char *const restart_words[] = {"always", "on-failure", "never"};

/* The field is the service itself: its default follows from oneshot. */
static void read_restart(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			 void *field)
{
	struct plan_service *s = field;
	int i;

	(void)k;
	if (!is_text(r, name, v))
		return;
	i = choose(r, v, "restart", restart_words, 3);
	if (i >= 0)
		s->restart = (enum plan_restart)(PLAN_RESTART_ALWAYS + i);
}

static void write_restart(struct json *j, const struct key *k, const void *field)
{
	json_string(j, k->name, restart_words[plan_service_restart(field) - PLAN_RESTART_ALWAYS]);
}

const struct key_type type_restart = {"always, on-failure or never", read_restart, write_restart, NULL};

static const char *const start_words[] = {"early", "network"};

static void read_start(struct reader *r, const struct key *k, const struct value *name, const struct value *v, void *field)
{
	struct plan_service *s = field;
	int i;

	(void)k;
	if (!is_text(r, name, v))
		return;
	i = choose(r, v, "start", start_words, 2);
	if (i >= 0)
		s->start = (enum plan_start)(PLAN_START_EARLY + i);
}

static void write_start(struct json *j, const struct key *k, const void *field)
{
	const struct plan_service *s = field;

	if (s->start != PLAN_START_DEFAULT)
		json_string(j, k->name, start_words[s->start - PLAN_START_EARLY]);
}

const struct key_type type_start = {"early or network", read_start, write_start, NULL};

/* The keys of the map of limits share a reader; the field is the service. */
static void read_limit(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		       void *field)
{
	struct plan_service *s = field;
	const char *text = NULL;

	type_text.read(r, k, name, v, &text);
	if (!text)
		return;
	/* The plan has the number alone: percent of one CPU. */
	if (!strcmp(k->name, "cpu"))
		text = arena_strndup(r->arena, text, strlen(text) - 1);
	for (size_t i = 0; i < s->limits.count; i++) {
		if (strcmp(s->limits.items[i].key, k->name) != 0)
			continue;
		s->limits.items[i] = (struct pair){k->name, text, name->at};
		return;
	}
	pairs_add(r->arena, &s->limits, k->name, text, name->at);
}

static void write_limit(struct json *j, const struct key *k, const void *field)
{
	const char *text = pairs_get(&((const struct plan_service *)field)->limits, k->name);
	char percent[32];

	if (!text)
		return;
	snprintf(percent, sizeof(percent), "%s%s", text, strcmp(k->name, "cpu") != 0 ? "" : "%");
	json_string(j, k->name, percent);
}

const struct key_type type_limit = {"text", read_limit, write_limit, NULL};

static void read_limits(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			void *field)
{
	const struct key_target target = {&map_limits, field};

	(void)k;
	if (is_map(r, name, v, ", as in {memory: 512M}"))
		read_map(r, &target, 1, v);
}

static void write_limits(struct json *j, const struct key *k, const void *field)
{
	if (!((const struct plan_service *)field)->limits.count)
		return;
	json_open_object(j, k->name);
	write_map(j, &map_limits, field);
	json_close_object(j);
}

const struct key_type type_limits = {"map with memory, cpu, pids", read_limits, write_limits, NULL};

static void begin_service(struct reader *r, const struct value *name, void *item)
{
	struct plan_service *s = item;

	(void)r;
	*s = plan_service_new(name->text);
	s->at = name->at;
	s->ready_timeout = 60;
}

/* Their command lines follow their versions and are made by the builder. */
static bool runs_by_itself(const char *name)
{
	static const char *const names[] = {
		"kubelet", "containerd", "docker", "cri-dockerd", "etcd", "kube-apiserver", "kube-controller-manager",
		"kube-scheduler", "kube-proxy",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static void end_service(struct reader *r, const struct value *name, const struct value *v, void *item)
{
	const struct value *run = value_get(v, "run", NULL), *stop = value_get(v, "stop", NULL);
	const struct value *start = value_get(v, "start", NULL);
	struct plan_service *s = item;

	if (s->oneshot && s->restart == PLAN_RESTART_ALWAYS)
		complain(r, value_get(v, "restart", NULL) ? value_get(v, "restart", NULL) : name,
			 "service \"%s\": a oneshot that is always started again never ends", name->text);
	if (s->oneshot && (s->ready != PLAN_READY_NONE || value_get(v, "ready", NULL)))
		complain(r, name, "service \"%s\": a oneshot is ready when it has ended; it takes no \"ready\"",
			 name->text);
	if (s->ready_timeout == 0)
		complain(r, value_get(v, "ready_timeout", NULL), "service \"%s\": nothing is ready in 0 seconds",
			 name->text);
	if (s->start == PLAN_START_EARLY && plan_service_has_variables(s)) {
		if (start)
			complain(r, start, "service \"%s\" starts early, when the variables in its words are not known yet: "
				 "let it start with the network", name->text);
		s->start = PLAN_START_NETWORK;
	}
	/* PID 1 has cgroups and logs of these names (init/plan-service.c). */
	if (!strcmp(name->text, "init") || !strcmp(name->text, "shell") || !strcmp(name->text, "network") ||
	    !strcmp(name->text, "ntp") || !strncmp(name->text, "dhcp-", 5) || !strncmp(name->text, "dhcp6-", 6))
		complain(r, name, "the name \"%s\" is one that PID 1 keeps for itself; choose another", name->text);
	if (stop)
		check_program(r, name, stop);
	if (run && !(run->type == VALUE_LIST && run->count == 0))
		check_program(r, name, run);
	else if (!s->run.count && !runs_by_itself(name->text))
		complain(r, name, "service \"%s\" needs \"run\": its program and arguments, as a list", name->text);
}

static const char *name_service(const void *item)
{
	return ((const struct plan_service *)item)->name;
}

static const struct part part_service = {
	.map = &map_service,
	.size = sizeof(struct plan_service),
	.check_name = check_name,
	.begin = begin_service,
	.end = end_service,
	.name = name_service,
};
const struct key_type type_services = {"map of names to services", read_parts, write_parts, &part_service};
