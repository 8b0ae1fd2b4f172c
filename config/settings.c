/* Settings of the whole node with a grammar of their own: time, syslog. */
#include <stdio.h>
#include <string.h>

#include "config/node.h"
#include "config/syntax.h"

enum { PORT_UDP = 514, PORT_TCP = 601 }; /* IANA: syslog, syslog-conn */

/* The field of all of these is the plan. */
static void read_required(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			  void *field)
{
	struct plan *p = field;
	bool required = p->time_policy == PLAN_REQUIRE;

	type_bool.read(r, k, name, v, &required);
	p->time_policy = required ? PLAN_REQUIRE : PLAN_CONTINUE;
}

static void write_required(struct json *j, const struct key *k, const void *field)
{
	json_bool(j, k->name, ((const struct plan *)field)->time_policy == PLAN_REQUIRE);
}

const struct key_type type_time_required = {"true or false", read_required, write_required, NULL};

static void read_time(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		      void *field)
{
	const struct key_target target = {&map_time, field};
	struct plan *p = field;

	(void)k;
	if (!is_map(r, name, v, ", as in {ntp: [10.0.0.1], wait: 30s}"))
		return;
	read_map(r, &target, 1, v);
	if (p->time_policy == PLAN_REQUIRE && p->time_wait == 0)
		complain(r, name, "\"time\": required, but \"wait\" leaves no time for it");
}

static void write_time(struct json *j, const struct key *k, const void *field)
{
	json_open_object(j, k->name);
	write_map(j, &map_time, field);
	json_close_object(j);
}

const struct key_type type_time = {"map", read_time, write_time, NULL};

/* "udp://10.0.0.1", "tcp://[fd00::1]:6514", "loghost" */
static void read_syslog(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			void *field)
{
	struct plan *p = field;
	enum plan_protocol protocol = PLAN_UDP;
	const char *text = v->text, *end;
	struct value host;
	unsigned long port;

	(void)k;
	if (!is_text(r, name, v))
		return;
	if (begins_with(text, "tcp://"))
		protocol = PLAN_TCP;
	if (begins_with(text, "tcp://") || begins_with(text, "udp://"))
		text += 6;
	port = protocol == PLAN_TCP ? PORT_TCP : PORT_UDP;
	host = *v;
	if (text[0] == '[' && strchr(text, ']')) {
		end = strchr(text, ']') + 1;
		host.text = arena_strndup(r->arena, text + 1, (size_t)(end - text) - 2);
	} else {
		end = text + strcspn(text, ":");
		host.text = arena_strndup(r->arena, text, (size_t)(end - text));
	}
	if (!*host.text || (*end && (*end != ':' || !parse_number(end + 1, 1, 65535, &port)))) {
		complain(r, v, "\"%s\": expected a server, as in udp://10.0.0.1, tcp://logs.example.org:601 or udp://[fd00::1]:514",
			 name->text);
		return;
	}
	if (!check_server(r, name, &host))
		return;
	p->syslog_protocol = protocol;
	p->syslog_host = host.text;
	p->syslog_port = (unsigned)port;
}

static void write_syslog(struct json *j, const struct key *k, const void *field)
{
	const struct plan *p = field;
	bool v6 = p->syslog_host && strchr(p->syslog_host, ':');
	char text[320];

	if (!p->syslog_host)
		return;
	snprintf(text, sizeof(text), "%s://%s%s%s:%u", p->syslog_protocol == PLAN_TCP ? "tcp" : "udp", v6 ? "[" : "",
		 p->syslog_host, v6 ? "]" : "", p->syslog_port);
	json_string(j, k->name, text);
}

const struct key_type type_syslog = {"udp://HOST[:PORT] or tcp://HOST[:PORT]", read_syslog, write_syslog, NULL};
