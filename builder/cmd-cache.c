/* mkdl cache: how much it holds, and making room. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/command.h"
#include "base/json.h"
#include "builder/store.h"
#include "builder/units.h"

enum { DEFAULT_DAYS = 30, MAX_DAYS = 36500 };

static void print_sizes_json(const struct store *s, const struct store_usage *usage, size_t count)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct json j = json_begin(&out);

	json_open_object(&j, NULL);
	json_string(&j, "path", s->path);
	json_open_array(&j, "kinds");
	for (size_t i = 0; i < count; i++) {
		json_open_object(&j, NULL);
		json_string(&j, "kind", usage[i].kind);
		json_number(&j, "entries", usage[i].entries);
		json_number(&j, "bytes", usage[i].bytes);
		json_close_object(&j);
	}
	json_close_array(&j);
	json_close_object(&j);
	json_end(&j);
	fwrite(out.data, 1, out.len, stdout);
}

static int print_sizes(const struct globals *g, struct store *s, struct arena *a, struct error *err)
{
	struct store_usage *usage, sum = {0};
	char text[UNITS_SIZE];
	size_t count;

	if (store_measure(s, a, &usage, &count, err) < 0)
		return -1;
	if (g->json) {
		print_sizes_json(s, usage, count);
		return 0;
	}
	printf("%s\n", s->path);
	for (size_t i = 0; i < count; i++) {
		sum.entries += usage[i].entries;
		sum.bytes += usage[i].bytes;
		if (usage[i].entries)
			printf("  %-10s %8" PRIu64 "  %9s\n", usage[i].kind, usage[i].entries,
			       units_bytes(text, usage[i].bytes));
	}
	printf("  %-10s %8" PRIu64 "  %9s\n", "total", sum.entries, units_bytes(text, sum.bytes));
	return 0;
}

static int prune(const struct globals *g, struct store *s, unsigned days, struct error *err)
{
	struct store_usage removed;
	char text[UNITS_SIZE];

	if (store_prune(s, days, &removed, err) < 0)
		return -1;
	if (g->json)
		printf("{\"removed\": %" PRIu64 ", \"bytes\": %" PRIu64 "}\n", removed.entries, removed.bytes);
	else
		printf("removed %" PRIu64 " entries, %s\n", removed.entries, units_bytes(text, removed.bytes));
	return 0;
}

static bool parse_days(const char *text, unsigned *days)
{
	unsigned long n;

	if (!*text || strlen(text) > 5 || text[strspn(text, "0123456789")])
		return false;
	n = strtoul(text, NULL, 10);
	*days = (unsigned)n;
	return n <= MAX_DAYS;
}

/* what is one of the words that the command takes; days_given: --older-than was there. */
static int check_words(const char *what, const char *more, bool days_given, struct error *err)
{
	if (more)
		return error_set(err, "cache: one word too many: \"%s\"", more);
	if (strcmp(what, "size") && strcmp(what, "prune") && strcmp(what, "path"))
		return error_set(err, "cache: \"%s\" is none of size, prune, path", what);
	if (days_given && strcmp(what, "prune"))
		return error_set(err, "cache: --older-than goes with prune, not with %s", what);
	return 0;
}

static int run(const struct globals *g, const char *what, unsigned days, struct error *err)
{
	_cleanup_arena_ struct arena a = {0};
	struct store s;
	int result = 0;

	if (store_open(&s, &a, err) < 0)
		return EXIT_FAILED;
	if (!strcmp(what, "path"))
		printf("%s\n", s.path);
	else if (!strcmp(what, "prune"))
		result = prune(g, &s, days, err);
	else
		result = print_sizes(g, &s, &a, err);
	store_close(&s);
	return result < 0 ? EXIT_FAILED : EXIT_OK;
}

int cmd_cache(const struct globals *g, int argc, char **argv, struct error *err)
{
	static const struct option options[] = {{"older-than", required_argument, NULL, 'o'}, {0}};
	unsigned days = DEFAULT_DAYS;
	const char *what = "size";
	bool days_given = false;

	for (int c; (c = command_getopt(argc, argv, "", options, err)) != -1;) {
		if (c != 'o')
			return EXIT_USAGE;
		if (!parse_days(optarg, &days)) {
			error_set(err, "cache: --older-than: \"%s\" is not a number of days", optarg);
			return EXIT_USAGE;
		}
		days_given = true;
	}
	if (optind < argc)
		what = argv[optind++];
	if (check_words(what, optind < argc ? argv[optind] : NULL, days_given, err) < 0)
		return EXIT_USAGE;
	return run(g, what, days, err);
}
