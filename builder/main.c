/* mkdl: global options, then the subcommand's table row. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "builder/command.h"
#include "config/diagnostics.h"

static void print_help(FILE *to)
{
	fputs("mkdl builds the boot images of diskless Kubernetes nodes.\n\n"
	      "usage: mkdl [--json] [-v] [--no-color] COMMAND …\n\ncommands:\n", to);
	for (size_t i = 0; i < command_count; i++)
		fprintf(to, "  %-9s %s\n", commands[i].name, commands[i].help);
	fputs("\nglobal options:\n"
	      "  --json      data as JSON on standard output, where a command has any\n"
	      "  -v          say more; twice: everything\n"
	      "  --no-color  no colors, whatever the terminal\n"
	      "  --help      this text; mkdl COMMAND --help for one command\n"
	      "  --version   print the version\n\n"
	      "exit status: 0 ok, 1 failed, 2 wrong usage\n", to);
}

static void print_command_help(FILE *to, const struct command *c)
{
	command_usage(to, c);
	fprintf(to, "\n%s\n", c->help);
	if (*c->details)
		fprintf(to, "\n%s", c->details);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < command_count; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* Takes the global options out of argv (they may stand anywhere before "--"); returns the new argc. */
static int take_globals(int argc, char **argv, struct globals *g, bool *help)
{
	int kept = 1;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--")) {
			while (i < argc)
				argv[kept++] = argv[i++];
			break;
		}
		if (!strcmp(argv[i], "--json"))
			g->json = true;
		else if (!strcmp(argv[i], "--no-color"))
			g->no_color = true;
		else if (!strcmp(argv[i], "-v") || !strcmp(argv[i], "--verbose"))
			g->verbose++;
		else if (!strcmp(argv[i], "-vv"))
			g->verbose += 2;
		else if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			*help = true;
		else
			argv[kept++] = argv[i];
	}
	argv[kept] = NULL;
	return kept;
}

static int unknown_command(const char *name)
{
	const char *names[64];
	const char *near;

	for (size_t i = 0; i < command_count; i++)
		names[i] = commands[i].name;
	near = did_you_mean(name, names, command_count);
	fprintf(stderr, "mkdl: unknown command \"%s\"", name);
	if (near)
		fprintf(stderr, ", did you mean \"%s\"?", near);
	fputs("\nRun \"mkdl --help\" for the list.\n", stderr);
	return EXIT_USAGE;
}

static int run_command(const struct command *c, const struct globals *g, int argc, char **argv)
{
	_cleanup_error_ struct error err = {0};
	int code = c->run(g, argc, argv, &err);

	if (err.text)
		fprintf(stderr, "mkdl: %s\n", err.text);
	if (code == EXIT_USAGE)
		command_usage(stderr, c);
	return code;
}

/* What was printed has to have arrived: a full disk is not exit status 0. */
static int check_output(int code)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	/* Whoever read it has seen enough, as in "mkdl list … | head": end as other tools do. */
	if (errno == EPIPE) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	fprintf(stderr, "mkdl: cannot write to standard output\n");
	return EXIT_FAILED;
}

/* Descriptors 0 to 2 that the caller closed lead nowhere; writing to such a standard output is an error. */
static int open_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR) != fd)
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	struct globals g = {.no_color = getenv("NO_COLOR") && *getenv("NO_COLOR")};
	static char version[] = "version";
	bool help = false;
	const struct command *c;

	/* Before anything is opened, or it would be what is printed to. */
	if (open_standard_streams() < 0)
		return EXIT_FAILED;
	/* The same bytes whoever builds: no locale is set, and the umask is ours. */
	umask(022);
	signal(SIGPIPE, SIG_IGN);
	argc = take_globals(argc, argv, &g, &help);
	if (argc > 1 && !strcmp(argv[1], "--version"))
		argv[1] = version;
	if (argc > 1 && !strcmp(argv[1], "help")) {
		help = true;
		argv++;
		argc--;
	}
	if (argc < 2) {
		print_help(help ? stdout : stderr);
		return check_output(help ? EXIT_OK : EXIT_USAGE);
	}
	/* For the manual: not in the help, because it is of no use to who builds images. */
	if (help && !strcmp(argv[1], "--manual")) {
		commands_manual(stdout);
		return check_output(EXIT_OK);
	}
	c = find_command(argv[1]);
	if (!c)
		return unknown_command(argv[1]);
	if (help) {
		print_command_help(stdout, c);
		return check_output(EXIT_OK);
	}
	return check_output(run_command(c, &g, argc - 1, argv + 1));
}
