#include "node/nodectl/config.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "node/nodectl/format.h"

enum { CONFIG_LIMIT = 4 << 20 };

#define HIDDEN "(secret: see --secrets)"

static void add(struct context *c, struct config *config, const struct config_value *value)
{
	config->values = arena_grow(&c->arena, config->values, config->count, &config->cap, sizeof(*config->values));
	config->values[config->count++] = *value;
}

/* 1 when there is none. */
static int read_flat(struct context *c, const char *path, struct flat *out, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *name = node_path(c, path);

	if (file_read_at(AT_FDCWD, name, CONFIG_LIMIT, &text, err) < 0)
		return 1;
	return flat_parse(&c->arena, name, text.data, text.len, out, err);
}

static void take_config(struct context *c, const struct flat *flat, struct config *out)
{
	for (size_t i = 0; i < flat->count; i++) {
		const struct flat_line *line = &flat->lines[i];

		if (line->count == 4)
			add(c, out, &(struct config_value){line->words[0], line->words[1], line->words[2],
							   strcmp(line->words[3], "plain") != 0});
	}
}

static const char *join(struct context *c, const struct flat_line *line, size_t from)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	for (size_t i = from; i < line->count; i++)
		strbuf_printf(&text, "%s%s", i > from ? " " : "", line->words[i]);
	return arena_strdup(&c->arena, text.data ? text.data : "");
}

/* Records that begin a part to which those behind them belong (init/plan.h), and records with a word that is a key. */
static bool is_one_of(const char *word, const char *const *words)
{
	while (*words && strcmp(*words, word) != 0)
		words++;
	return *words != NULL;
}

static bool has_value(const struct config *config, const struct config_value *value)
{
	for (size_t i = 0; i < config->count; i++)
		if (!strcmp(config->values[i].key, value->key) && !strcmp(config->values[i].value, value->value))
			return true;
	return false;
}

static void take_plan(struct context *c, const struct flat *flat, struct config *out)
{
	static const char *const parts[] = {"service", "state", "link", NULL}, *const keyed[] = {"sysctl", "env", NULL};
	const char *part = "";

	for (size_t i = 1; i < flat->count; i++) {
		const struct flat_line *line = &flat->lines[i];
		struct config_value v = {.key = line->words[0], .source = "profile"};
		size_t from = 1;

		if (is_one_of(line->words[0], parts) && line->count > 1) {
			part = arena_printf(&c->arena, "%s %s", line->words[0], line->words[1]);
			v.key = part;
			from = 2;
		} else {
			v.key = *part ? arena_printf(&c->arena, "%s %s", part, line->words[0]) : line->words[0];
			if (is_one_of(line->words[0], keyed) && line->count > 2) {
				v.key = arena_printf(&c->arena, "%s %s", v.key, line->words[1]);
				from = 2;
			}
		}
		v.secret = !strcmp(line->words[0], "chap");
		v.value = join(c, line, from);
		add(c, out, &v);
	}
}

/* What the profile says and the configuration left as it was. What it changed is among its own values. */
static int take_profile(struct context *c, struct config *out, struct error *err)
{
	struct config profile = {0}, now = {0};
	struct flat flat;
	int found = read_flat(c, "/etc/mkdl/plan", &flat, err);

	if (found != 0)
		return found;
	take_plan(c, &flat, &profile);
	error_clear(err);
	found = read_flat(c, "/run/mkdl/plan", &flat, err);
	if (found < 0)
		return -1;
	if (found == 0)
		take_plan(c, &flat, &now);
	for (size_t i = 0; i < profile.count; i++)
		if (found > 0 || has_value(&now, &profile.values[i]))
			add(c, out, &profile.values[i]);
	return 0;
}

struct config config_load(struct context *c)
{
	_cleanup_error_ struct error err = {0};
	struct config config = {0};
	struct flat flat;
	int found = read_flat(c, "/run/mkdl/config", &flat, &err);

	if (found == 0)
		take_config(c, &flat, &config);
	error_clear(&err);
	config.broken = found < 0 || take_profile(c, &config, &err) < 0;
	return config;
}

static int print_config_json(const struct config *config, bool secrets)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct json j = json_begin(&text);

	json_open_array(&j, NULL);
	for (size_t i = 0; i < config->count; i++) {
		const struct config_value *v = &config->values[i];

		json_open_object(&j, NULL);
		json_string(&j, "key", v->key);
		json_string(&j, "value", v->secret && !secrets ? NULL : v->value);
		json_string(&j, "source", v->source);
		json_bool(&j, "secret", v->secret);
		json_close_object(&j);
	}
	json_close_array(&j);
	json_end(&j);
	return print_json(&text);
}

int run_config(struct context *c, int argc, char **argv, struct error *err)
{
	static const struct option options[] = {{"secrets", no_argument, NULL, 's'}, {NULL, 0, NULL, 0}};
	static const struct column columns[] = {{"KEY", false}, {"SOURCE", false}, {"VALUE", false}};
	struct table t = {.context = c, .columns = columns, .column_count = sizeof(columns) / sizeof(*columns)};
	struct config config;
	bool secrets = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 's')
			return EXIT_USAGE;
		secrets = true;
	}
	if (optind != argc)
		return usage_error(argv[0], "it takes no words");
	config = config_load(c);
	if (config.broken)
		return error_set(err, "the configuration in %s is no flat file", node_path(c, "/run/mkdl/config"));
	if (!config.count)
		return error_set(err, "there is neither %s nor %s: is this a node of mkdl, and are you root?",
				 node_path(c, "/run/mkdl/config"), node_path(c, "/etc/mkdl/plan"));
	if (c->json)
		return print_config_json(&config, secrets);
	for (size_t i = 0; i < config.count; i++) {
		const struct config_value *v = &config.values[i];

		table_cell(&t, v->key, COLOUR_NONE);
		table_cell(&t, v->source, COLOUR_NONE);
		table_cell(&t, v->secret && !secrets ? HIDDEN : v->value, v->secret ? COLOUR_WARN : COLOUR_NONE);
	}
	table_print(&t);
	return 0;
}
