/* mkdl recipe: run one recipe by itself, for those who write one or want only what it makes. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "builder/command.h"
#include "builder/home.h"
#include "builder/materialize.h"
#include "builder/progress.h"
#include "builder/recipe.h"
#include "builder/units.h"

/* Put the tree at DIR/files by way of a folder beside it, so that it is there whole or not at all. */
static int write_files(struct build *b, struct tree *tree, const char *dir, struct error *err)
{
	const char *files = path_join(b->arena, dir, "files"), *new = path_join(b->arena, dir, ".files.new");

	if (dir_make_at(AT_FDCWD, dir, 0755, err) < 0 || dir_remove_at(AT_FDCWD, new, err) < 0)
		return -1;
	if (mkdir(new, 0755) < 0)
		return error_errno(err, "%s", new);
	if (materialize(&b->store, tree, new, false, err) < 0 || dir_remove_at(AT_FDCWD, files, err) < 0)
		return -1;
	return rename(new, files) < 0 ? error_errno(err, "%s", files) : 0;
}

static void print_files(const struct tree *tree, const char *dir)
{
	char size[UNITS_SIZE];

	for (size_t i = 0; i < tree->count; i++) {
		const struct node *n = &tree->nodes[i];

		if (n->type == NODE_FILE)
			printf("%s/files%s  %s\n", dir, n->path, units_bytes(size, n->size));
	}
}

static int build_one(struct build *b, const struct source *s, struct error *err)
{
	_cleanup_strbuf_ struct strbuf lock = {0};
	const char *lock_path = source_lock_path(b), *dir = path_parent(b->arena, lock_path);
	struct tree *tree;

	if (source_resolve_all(b, err) < 0 || source_fetch_all(b, err) < 0 || source_open(b, s, &tree, err) < 0 ||
	    write_files(b, tree, dir, err) < 0)
		return -1;
	lock_write(&b->lock, &lock);
	if (file_write_atomic_at(AT_FDCWD, lock_path, lock.data, lock.len, 0644, err) < 0)
		return -1;
	print_files(tree, dir);
	return 0;
}

/* A profile of one component stands behind it, so that all goes the way of any build. */
static int run(const struct globals *g, struct build *b, const char *name, struct pairs with, struct error *err)
{
	struct component component = {.name = name, .mode = -1, .uid = -1, .gid = -1};
	const char *cwd = getcwd((char[PATH_LIMIT + 1]){0}, PATH_LIMIT), **roots = arena_calloc(b->arena, 2, sizeof(*roots));
	int result;

	b->home = home_find(b->arena, err);
	if (!b->home)
		return -1;
	if (!cwd)
		return error_errno(err, "working directory");
	roots[0] = cwd;
	roots[1] = b->home;
	component.source = (struct source){.kind = SOURCE_BUILD, .spec = name, .with = with, .roots = {.items = roots, .count = 2}};
	b->profile = (struct profile){.name = name, .file = name, .components = &component, .component_count = 1};
	if (store_open(&b->store, b->arena, err) < 0)
		return -1;
	b->progress = progress_new(!g->no_color, g->verbose);
	result = build_one(b, &component.source, err);
	build_close(b);
	return result;
}

int cmd_recipe(const struct globals *g, int argc, char **argv, struct error *err)
{
	static const struct option options[] = {COMMAND_BUILD_OPTIONS, {"relock", no_argument, NULL, 'r'}, {0}};
	_cleanup_arena_ struct arena a = {0};
	struct build b = {.arena = &a, .options = {.out = "out/recipes", .verbose = g->verbose}};
	struct pairs with = {.items = arena_calloc(&a, (size_t)argc, sizeof(*with.items))};

	for (int c; (c = command_getopt(argc, argv, "", options, err)) != -1;) {
		if (c == 'r')
			b.options.relock = true;
		else if (!command_build_option(c, &b.options))
			return EXIT_USAGE;
	}
	if (optind == argc) {
		error_set(err, "%s: expected the name of a recipe", argv[0]);
		return EXIT_USAGE;
	}
	for (int i = optind + 1; i < argc; i++) {
		const char *equal = strchr(argv[i], '=');

		if (!equal) {
			error_set(err, "%s: \"%s\" is not of the form OPTION=VALUE", argv[0], argv[i]);
			return EXIT_USAGE;
		}
		with.items[with.count++] = (struct pair){.key = arena_strndup(&a, argv[i], (size_t)(equal - argv[i])),
							 .value = equal + 1};
	}
	return run(g, &b, argv[optind], with, err) < 0 ? EXIT_FAILED : EXIT_OK;
}
