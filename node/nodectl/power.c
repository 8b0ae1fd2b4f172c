#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "node/nodectl/nodectl.h"

int run_end(struct context *c, int argc, char **argv, struct error *err)
{
	static const struct option options[] = {{"force", no_argument, NULL, 'f'}, {NULL, 0, NULL, 0}};
	const char *words[] = {argv[0], NULL, NULL};
	struct flat reply;
	int option;

	while ((option = getopt_long(argc, argv, "f", options, NULL)) != -1) {
		if (option != 'f')
			return EXIT_USAGE;
		words[1] = "force";
	}
	if (optind != argc)
		return usage_error(argv[0], "it takes no words");
	return ask(c, words, &reply, err);
}

int run_verbose(struct context *c, int argc, char **argv, struct error *err)
{
	struct flat reply;

	if (argc != 2 || (strcmp(argv[1], "on") != 0 && strcmp(argv[1], "off") != 0))
		return usage_error(argv[0], "it takes \"on\" or \"off\"");
	return ask(c, (const char *const[]){argv[0], argv[1], NULL}, &reply, err);
}
