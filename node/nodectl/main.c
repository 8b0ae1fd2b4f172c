#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "node/nodectl/nodectl.h"

static const struct command commands[] = {
	{"status", "", "how the node is: its address, image, services, state, and what is degraded", "", run_status},
	{"services", "", "each service: state, process, restarts, memory, how its last run ended", "", run_services},
	{"start", "NAME", "start a service that does not run",
	 "  --no-wait     return at once; else wait until it is ready (60 s at most)\n", run_service_verb},
	{"stop", "NAME", "end a service; it stays down until it is started or the node reboots",
	 "  --no-wait     return at once; else wait until it has ended\n", run_service_verb},
	{"restart", "NAME", "end a service and start it anew",
	 "  --no-wait     return at once; else wait until it is ready (60 s at most)\n", run_service_verb},
	{"logs", "[NAME]", "a service's output, PID 1's lines (init), the kernel's (kernel)",
	 "Without a name: the last lines of each.\n"
	 "  -f, --follow  go on as more is written, through rotations\n"
	 "  -n, --lines N the last N lines only\n", run_logs},
	{"config", "", "the effective configuration, each value with the source that set it",
	 "  --secrets     show secret values too\n", run_config},
	{"timeline", "", "what the boot did when", "", run_timeline},
	{"drain", "", "take no new pods, and end all that run, each within its own grace period",
	 "  --timeout S   kill what is left after so many seconds (default 120)\n"
	 "The kubelet is stopped first, else it would start them again; nodectl uncordon brings them back.\n", run_drain},
	{"uncordon", "", "after drain: start the kubelet, take pods again", "", run_uncordon},
	{"reboot", "", "end services in order, unmount, reboot", "  --force       at once: no service is asked\n", run_end},
	{"poweroff", "", "the same, and power off", "  --force       at once: no service is asked\n", run_end},
	{"halt", "", "the same, and halt", "  --force       at once: no service is asked\n", run_end},
	{"verbose", "on|off", "say more, or less, on the console", "", run_verbose},
};

enum { COMMANDS = sizeof(commands) / sizeof(*commands), NARROW = 80 };

static void print_usage(void)
{
	puts("usage: nodectl [--json] [--root DIR] COMMAND [ARGUMENT…]\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-9s %-7s %s\n", commands[i].name, commands[i].arguments, commands[i].summary);
	puts("\n"
	     "  --json      data as JSON, for every command that shows some\n"
	     "  --root DIR  of the node whose root is DIR\n"
	     "  --help      also of a command; --version\n\n"
	     "Exit status: 0 done, 1 failed, 2 wrong usage.");
}

static void print_help(const struct command *command)
{
	printf("usage: nodectl %s%s%s%s\n%s\n", command->name, strstr(command->help, "  -") ? " [OPTION…]" : "",
	       *command->arguments ? " " : "", command->arguments, command->summary);
	if (*command->help)
		printf("\n%s", command->help);
}

int usage_error(const char *command, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "nodectl%s%s: ", *command ? " " : "", command);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "; see nodectl %s%s--help\n", command, *command ? " " : "");
	return EXIT_USAGE;
}

/* --json, --help may stand behind the command too: they are taken out of argv. */
static bool take_word(int *argc, char **argv, const char *word)
{
	bool found = false;
	int n = 0;

	for (int i = 0; i < *argc; i++)
		if (strcmp(argv[i], word) != 0)
			argv[n++] = argv[i];
		else
			found = true;
	argv[n] = NULL;
	*argc = n;
	return found;
}

static int run(struct context *c, int argc, char **argv)
{
	_cleanup_error_ struct error err = {0};
	const struct command *command = NULL;
	int status;

	for (size_t i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i].name, argv[0]))
			command = &commands[i];
	if (!command)
		return usage_error("", "there is no command \"%s\"", argv[0]);
	if (take_word(&argc, argv, "--help") || take_word(&argc, argv, "-h")) {
		print_help(command);
		return 0;
	}
	c->json = take_word(&argc, argv, "--json") || c->json;
	status = command->run(c, argc, argv, &err);
	if (fflush(stdout) != 0 && status == 0)
		status = error_errno(&err, "standard output");
	if (status >= 0)
		return status;
	fprintf(stderr, "nodectl: %s\n", error_text(&err));
	return 1;
}

static void find_terminal(struct context *c)
{
	struct winsize size;

	c->terminal = isatty(STDOUT_FILENO);
	c->width = c->terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : NARROW;
	if (getenv("NO_COLOR"))
		c->terminal = false;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'}, {"root", required_argument, NULL, 'r'}, {"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'}, {NULL, 0, NULL, 0},
	};
	struct context c = {.root = ""};
	int option, status;

	while ((option = getopt_long(argc, argv, "+h", options, NULL)) != -1)
		switch (option) {
		case 'j': c.json = true; break;
		case 'r': c.root = strcmp(optarg, "/") ? optarg : ""; break;
		case 'h': print_usage(); return 0;
		case 'v': puts("nodectl " MKDL_VERSION); return 0;
		default: return EXIT_USAGE;
		}
	if (optind == argc) {
		fputs("nodectl: what is it to do? See nodectl --help\n", stderr);
		return EXIT_USAGE;
	}
	argc -= optind;
	argv += optind;
	optind = 0; /* the command reads its own options, from its name on */
	find_terminal(&c);
	status = run(&c, argc, argv);
	arena_free(&c.arena);
	return status;
}
