#include "lab/table.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/strbuf.h"

static unsigned long reached(const struct lab_status *s, bool ready)
{
	unsigned long n = 0;

	for (size_t i = 0; i < s->node_count; i++)
		n += ready ? !strcmp(s->nodes[i].ready, "yes") : !strcmp(s->nodes[i].step, "up");
	return n;
}

static void print_up(char text[static 32], const char *seconds)
{
	unsigned long n = 0;

	if (sscanf(seconds, "%lu", &n) != 1)
		snprintf(text, 32, "-");
	else if (n < 100)
		snprintf(text, 32, "%lu s", n);
	else
		snprintf(text, 32, "%lu min", n / 60);
}

void table_print(const struct lab_status *s, const char *dir, FILE *to)
{
	fprintf(to, "lab %s: %zu nodes, %lu up, %lu Ready; API %s; %lu s old; files in %s\n", s->name, s->node_count,
		reached(s, false), reached(s, true), s->api, s->seconds, dir);
	for (size_t i = 0; i < s->server_count; i++)
		if (!strcmp(s->servers[i].state, "ended"))
			fprintf(to, "server %s has ENDED, see %s/log/%s\n", s->servers[i].name, dir, s->servers[i].name);
	fprintf(to, "%-16s %-7s %-15s %-10s %-8s %-6s %s\n", "NODE", "ROLE", "ADDRESS", "PHASE", "UP", "READY", "RAM");
	for (size_t i = 0; i < s->node_count; i++) {
		const struct status_node *n = &s->nodes[i];
		bool failed = !strcmp(n->step, "failed");
		char up[32];

		print_up(up, n->up);
		fprintf(to, "%-16s %-7s %-15s %-10s %-8s %-6s %lu of %lu MiB", n->name, n->role, n->address,
			failed ? "FAILED" : n->phase, up, n->ready, n->kib / 1024, n->mib);
		if (failed)
			fprintf(to, "  %s", n->phase);
		fputc('\n', to);
	}
}

void table_json(const struct lab_status *s, const struct lab_client *c)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct json j = json_begin(&out);

	json_open_object(&j, NULL);
	json_string(&j, "lab", s->name);
	json_string(&j, "file", s->file);
	json_string(&j, "dir", c->dir);
	json_number(&j, "pid", (uint64_t)c->pid);
	json_string(&j, "api", s->api);
	json_number(&j, "seconds", s->seconds);
	json_open_array(&j, "servers");
	for (size_t i = 0; i < s->server_count; i++) {
		json_open_object(&j, NULL);
		json_string(&j, "name", s->servers[i].name);
		json_string(&j, "state", s->servers[i].state);
		json_close_object(&j);
	}
	json_close_array(&j);
	json_open_array(&j, "nodes");
	for (size_t i = 0; i < s->node_count; i++) {
		const struct status_node *n = &s->nodes[i];
		unsigned long up = 0;

		json_open_object(&j, NULL);
		json_string(&j, "name", n->name);
		json_string(&j, "role", n->role);
		json_string(&j, "address", n->address);
		json_string(&j, "mac", n->mac);
		json_string(&j, "step", n->step);
		json_string(&j, "phase", n->phase);
		if (sscanf(n->up, "%lu", &up) == 1)
			json_number(&j, "up_seconds", up);
		else
			json_string(&j, "up_seconds", NULL);
		json_bool(&j, "listed", strcmp(n->ready, "-") != 0);
		json_bool(&j, "ready", !strcmp(n->ready, "yes"));
		json_number(&j, "host_memory", (uint64_t)n->kib * 1024);
		json_number(&j, "memory_mib", n->mib);
		json_number(&j, "starts", n->starts);
		json_number(&j, "boots", n->boots);
		json_string(&j, "said", n->said);
		json_close_object(&j);
	}
	json_close_array(&j);
	json_close_object(&j);
	json_end(&j);
	fputs(out.data, stdout);
}
