/* mkdl build PROFILE: the whole pipeline, and a summary of what came out. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/path.h"
#include "builder/build.h"
#include "builder/command.h"
#include "base/json.h"
#include "builder/output.h"
#include "builder/units.h"

enum { JOBS_MAX = 1024 };

static const struct option table[] = {
	COMMAND_BUILD_OPTIONS,
	{"tftp", required_argument, NULL, 't'},
	{"jobs", required_argument, NULL, 'j'},
	{0},
};

static int parse_jobs(const char *command, const char *text, unsigned *out, struct error *err)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n < 1 || n > JOBS_MAX)
		return error_set(err, "%s: -j wants a number from 1 to %d, not \"%s\"", command, JOBS_MAX, text);
	*out = (unsigned)n;
	return 0;
}

static int parse_options(int argc, char **argv, struct build_options *out, struct error *err)
{
	for (int c; (c = command_getopt(argc, argv, "j:", table, err)) != -1;) {
		if (c == 't')
			out->tftp = optarg;
		else if (c == 'j' ? parse_jobs(argv[0], optarg, &out->jobs, err) < 0 : !command_build_option(c, out))
			return -1;
	}
	return 0;
}

static void print_sizes(const char *name, uint64_t raw, uint64_t size)
{
	char before[UNITS_SIZE], after[UNITS_SIZE];

	printf("  %-11s %9s -> %9s\n", name, units_bytes(before, raw), units_bytes(after, size));
}

/* How to boot it, with the command as it was typed: ./mkdl says in MKDL_COMMAND what that was. */
static void print_hint(const struct build *b, const char *profile)
{
	const char *typed = getenv("MKDL_COMMAND");

	printf("try it: %s run %s", typed && *typed ? typed : "mkdl", profile);
	if (b->options.out)
		printf(" --out %s", b->options.out);
	if (b->options.tftp)
		printf(" --tftp %s", b->options.tftp);
	printf("\n");
}

static void print_summary(const struct build *b, const char *profile, const char *out, const char *tftp, bool changed)
{
	const struct initramfs *i = &b->initramfs;
	char size[UNITS_SIZE];
	uint64_t raw = 0;

	printf("%s %s, kernel %s\n", b->profile.name, i->id, b->kernel_version);
	for (size_t l = 0; l < LAYER_COUNT; l++) {
		if (!i->segments[l].count)
			continue;
		raw += i->segments[l].raw;
		print_sizes(layer_name((enum layer)l), i->segments[l].raw, i->segments[l].size);
	}
	print_sizes("initramfs", raw, i->size);
	printf("  %-11s %9s    %9s\n", "vmlinuz", "", units_bytes(size, b->kernel.size));
	printf("  %-11s %9s    %9s\n", "together", "", units_bytes(size, b->kernel.size + i->size));
	printf("  needs a machine with at least %" PRIu64 " MB of RAM\n", i->memory >> 20);
	printf("%s %s/%s/", changed ? "written to" : "unchanged:", out, b->profile.name);
	if (tftp)
		printf(" and %s/ (boot.ipxe, %s.ipxe)", tftp, b->profile.name);
	printf("\n");
	print_hint(b, profile);
}

static void print_json(const struct build *b, const char *out, const char *tftp, bool changed)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct json j = json_begin(&text);

	json_open_object(&j, NULL);
	json_string(&j, "name", b->profile.name);
	json_string(&j, "image", b->initramfs.id);
	json_bool(&j, "changed", changed);
	json_string(&j, "kernel", b->kernel_version);
	json_number(&j, "kernel_size", b->kernel.size);
	json_number(&j, "initramfs_size", b->initramfs.size);
	json_number(&j, "minimum_memory", b->initramfs.memory);
	json_string(&j, "out", path_join(b->arena, out, b->profile.name));
	json_string(&j, "tftp", tftp);
	json_open_array(&j, "layers");
	for (size_t i = 0; i < LAYER_COUNT; i++) {
		const struct segment *s = &b->initramfs.segments[i];

		if (!s->count)
			continue;
		json_open_object(&j, NULL);
		json_string(&j, "name", layer_name(s->layer));
		json_number(&j, "raw", s->raw);
		json_number(&j, "size", s->size);
		json_bool(&j, "compressed_now", s->fresh);
		json_close_object(&j);
	}
	json_close_array(&j);
	json_close_object(&j);
	json_end(&j);
	fputs(text.data, stdout);
}

static int run(struct build *b, const struct globals *g, const char *profile, const struct build_options *options,
	       struct error *err)
{
	const char *out, *tftp;
	bool changed;

	if (build_open(b, profile, options, g->no_color, err) < 0 || build_tree(b, err) < 0 ||
	    build_image(b, err) < 0 || build_publish(b, &changed, err) < 0)
		return EXIT_FAILED;
	outputs_folders(b, &out, &tftp);
	if (g->json)
		print_json(b, out, tftp, changed);
	else
		print_summary(b, profile, out, tftp, changed);
	return EXIT_OK;
}

int cmd_build(const struct globals *g, int argc, char **argv, struct error *err)
{
	_cleanup_arena_ struct arena arena = {0};
	struct build_options options = {.verbose = g->verbose};
	struct build b = {.arena = &arena};
	int code;

	if (parse_options(argc, argv, &options, err) < 0)
		return EXIT_USAGE;
	if (optind + 1 != argc) {
		error_set(err, "%s: expected one profile", argv[0]);
		return EXIT_USAGE;
	}
	code = run(&b, g, argv[optind], &options, err);
	build_close(&b);
	return code;
}
