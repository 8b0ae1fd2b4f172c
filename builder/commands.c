#include "builder/command.h"

#include <getopt.h>
#include <string.h>

#include "builder/cmd.h"

const struct command commands[] = {
	{"check", "PROFILE", "check a profile and show what it comes to",
	 "  --json   the effective profile, with everything that it extends merged and all defaults filled in\n", cmd_check},
	{"version", "", "print the version", "", cmd_version},
};

const size_t command_count = sizeof(commands) / sizeof(commands[0]);

int command_getopt(int argc, char **argv, const char *short_options, const struct option *options, struct error *err)
{
	static char **current;
	char spec[64] = ":";
	int c;

	if (current != argv) {
		current = argv;
		optind = 0;
	}
	opterr = 0;
	strncat(spec, short_options, sizeof(spec) - 2);
	c = getopt_long(argc, argv, spec, options, NULL);
	if (c == ':') {
		error_set(err, "%s: option \"%s\" needs a value", argv[0], argv[optind - 1]);
		return '?';
	}
	if (c == '?')
		error_set(err, "%s: unknown option \"%s\"", argv[0], argv[optind - 1]);
	return c;
}
