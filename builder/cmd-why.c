/* mkdl why PROFILE PATH: the reasons for a file, one after the other, back to the profile. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "builder/build.h"
#include "builder/command.h"
#include "config/diagnostics.h"
#include "base/json.h"
#include "builder/usr-merge.h"

enum { STEPS_MAX = 64 };

struct step {
	const char *path, *origin, *reason;
};

struct why {
	struct tree *tree;
	struct step steps[STEPS_MAX];
	size_t count;
};

static void add_step(struct why *w, const char *path, const char *origin, const char *reason)
{
	if (w->count < STEPS_MAX)
		w->steps[w->count++] = (struct step){.path = path, .origin = origin, .reason = reason};
}

/* The path in a reason, "needed by /usr/bin/runc" or "holds /usr/bin/runc", or NULL. */
static const char *path_in_reason(const char *reason)
{
	static const char *const heads[] = {"needed by ", "holds "};

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		if (!strncmp(reason, heads[i], strlen(heads[i])))
			return reason + strlen(heads[i]);
	return NULL;
}

static void follow_reasons(struct why *w, const struct node *n)
{
	while (n && w->count < STEPS_MAX) {
		const char *next = path_in_reason(n->reason);

		add_step(w, n->path, n->origin, n->reason);
		n = next ? tree_find(w->tree, next) : NULL;
	}
}

static int not_there(struct build *b, const char *path, struct error *err)
{
	const char **paths = arena_calloc(b->arena, b->tree.count + 1, sizeof(char *));
	const char *near = NULL;

	for (size_t i = 0; i < b->tree.count; i++) {
		paths[i] = b->tree.nodes[i].path;
		/* The same name elsewhere; rather a file than a folder. */
		if (path_base(path)[0] && !strcmp(path_base(paths[i]), path_base(path)) &&
		    (!near || b->tree.nodes[i].type != NODE_DIR))
			near = paths[i];
	}
	if (!near)
		near = did_you_mean(path, paths, b->tree.count);
	return error_set(err, "%s is not in the image of %s%s", path, b->profile.name,
			 near ? arena_printf(b->arena, "; did you mean \"%s\"?", near) : "");
}

static int explain(struct build *b, const char *word, struct why *w, struct error *err)
{
	const struct node *named, *file;
	const char *path;

	if (path_clean(b->arena, word, &path, err) < 0)
		return -1;
	named = tree_find(&b->tree, usr_merged(b->arena, path));
	file = tree_resolve(&b->tree, path);
	if (!named && !file)
		return not_there(b, path, err);
	if (file && strcmp(file->path, path) != 0)
		add_step(w, path, NULL, arena_printf(b->arena, "leads to %s", file->path));
	if (named && named->type == NODE_SYMLINK)
		follow_reasons(w, named);
	if (file && file != named)
		follow_reasons(w, file);
	else if (named && named->type != NODE_SYMLINK)
		follow_reasons(w, named);
	return 0;
}

static void print_text(const struct why *w)
{
	for (size_t i = 0; i < w->count; i++) {
		const struct step *s = &w->steps[i];

		if (s->origin)
			printf("%s: %s  [%s]\n", s->path, s->reason, s->origin);
		else
			printf("%s: %s\n", s->path, s->reason);
	}
}

static void print_json(const struct why *w)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct json j = json_begin(&text);

	json_open_array(&j, NULL);
	for (size_t i = 0; i < w->count; i++) {
		json_open_object(&j, NULL);
		json_string(&j, "path", w->steps[i].path);
		json_string(&j, "reason", w->steps[i].reason);
		json_string(&j, "origin", w->steps[i].origin);
		json_close_object(&j);
	}
	json_close_array(&j);
	json_end(&j);
	fputs(text.data, stdout);
}

static int parse(int argc, char **argv, struct build_options *out, struct error *err)
{
	static const struct option options[] = {
		COMMAND_BUILD_OPTIONS,
		{0},
	};

	for (int c; (c = command_getopt(argc, argv, "", options, err)) != -1;) {
		if (!command_build_option(c, out))
			return -1;
	}
	return optind + 2 == argc ? 0 : error_set(err, "%s: expected a profile and a path in its image", argv[0]);
}

int cmd_why(const struct globals *g, int argc, char **argv, struct error *err)
{
	_cleanup_arena_ struct arena arena = {0};
	struct build_options options = {.verbose = g->verbose};
	struct build b = {.arena = &arena};
	struct why why = {.tree = &b.tree};
	int code = EXIT_FAILED;

	if (parse(argc, argv, &options, err) < 0)
		return EXIT_USAGE;
	if (build_open(&b, argv[optind], &options, g->no_color, err) == 0 && build_tree(&b, err) == 0 &&
	    explain(&b, argv[optind + 1], &why, err) == 0) {
		code = EXIT_OK;
		if (g->json)
			print_json(&why);
		else
			print_text(&why);
	}
	build_close(&b);
	return code;
}
