/* Services, and how one sees that they are ready. */
#include "builder/profile-private.h"

#include <string.h>

#include "config/syntax.h"

static const char *const ready_words[] = {
	[READY_SOCKET] = "socket", [READY_HTTP] = "http",	[READY_PORT] = "port",
	[READY_FILE] = "file",	   [READY_COMMAND] = "command",
};

/* The keys of a ready map share a reader; the field is the service itself. */
static void read_ready_kind(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			    void *field)
{
	struct service *s = field;
	unsigned long port;

	for (int i = READY_SOCKET; i <= READY_COMMAND; i++)
		if (!strcmp(ready_words[i], k->name))
			s->ready = (enum ready_kind)i;
	if (s->ready == READY_COMMAND) {
		type_list.read(r, k, name, v, &s->ready_command);
		if (v->type == VALUE_LIST && !v->count)
			complain(r, v, "\"command\" is empty");
		check_program(r, name, v);
		return;
	}
	type_text.read(r, k, name, v, &s->ready_value);
	if (!s->ready_value || !check_template(r, name, v))
		return;
	if (s->ready == READY_PORT && !parse_number(v->text, 1, 65535, &port))
		complain(r, v, "\"port\": expected a number from 1 to 65535");
	else if (s->ready == READY_HTTP && (strncmp(v->text, "http://", 7) != 0 || !v->text[7]))
		complain(r, v, "\"http\": expected a URL that begins with http://");
	else if (s->ready == READY_SOCKET && strlen(s->ready_value) > 107)
		complain(r, v, "\"socket\": longer than the 107 bytes that unix(7) allows");
}

static void write_ready_kind(struct json *j, const struct key *k, const void *field)
{
	const struct service *s = field;

	if (s->ready == READY_NONE || strcmp(ready_words[s->ready], k->name) != 0)
		return;
	if (s->ready == READY_COMMAND)
		type_list.write(j, k, &s->ready_command);
	else
		json_string(j, k->name, s->ready_value);
}

const struct key_type type_ready_kind = {"text", read_ready_kind, write_ready_kind, NULL};

static void read_ready(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		       void *field)
{
	const struct key_target target = {&map_ready, field};

	(void)k;
	if (v->type != VALUE_MAP || v->count != 1)
		complain(r, v, "\"%s\": expected a map with one of socket, http, port, file or command", name->text);
	else
		read_map(r, &target, 1, v);
}

static void write_ready(struct json *j, const struct key *k, const void *field)
{
	if (((const struct service *)field)->ready == READY_NONE)
		return;
	json_open_object(j, k->name);
	write_map(j, &map_ready, field);
	json_close_object(j);
}

const struct key_type type_ready = {"map with one of socket, http, port, file, command", read_ready, write_ready, NULL};

static const char *const restart_words[] = {"always", "on-failure", "never"};

static void read_restart(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			 void *field)
{
	int i;

	(void)k;
	if (!is_text(r, name, v))
		return;
	i = choose(r, v, "restart", restart_words, 3);
	if (i >= 0)
		*(enum restart_policy *)field = (enum restart_policy)i;
}

static void write_restart(struct json *j, const struct key *k, const void *field)
{
	json_string(j, k->name, restart_words[*(const enum restart_policy *)field]);
}

const struct key_type type_restart = {"always, on-failure or never", read_restart, write_restart, NULL};

static void begin_service(struct reader *r, const struct value *name, void *item)
{
	(void)r;
	*(struct service *)item = (struct service){
		.name = name->text,
		.at = name->at,
		.ready_timeout = 60,
		.stop_timeout = 10,
		.restart = RESTART_ALWAYS,
	};
}

static void end_service(struct reader *r, const struct value *name, const struct value *v, void *item)
{
	/* Their command lines follow their versions and are made by the builder. */
	bool known = !strcmp(name->text, "kubelet") || !strcmp(name->text, "containerd");
	const struct value *run = value_get(v, "run", NULL);
	struct service *s = item;

	if (s->oneshot && !value_get(v, "restart", NULL))
		s->restart = RESTART_ON_FAILURE;
	else if (s->oneshot && s->restart == RESTART_ALWAYS)
		complain(r, value_get(v, "restart", NULL),
			 "service \"%s\": a oneshot that is always started again never ends", name->text);
	if (s->oneshot && value_get(v, "ready", NULL))
		complain(r, name, "service \"%s\": a oneshot is ready when it has ended; it takes no \"ready\"",
			 name->text);
	if (s->ready_timeout == 0)
		complain(r, value_get(v, "ready_timeout", NULL), "service \"%s\": nothing is ready in 0 seconds",
			 name->text);
	/* PID 1 has cgroups and logs of these names (init/plan.c). */
	if (!strcmp(name->text, "init") || !strcmp(name->text, "shell") || !strncmp(name->text, "dhcp-", 5))
		complain(r, name, "the name \"%s\" is one that PID 1 keeps for itself; choose another", name->text);
	if (run && !(run->type == VALUE_LIST && run->count == 0))
		check_program(r, name, run);
	else if (!known)
		complain(r, name, "service \"%s\" needs \"run\": its program and arguments, as a list", name->text);
}

static const char *name_service(const void *item)
{
	return ((const struct service *)item)->name;
}

static const struct part part_service = {
	.map = &map_service,
	.size = sizeof(struct service),
	.check_name = check_name,
	.begin = begin_service,
	.end = end_service,
	.name = name_service,
};
const struct key_type type_services = {"map of names to services", read_parts, write_parts, &part_service};
