#include "node/nodectl/logs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "node/nodectl/format.h"

enum { FILES = 256, LINES_OF_EACH = 10 };

#define FOLDER "/run/mkdl/log"

/* On one line: newlines inside of strings are escaped, those between members are layout. */
static void put_json(const char *name, const char *text)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct json j = json_begin(&out);

	json_open_object(&j, NULL);
	json_string(&j, "log", name);
	json_string(&j, "text", text);
	json_close_object(&j);
	json_end(&j);
	for (size_t i = 0; i < out.len; i++)
		if (out.data[i] == '\n')
			out.data[i] = ' ';
	puts(out.data);
}

void log_put_line(struct log_output *out, const char *name, const char *text, size_t n)
{
	_cleanup_free_ char *line = strndup(text, n);

	if (!line)
		return;
	if (out->context->json) {
		put_json(name, line);
		return;
	}
	if (out->several && (!out->shown || strcmp(out->shown, name) != 0)) {
		printf("%s%s\n", out->shown ? "\n" : "",
		       format_colour(out->context, COLOUR_BOLD, arena_printf(&out->context->arena, "==> %s <==", name)));
		out->shown = name;
	}
	/* A terminal is not to be driven by what a program wrote; a file gets it as it is. */
	for (char *p = line; out->context->terminal && *p; p++)
		if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
			*p = '?';
	puts(line);
}

static const char *file_path(struct context *c, const char *name)
{
	/* PID 1's own lines have been called "mkdl" from the first. */
	return node_path(c, arena_printf(&c->arena, FOLDER "/%s.log", strcmp(name, "init") ? name : "mkdl"));
}

static int list_files(struct context *c, struct log_file out[static FILES], struct error *err)
{
	const char *folder = node_path(c, FOLDER);
	struct dirent **names;
	int n = scandir(folder, &names, NULL, alphasort), count = 0;

	if (n < 0)
		return error_errno(err, "%s", folder);
	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name, *end = strrchr(name, '.');

		if (end && end > name && !strcmp(end, ".log") && count < FILES) {
			name = arena_strndup(&c->arena, name, (size_t)(end - name));
			name = strcmp(name, "mkdl") ? name : "init";
			out[count++] = (struct log_file){.name = name, .path = file_path(c, name), .fd = -1};
		}
		free(names[i]);
	}
	free(names);
	return count;
}

struct options {
	bool follow;
	size_t lines;
	const char *name; /* NULL: all */
};

static int read_options(int argc, char **argv, struct options *out)
{
	static const struct option options[] = {
		{"follow", no_argument, NULL, 'f'}, {"lines", required_argument, NULL, 'n'}, {NULL, 0, NULL, 0},
	};
	struct options o = {.lines = SIZE_MAX};
	int option;
	char *end;

	while ((option = getopt_long(argc, argv, "fn:", options, NULL)) != -1)
		switch (option) {
		case 'f': o.follow = true; break;
		case 'n':
			o.lines = strtoul(optarg, &end, 10);
			if (*end || end == optarg || *optarg == '-')
				return usage_error(argv[0], "\"%s\" is no number of lines", optarg);
			break;
		default: return EXIT_USAGE;
		}
	if (argc - optind > 1)
		return usage_error(argv[0], "it takes one name at most");
	o.name = argv[optind];
	if (!o.name && o.lines == SIZE_MAX)
		o.lines = LINES_OF_EACH;
	*out = o;
	return 0;
}

static bool is_name(const char *name)
{
	return *name && *name != '.' && !strchr(name, '/');
}

int run_logs(struct context *c, int argc, char **argv, struct error *err)
{
	struct log_output out = {.context = c};
	struct log_file files[FILES];
	struct options o = {0};
	int count = 1, status = read_options(argc, argv, &o);

	if (status != 0)
		return status;
	setvbuf(stdout, NULL, o.follow ? _IOLBF : _IOFBF, 1 << 16);
	if (o.name && !strcmp(o.name, "kernel"))
		return logs_kernel(&out, o.lines, o.follow, err);
	if (!o.name) {
		count = list_files(c, files, err);
		out.several = true;
	} else {
		files[0] = (struct log_file){.name = o.name, .path = file_path(c, o.name), .fd = -1};
		if (!is_name(o.name) || access(files[0].path, R_OK) < 0)
			return error_set(err, "there is no log \"%s\"; the services' names are logs, and init, and kernel", o.name);
	}
	for (int i = 0; i < count; i++)
		log_file_tail(&out, &files[i], o.lines);
	if (count < 0)
		return -1;
	if (o.follow)
		status = log_files_follow(&out, node_path(c, FOLDER), files, (size_t)count, err);
	for (int i = 0; i < count; i++)
		log_file_close(&files[i]);
	return status;
}
