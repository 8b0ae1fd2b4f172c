/* mkdl config FILE…: what a node would make of configuration, with the agent's own readers, below a folder instead of "/". */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/flat.h"
#include "base/json.h"
#include "builder/command.h"
#include "node/agent/agent.h"

#define RUN "run/mkdl"
#define HIDDEN "(secret)"

enum { EFFECTIVE_LIMIT = 64 << 20 };

struct config_options {
	const char *root, *cmdline;
	bool secrets;
	char **files;
};

static int parse(int argc, char **argv, struct config_options *o, struct error *err)
{
	static const struct option options[] = {
		{"root", required_argument, NULL, 'r'}, {"cmdline", required_argument, NULL, 'c'}, {"secrets", no_argument, NULL, 's'}, {0},
	};

	for (int c; (c = command_getopt(argc, argv, "", options, err)) != -1;) {
		if (c == 'r')
			o->root = optarg;
		else if (c == 'c')
			o->cmdline = optarg;
		else if (c == 's')
			o->secrets = true;
		else
			return -1;
	}
	o->files = argv + optind;
	return *o->files || *o->cmdline ? 0 : error_set(err, "%s: expected files", argv[0]);
}

/* key source value; the words of one record are "KEY VALUE SOURCE secret|plain". */
static const char *shown_value(const struct flat_line *line, bool secrets)
{
	return secrets || strcmp(line->words[3], "secret") != 0 ? line->words[1] : HIDDEN;
}

/* Without what could change the terminal. */
static void print_plain(const char *text)
{
	for (const char *p = text; *p; p++)
		putchar((unsigned char)*p < ' ' || *p == 0x7f ? '?' : *p);
}

static void print_text(const struct flat *effective, bool secrets)
{
	size_t widths[2] = {3, 6};

	for (size_t i = 0; i < effective->count; i++) {
		const char *const columns[] = {effective->lines[i].words[0], effective->lines[i].words[2]};

		for (size_t c = 0; c < 2; c++)
			widths[c] = strlen(columns[c]) > widths[c] ? strlen(columns[c]) : widths[c];
	}
	printf("%-*s  %-*s  VALUE\n", (int)widths[0], "KEY", (int)widths[1], "SOURCE");
	for (size_t i = 0; i < effective->count; i++) {
		const struct flat_line *line = &effective->lines[i];

		printf("%-*s  %-*s  ", (int)widths[0], line->words[0], (int)widths[1], line->words[2]);
		print_plain(shown_value(line, secrets));
		putchar('\n');
	}
}

static void print_json(const struct flat *effective, bool secrets)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct json j = json_begin(&text);

	json_open_array(&j, NULL);
	for (size_t i = 0; i < effective->count; i++) {
		const struct flat_line *line = &effective->lines[i];

		json_open_object(&j, NULL);
		json_string(&j, "key", line->words[0]);
		json_string(&j, "value", shown_value(line, secrets));
		json_string(&j, "source", line->words[2]);
		json_bool(&j, "secret", !strcmp(line->words[3], "secret"));
		json_close_object(&j);
	}
	json_close_array(&j);
	json_end(&j);
	fputs(text.data, stdout);
}

static int print_effective(const struct globals *g, const struct config_options *o, struct arena *a, int rootfd, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct flat effective;

	if (file_read_at(rootfd, RUN "/config", EFFECTIVE_LIMIT, &text, err) < 0 ||
	    flat_parse(a, RUN "/config", text.data ? text.data : "", text.len, &effective, err) < 0)
		return -1;
	for (size_t i = 0; i < effective.count; i++)
		if (effective.lines[i].count != 4)
			return error_set(err, RUN "/config:%u: not KEY VALUE SOURCE secret|plain", effective.lines[i].number);
	if (g->json)
		print_json(&effective, o->secrets);
	else
		print_text(&effective, o->secrets);
	return 0;
}

static int run(struct arena *a, const struct globals *g, const struct config_options *o, const char *root, struct error *err)
{
	static const char plan[] = "mkdl-plan 1\nname desk\n";
	struct agent agent = {.arena = a, .desk = true, .cmdline = o->cmdline};
	_cleanup_close_ int rootfd = -1;

	if (dir_make_at(AT_FDCWD, root, 0755, err) < 0)
		return -1;
	agent.rootfd = rootfd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (rootfd < 0)
		return error_errno(err, "%s", root);
	if (plan_parse(a, "plan", plan, strlen(plan), &agent.plan, err) < 0 ||
	    facts_parse(a, "facts", "", 0, agent.variables, err) < 0 || agent_list_desk(&agent, o->files, err) < 0 ||
	    agent_run(&agent, RUN, err) < 0)
		return -1;
	return print_effective(g, o, a, rootfd, err);
}

int cmd_config(const struct globals *g, int argc, char **argv, struct error *err)
{
	_cleanup_arena_ struct arena arena = {0};
	_cleanup_error_ struct error ignored = {0};
	struct config_options o = {.cmdline = ""};
	const char *folder = getenv("TMPDIR");
	char *own;
	int status;

	if (parse(argc, argv, &o, err) < 0)
		return EXIT_USAGE;
	if (o.root)
		return run(&arena, g, &o, o.root, err) < 0 ? EXIT_FAILED : EXIT_OK;
	own = arena_printf(&arena, "%s/mkdl-config-XXXXXX", folder && *folder ? folder : "/tmp");
	if (!mkdtemp(own)) {
		error_errno(err, "%s", own);
		return EXIT_FAILED;
	}
	status = run(&arena, g, &o, own, err);
	dir_remove_at(AT_FDCWD, own, &ignored);
	return status < 0 ? EXIT_FAILED : EXIT_OK;
}
