#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "node/nodectl/config.h"
#include "node/nodectl/format.h"

enum { STATES = 64 };

struct memory {
	int64_t total, available, init; /* bytes; -1: not known. init: what PID 1 itself has */
};

/* "KEY:   NUMBER kB" of a file in /proc, in bytes. */
static int64_t kilobytes(const char *text, const char *key)
{
	const char *at = text ? strstr(text, key) : NULL;

	return at ? strtoll(at + strlen(key), NULL, 10) * 1024 : -1;
}

static struct memory find_memory(struct context *c)
{
	const char *all = node_text(c, "/proc/meminfo"), *init = node_text(c, "/proc/1/status");

	return (struct memory){
		.total = kilobytes(all, "MemTotal:"), .available = kilobytes(all, "MemAvailable:"),
		.init = kilobytes(init, "VmRSS:"),
	};
}

/* What the state's program says of a mount: a file each, flat records "KEY VALUE" (node/state/state.h). */
struct state {
	const char *path, *kind, *source, *health, *text; /* NULL where there is none */
};

static bool read_state(struct context *c, const char *path, struct state *out)
{
	const char *text = node_text(c, path);
	_cleanup_error_ struct error unheard = {0};
	struct state s = {0};
	const struct {
		const char *key, **field;
	} texts[] = {{"path", &s.path},
		     {"kind", &s.kind},
		     {"source", &s.source},
		     {"health", &s.health},
		     {"text", &s.text}};
	struct flat flat;

	if (!text)
		return false;
	text = arena_printf(&c->arena, "%s\n", text);
	if (flat_parse(&c->arena, path, text, strlen(text), &flat, &unheard) < 0)
		return false;
	for (size_t i = 0; i < flat.count; i++)
		for (size_t t = 0; t < sizeof(texts) / sizeof(*texts); t++)
			if (!strcmp(flat.lines[i].words[0], texts[t].key) && flat.lines[i].count == 2)
				*texts[t].field = flat.lines[i].words[1];
	*out = s;
	return s.path && s.kind && s.health;
}

static size_t find_states(struct context *c, struct state out[static STATES])
{
	struct dirent **names;
	int n = scandir(node_path(c, "/run/mkdl/state"), &names, NULL, alphasort);
	size_t count = 0;

	for (int i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.' && count < STATES &&
		    read_state(c, arena_printf(&c->arena, "/run/mkdl/state/%s", names[i]->d_name), &out[count]))
			count++;
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return count;
}

/* Its sources, each once, in the order in which they first set something. */
static const char *sources(struct context *c, const struct config *config)
{
	const char *list = "";

	for (size_t i = 0; i < config->count; i++) {
		bool known = false;

		for (size_t k = 0; k < i && !known; k++)
			known = !strcmp(config->values[k].source, config->values[i].source);
		if (!known)
			list = *list ? arena_printf(&c->arena, "%s, %s", list, config->values[i].source) :
				       config->values[i].source;
	}
	return list;
}

static const char *or_unknown(const struct flat *reply, const char *key)
{
	const char *text = reply_text(reply, key);

	return text ? text : "?";
}

/* Why the node is no member of its cluster yet, as the service "join" has left it; NULL: it is one, or has none. */
static const char *waits(struct context *c)
{
	return node_text(c, "/run/mkdl/waits");
}

static void print_health(struct context *c, const struct flat *reply)
{
	if (waits(c))
		print_field(c, "waiting", COLOUR_WARN, "join: %s", waits(c));
	for (size_t i = 0; i < reply->count; i++) {
		const struct flat_line *line = &reply->lines[i];

		if (!strcmp(line->words[0], "failed") && line->count == 3)
			print_field(c, "boot failed", COLOUR_BAD, "%s: %s", line->words[1], line->words[2]);
		else if (!strcmp(line->words[0], "degraded") && line->count == 2)
			print_field(c, "degraded", COLOUR_WARN, "%s", line->words[1]);
		else if (!strcmp(line->words[0], "services") && line->count == 3)
			print_field(c, "services",
				    strcmp(line->words[1], line->words[2]) ? COLOUR_WARN : COLOUR_NONE,
				    "%s of %s are up", line->words[1], line->words[2]);
	}
	if (reply_text(reply, "last-boot"))
		print_field(c, "last boot", COLOUR_WARN, "failed: %s", reply_text(reply, "last-boot"));
	if (reply_text(reply, "phase"))
		print_field(c, "phase", COLOUR_WARN, "%s, still under way", reply_text(reply, "phase"));
	if (reply_text(reply, "going"))
		print_field(c, "going down", COLOUR_WARN, "%s, asked by %s", reply_text(reply, "going"),
			    or_unknown(reply, "asked-by"));
}

static void print_head(struct context *c, const struct flat *reply)
{
	int64_t up = reply_number(reply, "up");
	const char *head = arena_printf(&c->arena, "%s (%s)", or_unknown(reply, "hostname"), or_unknown(reply, "node"));

	printf("%s, started %s ago, %s\n", format_colour(c, COLOUR_BOLD, format_plain(&c->arena, head)),
	       format_duration(&c->arena, reply_number(reply, "uptime")),
	       up >= 0 ? format_colour(c, COLOUR_GOOD,
				       arena_printf(&c->arena, "up after %s", format_duration(&c->arena, up))) :
			 format_colour(c, COLOUR_WARN, "not up"));
}

static void print_status(struct context *c, const struct flat *reply)
{
	struct memory memory = find_memory(c);
	struct state states[STATES];
	size_t count = find_states(c, states);
	struct config config = config_load(c);

	print_head(c, reply);
	if (reply_text(reply, "image"))
		print_field(c, "image", COLOUR_NONE, "%.12s, kernel %s", reply_text(reply, "image"),
			    or_unknown(reply, "kernel"));
	if (reply_text(reply, "interface"))
		print_field(c, "address", COLOUR_NONE, "%s on %s, %s", or_unknown(reply, "node-ip"),
			    reply_text(reply, "interface"), or_unknown(reply, "mac"));
	if (reply_text(reply, "machine-id"))
		print_field(c, "machine-id", COLOUR_NONE, "%s", reply_text(reply, "machine-id"));
	if (memory.total >= 0)
		print_field(c, "memory", COLOUR_NONE, "%s of %s available; PID 1 has %s",
			    format_bytes(&c->arena, memory.available), format_bytes(&c->arena, memory.total),
			    format_bytes(&c->arena, memory.init));
	if (config.count)
		print_field(c, "configuration", COLOUR_NONE, "%s", sources(c, &config));
	for (size_t i = 0; i < count; i++)
		print_field(c, i ? "" : "state", strcmp(states[i].health, "ok") ? COLOUR_WARN : COLOUR_NONE,
			    "%s: %s %s%s%s%s%s", states[i].path, states[i].kind,
			    states[i].source ? states[i].source : "", states[i].source ? ", " : "", states[i].health,
			    states[i].text ? ": " : "", states[i].text ? states[i].text : "");
	print_health(c, reply);
}

static void add_list(struct json *j, const struct flat *reply, const char *key, const char *name)
{
	json_open_array(j, name);
	for (size_t i = 0; i < reply->count; i++)
		if (!strcmp(reply->lines[i].words[0], key) && reply->lines[i].count == 2)
			json_string(j, NULL, reply->lines[i].words[1]);
	json_close_array(j);
}

static void add_services(struct json *j, const struct flat *reply)
{
	for (size_t i = 0; i < reply->count; i++) {
		const struct flat_line *line = &reply->lines[i];

		if (!strcmp(line->words[0], "services")) {
			json_open_object(j, "services");
			json_optional(j, "up", record_word_number(line, 1));
			json_optional(j, "all", record_word_number(line, 2));
			json_close_object(j);
		} else if (!strcmp(line->words[0], "failed") && line->count == 3) {
			json_open_object(j, "failed");
			json_string(j, "phase", line->words[1]);
			json_string(j, "reason", line->words[2]);
			json_close_object(j);
		}
	}
}

static int print_status_json(struct context *c, const struct flat *reply)
{
	static const char *const texts[][2] = {
		{"node", "node"}, {"hostname", "hostname"}, {"image", "image"}, {"kernel", "kernel"},
		{"interface", "interface"}, {"mac", "mac"}, {"node-ip", "node_ip"}, {"machine-id", "machine_id"},
		{"phase", "phase"}, {"last-boot", "last_boot_failed"}, {"going", "going"}, {"asked-by", "asked_by"},
	};
	_cleanup_strbuf_ struct strbuf text = {0};
	struct json j = json_begin(&text);
	struct memory memory = find_memory(c);
	struct config config = config_load(c);
	struct state states[STATES];
	size_t count = find_states(c, states);

	json_open_object(&j, NULL);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		json_string(&j, texts[i][1], reply_text(reply, texts[i][0]));
	json_optional(&j, "uptime_ms", reply_number(reply, "uptime"));
	json_optional(&j, "up_ms", reply_number(reply, "up"));
	add_services(&j, reply);
	add_list(&j, reply, "degraded", "degraded");
	json_open_object(&j, "memory");
	json_optional(&j, "total_bytes", memory.total);
	json_optional(&j, "available_bytes", memory.available);
	json_optional(&j, "init_bytes", memory.init);
	json_close_object(&j);
	json_string(&j, "configuration", sources(c, &config));
	json_string(&j, "waiting", waits(c));
	json_open_object(&j, "state");
	for (size_t i = 0; i < count; i++) {
		json_open_object(&j, states[i].path);
		json_string(&j, "kind", states[i].kind);
		json_string(&j, "source", states[i].source);
		json_string(&j, "health", states[i].health);
		json_string(&j, "text", states[i].text);
		json_close_object(&j);
	}
	json_close_object(&j);
	json_close_object(&j);
	json_end(&j);
	return print_json(&text);
}

int run_status(struct context *c, int argc, char **argv, struct error *err)
{
	struct flat reply;

	if (argc > 1)
		return usage_error(argv[0], "it takes no words");
	if (ask(c, (const char *const[]){"status", NULL}, &reply, err) < 0)
		return -1;
	if (c->json)
		return print_status_json(c, &reply);
	print_status(c, &reply);
	return 0;
}
