#include <stdio.h>

#include "builder/command.h"

int cmd_version(const struct globals *g, int argc, char **argv, struct error *err)
{
	if (argc > 1) {
		error_set(err, "%s: takes no arguments", argv[0]);
		return EXIT_USAGE;
	}
	printf(g->json ? "{\"version\": \"%s\"}\n" : "mkdl %s\n", MKDL_VERSION);
	return EXIT_OK;
}
