/* mkdl lab: FILE, or a subcommand for a lab that runs. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "builder/command.h"
#include "config/diagnostics.h"
#include "lab/lab-up.h"
#include "lab/lab-words.h"
#include "lab/table.h"

enum { DEFAULT_TIMEOUT = 900, INTERRUPTED = 130 };

struct parsed {
	const char *out, *name;
	enum lab_goal goal;
	unsigned timeout;
	bool fresh, offline, no_build;
};

static const struct option table[] = {
	{"out", required_argument, NULL, 'o'},   {"lab", required_argument, NULL, 'l'},
	{"until", required_argument, NULL, 'u'}, {"timeout", required_argument, NULL, 't'},
	{"fresh", no_argument, NULL, 'f'},       {"offline", no_argument, NULL, 'n'},
	{"no-build", no_argument, NULL, 'b'},
	{0},
};

static int parse_option(struct parsed *p, int c, struct error *err)
{
	unsigned long n;
	char *end;

	switch (c) {
	case 'o':
		p->out = optarg;
		return 0;
	case 'l':
		if (strchr(optarg, '/') || !*optarg || *optarg == '.')
			return error_set(err, "lab: --lab %s: the name of a lab", optarg);
		p->name = optarg;
		return 0;
	case 'u':
		if (strcmp(optarg, "up") != 0 && strcmp(optarg, "ready") != 0)
			return error_set(err, "lab: --until %s: up or ready", optarg);
		p->goal = !strcmp(optarg, "up") ? GOAL_UP : GOAL_READY;
		return 0;
	case 't':
		errno = 0;
		n = strtoul(optarg, &end, 10);
		if (*optarg < '0' || *optarg > '9' || *end || errno || n < 1 || n > 1000000)
			return error_set(err, "lab: --timeout %s: a number of seconds from 1 to 1000000", optarg);
		p->timeout = (unsigned)n;
		return 0;
	case 'f':
		p->fresh = true;
		return 0;
	case 'n':
		p->offline = true;
		return 0;
	case 'b':
		p->no_build = true;
		return 0;
	}
	return -1;
}

/* How many words the option at argv[i] takes, itself included; 0: it is no option of ours. */
static int option_length(const char *word)
{
	for (const struct option *o = table; o->name; o++) {
		size_t n = strlen(o->name);

		if (strncmp(word, "--", 2) != 0 || strncmp(word + 2, o->name, n) != 0)
			continue;
		if (word[n + 2] == '=')
			return 1;
		if (!word[n + 2])
			return o->has_arg ? 2 : 1;
	}
	return 0;
}

static int first_word(int argc, char **argv, int i)
{
	for (int n; i < argc && (n = option_length(argv[i])); i += n)
		;
	return i < argc ? i : argc;
}

static const char *command_typed(void)
{
	const char *typed = getenv("MKDL_COMMAND");

	return typed && *typed ? typed : "mkdl";
}

static int conclude(struct arena *a, const struct globals *g, struct lab_client *c, const struct parsed *p, FILE *to,
		    enum watch_end end, struct error *err)
{
	const char *mkdl = command_typed();
	struct lab_status s;

	if (end == WATCH_FAILED) {
		fprintf(stderr, "mkdl: the lab runs on; look with: %s lab status, logs NODE, console NODE; end it with: %s lab down\n", mkdl,
			mkdl);
		return EXIT_FAILED;
	}
	if (client_status(a, c, &s, err) < 0)
		return EXIT_FAILED;
	if (g->json)
		table_json(&s, c);
	else if (!isatty(fileno(to)))
		table_print(&s, c->dir, to);
	if (end == WATCH_INTERRUPTED)
		fprintf(stderr, "mkdl: the lab runs on without being watched\n");
	else
		fprintf(stderr, "mkdl: all %zu nodes are %s after %lu s\n", s.node_count, p->goal == GOAL_UP ? "up" : "Ready", s.seconds);
	fprintf(stderr, "use it: %s lab kubectl get nodes | exec NODE | console NODE | reset NODE | watch; end it: %s lab down\n", mkdl,
		mkdl);
	return end == WATCH_INTERRUPTED ? INTERRUPTED : EXIT_OK;
}

static int up(struct arena *a, const struct globals *g, const struct parsed *p, const char *file, struct error *err)
{
	struct lab_options o = {.file = file, .out = p->out, .fresh = p->fresh, .offline = p->offline,
				.no_build = p->no_build, .verbose = g->verbose,
				.no_color = g->no_color};
	/* With --json standard output is for the JSON alone. */
	FILE *to = g->json ? stderr : stdout;
	struct lab_client c = {.fd = -1};
	enum watch_end end = WATCH_REACHED;
	bool running = false;
	int code = EXIT_FAILED;

	if (lab_up(a, &o, &c, &running, err) < 0)
		return EXIT_FAILED;
	if (running)
		fprintf(stderr, "mkdl: lab %s runs already: showing it%s\n", c.name, p->fresh ? "; --fresh is for one that is down" : "");
	if (watch(a, &c, p->goal, p->timeout, to, &end, err) == 0)
		code = conclude(a, g, &c, p, to, end, err);
	client_close(&c);
	return code;
}

/* Options stand before the subcommand, or right behind it. */
static int parse(struct parsed *p, int argc, char **argv, int word, int rest, struct error *err)
{
	_cleanup_free_ char **options = calloc((size_t)argc + 1, sizeof(*options));
	int count = 0, c;

	if (!options)
		abort();
	for (int i = 0; i < rest; i++)
		if (i != word)
			options[count++] = argv[i];
	while ((c = command_getopt(count, options, "", table, err)) != -1)
		if (c == '?' || parse_option(p, c, err) < 0)
			return -1;
	return 0;
}

static int call_word(struct arena *a, const struct globals *g, const struct lab_word *w, int argc, char **argv, int word,
		     struct error *err)
{
	struct parsed p = {.out = "out"};
	int rest = first_word(argc, argv, word + 1), last = argc;
	struct lab_call call = {.globals = g, .arena = a};

	/* Where no other program's words follow, options may stand at the end, too. */
	while (!w->verbatim && last > rest && option_length(argv[last - 1]) == 0 && last - 2 >= rest &&
	       option_length(argv[last - 2]) == 2)
		last -= 2;
	if (parse(&p, argc, argv, word, rest, err) < 0)
		return EXIT_USAGE;
	for (int i = last; i + 1 < argc; i += 2)
		if (!strcmp(argv[i], "--lab"))
			p.name = argv[i + 1];
		else if (!strcmp(argv[i], "--out"))
			p.out = argv[i + 1];
	call.out = p.out;
	call.name = p.name;
	call.words = argv + rest;
	call.count = (size_t)(last - rest);
	if (call.count < w->least || call.count > w->most) {
		error_set(err, "lab %s: %s", w->name,
			  call.count > w->most ? "too many words" : !strcmp(w->name, "run") ? "which program?" :
			  !strcmp(w->name, "push") ? "give an archive and a name" : "which node?");
		return EXIT_USAGE;
	}
	return w->run(&call, err);
}

int cmd_lab(const struct globals *g, int argc, char **argv, struct error *err)
{
	_cleanup_arena_ struct arena a = {0};
	struct parsed p = {.out = "out", .goal = GOAL_READY, .timeout = DEFAULT_TIMEOUT};
	int word = first_word(argc, argv, 1);
	const struct lab_word *w = word < argc ? lab_word_find(argv[word]) : NULL;
	const char *names[32];
	size_t count = 0;
	int c;

	if (w)
		return call_word(&a, g, w, argc, argv, word, err);
	while ((c = command_getopt(argc, argv, "", table, err)) != -1)
		if (c == '?' || parse_option(&p, c, err) < 0)
			return EXIT_USAGE;
	for (size_t i = 0; i < lab_word_count && count < 32; i++)
		names[count++] = lab_words[i].name;
	if (optind + 1 != argc || p.name) {
		const char *near = optind < argc ? did_you_mean(argv[optind], names, count) : NULL;

		if (near)
			error_set(err, "lab: unknown subcommand \"%s\", did you mean \"%s\"?", argv[optind], near);
		else
			error_set(err, "lab: give one cluster.yml, or a subcommand");
		return EXIT_USAGE;
	}
	return up(&a, g, &p, argv[optind], err);
}
