/* mkdl list PROFILE: the image's tree. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "builder/build.h"
#include "builder/command.h"
#include "base/json.h"

static const char type_letters[] = {
	[NODE_FILE] = '-', [NODE_DIR] = 'd',   [NODE_SYMLINK] = 'l',
	[NODE_CHAR] = 'c', [NODE_BLOCK] = 'b', [NODE_FIFO] = 'p',
};

/* As ls -l writes it: "drwxr-xr-t". */
static void mode_text(const struct node *n, char out[static 11])
{
	static const char bits[] = "rwxrwxrwx";

	out[0] = type_letters[n->type];
	for (unsigned i = 0; i < 9; i++)
		out[1 + i] = n->mode & (0400U >> i) ? bits[i] : '-';
	if (n->mode & 04000)
		out[3] = n->mode & 0100 ? 's' : 'S';
	if (n->mode & 02000)
		out[6] = n->mode & 0010 ? 's' : 'S';
	if (n->mode & 01000)
		out[9] = n->mode & 0001 ? 't' : 'T';
	out[10] = '\0';
}

static void print_text(const struct tree *t)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct node *n = &t->nodes[i];
		char mode[11], size[32];

		if (!n->path[1])
			continue;
		mode_text(n, mode);
		if (n->type == NODE_CHAR || n->type == NODE_BLOCK)
			snprintf(size, sizeof(size), "%u,%u", n->major, n->minor);
		else
			snprintf(size, sizeof(size), "%" PRIu64, n->type == NODE_FILE ? n->size : 0);
		printf("%s %u:%u %9s %s%s%s  [%s]\n", mode, n->uid, n->gid, size, n->path, n->target ? " -> " : "",
		       n->target ? n->target : "", n->origin);
	}
}

static void print_json(const struct tree *t)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct json j = json_begin(&text);

	json_open_array(&j, NULL);
	for (size_t i = 0; i < t->count; i++) {
		const struct node *n = &t->nodes[i];
		char mode[11], hex[HASH_HEX_SIZE];

		if (!n->path[1])
			continue;
		mode_text(n, mode);
		json_open_object(&j, NULL);
		json_string(&j, "path", n->path);
		json_string(&j, "mode", mode);
		json_number(&j, "uid", n->uid);
		json_number(&j, "gid", n->gid);
		json_number(&j, "size", n->type == NODE_FILE ? n->size : 0);
		if (n->type == NODE_FILE)
			json_string(&j, "sha256", hash_hex(&n->content, hex));
		if (n->target)
			json_string(&j, "target", n->target);
		json_string(&j, "layer", layer_name(n->layer));
		json_string(&j, "origin", n->origin);
		json_string(&j, "reason", n->reason);
		json_close_object(&j);
	}
	json_close_array(&j);
	json_end(&j);
	fputs(text.data, stdout);
}

static void print_raw(struct tree *t)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	tree_write(t, &text);
	fputs(text.data ? text.data : "", stdout);
}

static int parse(int argc, char **argv, struct build_options *out, bool *raw, struct error *err)
{
	static const struct option options[] = {
		{"raw", no_argument, NULL, 'r'},
		COMMAND_BUILD_OPTIONS,
		{0},
	};

	for (int c; (c = command_getopt(argc, argv, "", options, err)) != -1;) {
		if (c == 'r')
			*raw = true;
		else if (!command_build_option(c, out))
			return -1;
	}
	return optind + 1 == argc ? 0 : error_set(err, "%s: expected one profile", argv[0]);
}

int cmd_list(const struct globals *g, int argc, char **argv, struct error *err)
{
	_cleanup_arena_ struct arena arena = {0};
	struct build_options options = {.verbose = g->verbose};
	struct build b = {.arena = &arena};
	int code = EXIT_FAILED;
	bool raw = false;

	if (parse(argc, argv, &options, &raw, err) < 0)
		return EXIT_USAGE;
	if (build_open(&b, argv[optind], &options, g->no_color, err) == 0 && build_tree(&b, err) == 0) {
		code = EXIT_OK;
		if (raw)
			print_raw(&b.tree);
		else if (g->json)
			print_json(&b.tree);
		else
			print_text(&b.tree);
	}
	build_close(&b);
	return code;
}
