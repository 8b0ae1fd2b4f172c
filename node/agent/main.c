/* The node's configuration agent.
 *
 *	agent boot                      as PID 1 runs it: reads /etc/mkdl/plan, /run/mkdl/facts and /proc/cmdline, collects what
 *	                                the sources hold, merges it, changes files below / and writes /run/mkdl/plan and
 *	                                /run/mkdl/config
 *	agent render --root DIR [--plan FILE] [--facts FILE] [--cmdline TEXT] [--fetch] [FILE…]
 *	                                the same below DIR, from these files and what the text of a command line names;
 *	                                URLs are an error unless --fetch is given; plan and effective configuration go to
 *	                                DIR/run/mkdl
 *
 *	agent keys                      prints the tables of docs/cloud-config.md
 *	agent ssh-key FILE              writes the node's SSH host key (ssh-key.h)
 *
 *	agent join [--root DIR] [--once]      finds the cluster, and leaves the kubelet what it needs to be its node (join.c)
 *	agent cordon [--root DIR]             the node goes down: its Node takes no new pods
 *	agent uncordon [--root DIR] [--once]  waits until its Node is there; it takes pods again if cordon was its own doing
 *	                                      --once: an attempt, and what is wrong on stderr
 *
 * Everything it says is lines on stderr, which PID 1 shows. Exit status: 0; 1 failed, the last line says why; 2 usage;
 * 3 done, but a source could not be read or understood and the plan says "config degraded". */
#include <curl/curl.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "node/agent/agent.h"
#include "node/agent/handler.h"
#include "node/agent/member.h"
#include "node/agent/ssh-key.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_DEGRADED = 3 };
enum { CMDLINE_LIMIT = 65536 };

/* A file's text; a missing one is "" when optional. */
static int read_text(struct agent *g, const char *path, size_t limit, bool optional, const char **out, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	if (!optional || access(path, F_OK) == 0)
		if (file_read_at(AT_FDCWD, path, limit, &text, err) < 0)
			return -1;
	*out = arena_strdup(g->arena, text.data ? text.data : "");
	return 0;
}

static int read_plan(struct agent *g, const char *path, const char *facts_path, bool facts_optional, struct error *err)
{
	const char *plan = "mkdl-plan 1\nname none\n", *facts = "";

	if ((path && read_text(g, path, PLAN_TEXT_LIMIT, false, &plan, err) < 0) ||
	    plan_parse(g->arena, path ? path : "plan", plan, strlen(plan), &g->plan, err) < 0)
		return -1;
	if (facts_path && read_text(g, facts_path, FACTS_LIMIT, facts_optional, &facts, err) < 0)
		return -1;
	return facts_parse(g->arena, facts_path ? facts_path : "facts", facts, strlen(facts), g->variables, err);
}

static int open_root(struct agent *g, const char *path, struct error *err)
{
	g->rootfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return g->rootfd < 0 ? error_errno(err, "%s", path) : 0;
}

static int boot(struct agent *g, struct error *err)
{
	if (open_root(g, "/", err) < 0 || read_plan(g, "/etc/mkdl/plan", "/run/mkdl/facts", true, err) < 0 ||
	    read_text(g, "/proc/cmdline", CMDLINE_LIMIT, false, &g->cmdline, err) < 0 || agent_list_sources(g, err) < 0)
		return -1;
	g->fetches = true;
	return agent_run(g, "/run/mkdl", err);
}

struct render_options {
	const char *root, *plan, *facts;
	bool fetch;
	char **files;
};

static int render(struct agent *g, const struct render_options *o, struct error *err)
{
	g->desk = true;
	g->fetches = o->fetch;
	if (dir_make_at(AT_FDCWD, o->root, 0755, err) < 0 || open_root(g, o->root, err) < 0 ||
	    read_plan(g, o->plan, o->facts, false, err) < 0 || agent_list_desk(g, o->files, err) < 0)
		return -1;
	return agent_run(g, "run/mkdl", err);
}

static int usage(void)
{
	fputs("usage: agent boot\n"
	      "       agent ssh-key FILE\n"
	      "       agent join|uncordon [--root DIR] [--once]\n"
	      "       agent cordon [--root DIR]\n"
	      "       agent render --root DIR [--plan FILE] [--facts FILE] [--cmdline TEXT]\n"
	      "                    [--fetch] [FILE…]\n", stderr);
	return EXIT_USAGE;
}

static int parse_render(int argc, char **argv, struct agent *g, struct render_options *o)
{
	static const struct option options[] = {
		{"root", required_argument, NULL, 'r'}, {"plan", required_argument, NULL, 'p'},
		{"facts", required_argument, NULL, 'f'}, {"cmdline", required_argument, NULL, 'c'},
		{"fetch", no_argument, NULL, 'n'}, {0},
	};

	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (c) {
		case 'r':
			o->root = optarg;
			break;
		case 'p':
			o->plan = optarg;
			break;
		case 'f':
			o->facts = optarg;
			break;
		case 'c':
			g->cmdline = optarg;
			break;
		case 'n':
			o->fetch = true;
			break;
		default:
			return -1;
		}
	}
	o->files = argv + optind;
	return o->root ? 0 : -1;
}

static int show_keys(void)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	handler_show_keys(&text);
	fwrite(text.data, 1, text.len, stdout);
	return 0;
}

/* EXIT_USAGE when argv is none of these. */
static int run_member(int argc, char **argv, struct error *err)
{
	static const struct option options[] = {
		{"root", required_argument, NULL, 'r'}, {"once", no_argument, NULL, 'o'}, {0},
	};
	const char *root = "/";
	bool once = false;

	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (c == 'r')
			root = optarg;
		else if (c == 'o')
			once = true;
		else
			return EXIT_USAGE;
	}
	if (optind != argc)
		return EXIT_USAGE;
	if (!strcmp(argv[0], "join"))
		return join_run(root, once, err);
	return strcmp(argv[0], "cordon") ? uncordon_run(root, once, err) : cordon_run(root, err);
}

static bool is_member_command(const char *word)
{
	return !strcmp(word, "join") || !strcmp(word, "cordon") || !strcmp(word, "uncordon");
}

int main(int argc, char **argv)
{
	static struct arena arena;
	static struct agent agent = {.arena = &arena, .rootfd = -1, .cmdline = ""};
	_cleanup_error_ struct error err = {0};
	struct render_options o = {0};
	int status;

	umask(022);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		fputs("libcurl does not start\n", stderr);
		return EXIT_FAILED;
	}
	if (argc == 2 && !strcmp(argv[1], "boot")) {
		status = boot(&agent, &err);
	} else if (argc == 2 && !strcmp(argv[1], "keys")) {
		status = show_keys();
	} else if (argc == 3 && !strcmp(argv[1], "ssh-key")) {
		status = ssh_key_write(argv[2], &err);
	} else if (argc > 1 && is_member_command(argv[1])) {
		status = run_member(argc - 1, argv + 1, &err);
		if (status == EXIT_USAGE)
			return usage();
	} else if (argc > 2 && !strcmp(argv[1], "render")) {
		if (parse_render(argc - 1, argv + 1, &agent, &o) < 0)
			return usage();
		status = render(&agent, &o, &err);
	} else {
		return usage();
	}
	if (status < 0)
		fprintf(stderr, "%s\n", error_text(&err));
	arena_free(&arena);
	return status < 0 ? EXIT_FAILED : agent.degraded ? EXIT_DEGRADED : EXIT_OK;
}
