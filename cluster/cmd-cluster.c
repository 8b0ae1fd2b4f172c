/* mkdl cluster NAME …: the folder of a cluster, from its cluster.yml. */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "builder/home.h"
#include "cluster/cluster-read.h"
#include "cluster/command-table.h"
#include "cluster/folder.h"

enum { EXAMPLE_LIMIT = 65536 };

static const struct subcommand {
	const char *name;
	int (*run)(const struct globals *g, int argc, char **argv, struct error *err);
} subcommands[] = {
	{"init", cluster_cmd_init},
	{"example", cluster_cmd_example},
	{"renew", cluster_cmd_renew},
	{"token", cluster_cmd_token},
	{"kubeconfig", cluster_cmd_kubeconfig},
};
enum { SUBCOMMANDS = sizeof(subcommands) / sizeof(*subcommands) };

/* The tables of keys, as docs/cluster.md has them. Not in the help: of no use to who writes a cluster.yml. */
static int show_keys(void)
{
	for (const struct key_map *const *map = cluster_maps; *map; map++) {
		printf("### %s\n\n| key | value | |\n|---|---|---|\n", *(*map)->name ? (*map)->name : "The outermost keys");
		for (size_t i = 0; i < (*map)->count; i++)
			printf("| `%s` | %s | %s |\n", (*map)->keys[i].name, (*map)->keys[i].type->text, (*map)->keys[i].help);
		putchar('\n');
	}
	return EXIT_OK;
}

int cmd_cluster(const struct globals *g, int argc, char **argv, struct error *err)
{
	_cleanup_arena_ struct arena a = {0};
	const char *names[SUBCOMMANDS], *near;

	if (argc == 2 && !strcmp(argv[1], "--keys"))
		return show_keys();
	for (size_t i = 0; i < SUBCOMMANDS; i++) {
		names[i] = subcommands[i].name;
		if (argc < 2 || strcmp(argv[1], names[i]) != 0)
			continue;
		argv[1] = arena_printf(&a, "%s %s", argv[0], names[i]);
		return subcommands[i].run(g, argc - 1, argv + 1, err);
	}
	near = argc > 1 ? did_you_mean(argv[1], names, SUBCOMMANDS) : NULL;
	if (near)
		error_set(err, "%s: unknown subcommand \"%s\", did you mean \"%s\"?", argv[0], argv[1], near);
	else if (argc > 1)
		error_set(err, "%s: unknown subcommand \"%s\"", argv[0], argv[1]);
	else
		error_set(err, "%s: expected a subcommand", argv[0]);
	return EXIT_USAGE;
}

struct init_options {
	const char *dir, *file, *tftp;
};

static int parse_init(int argc, char **argv, struct init_options *o, struct error *err)
{
	static const struct option options[] = {
		{"file", required_argument, NULL, 'f'}, {"tftp", required_argument, NULL, 't'}, {0},
	};

	for (int c; (c = command_getopt(argc, argv, "", options, err)) != -1;) {
		if (c == 'f')
			o->file = optarg;
		else if (c == 't')
			o->tftp = optarg;
		else
			return -1;
	}
	if (optind + 1 != argc)
		return error_set(err, "%s: expected one folder", argv[0]);
	o->dir = argv[optind];
	return 0;
}

static bool says(const struct strings *said, const char *what)
{
	for (size_t i = 0; i < said->count; i++)
		if (strstr(said->items[i], what))
			return true;
	return false;
}

/* Who has to take up what changed. */
static void print_next(const struct strings *said, const char *dir)
{
	if (says(said, " serve/") && !says(said, "made serve/"))
		printf("dnsmasq and nginx have to read their configuration anew.\n");
	if (says(said, " nodes/") && !says(said, " profiles/"))
		printf("Nodes take their configuration when they boot.\n");
	if (says(said, " profiles/"))
		printf("Next:\n\n    mkdl build %s/profiles/server.yml\n    mkdl build %s/profiles/worker.yml\n", dir, dir);
}

int cluster_cmd_init(const struct globals *g, int argc, char **argv, struct error *err)
{
	_cleanup_arena_ struct arena a = {0};
	struct diagnostics diag = {.arena = &a};
	struct init_options o = {0};
	struct strings said = {0};
	struct cluster c;
	int result;

	if (parse_init(argc, argv, &o, err) < 0)
		return EXIT_USAGE;
	result = o.file ? cluster_read(&a, o.file, &diag, &c, err) : cluster_open(&a, o.dir, &diag, &c, err);
	diagnostics_print(&diag, !g->no_color && isatty(STDERR_FILENO));
	if (result < 0)
		return EXIT_FAILED;
	c.tftp = o.tftp ? o.tftp : c.tftp;
	if (cluster_init(&a, &c, o.dir, &said, err) < 0)
		return EXIT_FAILED;
	for (size_t i = 0; i < said.count; i++)
		printf("%s\n", said.items[i]);
	printf("%s holds the cluster %s. It is secret: keep it, and a copy of it, to yourself.\n", o.dir, c.name);
	print_next(&said, o.dir);
	return EXIT_OK;
}

int cluster_cmd_example(const struct globals *g, int argc, char **argv, struct error *err)
{
	static const struct option options[] = {{0}};
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_arena_ struct arena a = {0};
	const char *home;

	(void)g;
	if (command_getopt(argc, argv, "", options, err) != -1)
		return EXIT_USAGE;
	if (optind != argc) {
		error_set(err, "%s: expected nothing more", argv[0]);
		return EXIT_USAGE;
	}
	home = home_find(&a, err);
	if (!home || file_read_at(AT_FDCWD, path_join(&a, home, "examples/lab/cluster.yml"), EXAMPLE_LIMIT, &text, err) < 0)
		return EXIT_FAILED;
	fwrite(text.data, 1, text.len, stdout);
	return EXIT_OK;
}
