#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "builder/materialize.h"
#include "builder/progress.h"
#include "builder/recipe.h"
#include "builder/run-program.h"

enum { TAIL_LINES = 20, TAIL_BYTES = 65536, DEPTH_LIMIT = 64 };

/* The folders of one run, below one in the store's tmp/. */
struct workshop {
	struct store *store;
	const char *dir, *recipe, *inputs, *tools, *parts, *out, *work, *home;
};

static void workshop_remove(struct workshop *w)
{
	_cleanup_error_ struct error ignored = {0};

	if (w->dir)
		dir_remove_at(AT_FDCWD, w->dir, &ignored);
}

static int make_folder(struct arena *a, const char *dir, const char *name, const char **out, struct error *err)
{
	*out = path_join(a, dir, name);
	return mkdir(*out, 0755) < 0 ? error_errno(err, "%s", *out) : 0;
}

static int workshop_make(struct build *b, struct workshop *w, struct error *err)
{
	struct arena *a = b->arena;

	/* make and configure scripts split at blanks, and nobody quotes a prefix map. */
	if (b->store.path[strspn(b->store.path, "/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-@~")])
		return error_set(err, "recipes cannot run below \"%s\": compilers and make want a path without blanks and special "
				      "characters; set MKDL_CACHE to such a folder", b->store.path);
	w->store = &b->store;
	if (store_make_dir(&b->store, a, &w->dir, err) < 0)
		return -1;
	if (make_folder(a, w->dir, "recipe", &w->recipe, err) < 0 || make_folder(a, w->dir, "inputs", &w->inputs, err) < 0 ||
	    make_folder(a, w->dir, "tools", &w->tools, err) < 0 || make_folder(a, w->dir, "parts", &w->parts, err) < 0 ||
	    make_folder(a, w->dir, "out", &w->out, err) < 0 || make_folder(a, w->dir, "work", &w->work, err) < 0 ||
	    make_folder(a, w->dir, "home", &w->home, err) < 0)
		return -1;
	return 0;
}

/* The script and its files go through the store too: one way to write trees. */
static int lay_out_recipe(struct build *b, const struct recipe *r, const char *dir, struct error *err)
{
	struct tree tree = {.arena = b->arena};

	for (size_t i = 0; i <= r->file_count; i++) {
		bool script = i == r->file_count;
		const char *path = script ? r->path : r->files[i].path;
		_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
		struct node node = {.type = NODE_FILE, .mode = script ? 0755 : 0644};

		if (fd < 0)
			return error_errno(err, "%s", path);
		node.path = arena_printf(b->arena, "/%s", script ? r->name : r->files[i].name);
		if (store_put_fd(&b->store, fd, path, &node.content, &node.size, err) < 0)
			return -1;
		tree_add(&tree, &node);
	}
	return materialize(&b->store, &tree, dir, false, err);
}

static int lay_out_sources(struct build *b, const struct recipe_plan *p, const char *dir, struct error *err)
{
	struct tree tree = {.arena = b->arena};

	for (size_t i = 0; i < p->source_count; i++) {
		const struct source_package *s = p->sources[i];

		if (source_fetch(b, s->files, s->file_count, err) < 0)
			return error_wrap(err, "source package %s", s->name);
		for (size_t k = 0; k < s->file_count; k++) {
			struct node node = {.type = NODE_FILE, .mode = 0644, .content = s->files[k].hash};

			if (path_clean(b->arena, s->files[k].name, &node.path, err) < 0)
				return error_wrap(err, "source package %s", s->name);
			tree_add(&tree, &node);
		}
	}
	return materialize(&b->store, &tree, dir, false, err);
}

static int lay_out(struct build *b, const struct recipe_plan *p, const struct workshop *w, struct error *err)
{
	if (lay_out_recipe(b, &p->recipe, w->recipe, err) < 0 || lay_out_sources(b, p, w->inputs, err) < 0)
		return -1;
	for (size_t i = 0; i < p->package_count; i++) {
		struct tree *tree;

		if (source_open_package(b, p->packages[i], &tree, err) < 0 ||
		    materialize(&b->store, tree, w->tools, false, err) < 0)
			return error_wrap(err, "package %s", p->packages[i]->name);
	}
	for (size_t i = 0; i < p->part_count; i++) {
		const char *dir;

		if (make_folder(b->arena, w->parts, p->parts[i].name, &dir, err) < 0 ||
		    materialize(&b->store, &p->parts[i].tree, dir, false, err) < 0)
			return error_wrap(err, "recipe %s", p->parts[i].name);
	}
	return 0;
}

static const char *option_variable(struct arena *a, const struct pair *option)
{
	char *name = arena_printf(a, "OPTION_%s=%s", option->key, option->value);

	for (char *c = name; *c != '='; c++) {
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
		else if (*c == '-')
			*c = '_';
	}
	return name;
}

/* Everything a recipe may know: nothing of the caller's environment is handed on. */
static const char *const *environment(struct build *b, const struct recipe_plan *p, const struct workshop *w)
{
	struct arena *a = b->arena;
	const char **env = arena_calloc(a, p->options.count + 16, sizeof(*env));
	size_t n = 0;

	env[n++] = "PATH=" RECIPE_PATH;
	env[n++] = "LC_ALL=C.UTF-8";
	env[n++] = "TZ=UTC";
	env[n++] = "SOURCE_DATE_EPOCH=0";
	env[n++] = arena_printf(a, "HOME=%s", w->home);
	env[n++] = arena_printf(a, "TMPDIR=%s", w->home);
	env[n++] = arena_printf(a, "RECIPE=%s", w->recipe);
	env[n++] = arena_printf(a, "INPUTS=%s", w->inputs);
	env[n++] = arena_printf(a, "TOOLS=%s", w->tools);
	env[n++] = arena_printf(a, "PARTS=%s", w->parts);
	env[n++] = arena_printf(a, "OUT=%s", w->out);
	env[n++] = arena_printf(a, "JOBS=%u", build_jobs(b));
	env[n++] = arena_printf(a, "VERSION=%s", p->version ? p->version : "");
	for (size_t i = 0; i < p->options.count; i++)
		env[n++] = option_variable(a, &p->options.items[i]);
	return env;
}

static int open_log(struct build *b, const struct recipe_plan *p, const char **path, int *fd, struct error *err)
{
	char hex[HASH_HEX_SIZE];

	if (dir_make_at(b->store.fd, "log", 0755, err) < 0)
		return -1;
	*path = arena_printf(b->arena, "%s/log/%s-%.16s.log", b->store.path, p->recipe.name, hash_hex(&p->key, hex));
	*fd = open(*path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	return *fd < 0 ? error_errno(err, "%s", *path) : 0;
}

/* The error for a recipe that did not end well: how it ended, and the end of its log. */
static int show_log(struct build *b, int status, const char *path, int log, struct error *err)
{
	struct stat st;
	off_t start = fstat(log, &st) == 0 && st.st_size > TAIL_BYTES ? st.st_size - TAIL_BYTES : 0;
	char *text = arena_alloc(b->arena, TAIL_BYTES + 1);
	ssize_t n = pread(log, text, TAIL_BYTES, start);
	_cleanup_strbuf_ struct strbuf tail = {0};

	if (n > 0) {
		const char *line = text_tail(b->arena, text, (size_t)n, TAIL_LINES);

		while (*line) {
			size_t length = strcspn(line, "\n");

			strbuf_printf(&tail, "\n    %.*s", (int)length, line);
			line += length + (line[length] == '\n');
		}
	}
	if (status > 128)
		error_set(err, "ended by signal %d", status - 128);
	else
		error_set(err, "failed with exit status %d", status);
	return error_set(err, "%s; the log is %s%s%s", arena_strdup(b->arena, error_text(err)), path,
			 tail.len ? ", its last lines:" : " (empty)", tail.len ? tail.data : "");
}

struct collector {
	struct build *build;
	struct tree *tree;
	const char *origin;
};

static int collect_entry(const struct collector *c, int dir, const char *name, const char *path, unsigned depth,
			 struct error *err);

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Everything below an open folder, in the order of names. Takes the descriptor. */
static int collect_folder(const struct collector *c, int fd, const char *path, unsigned depth, struct error *err)
{
	_cleanup_closedir_ DIR *dir = fdopendir(fd);
	struct arena *a = c->build->arena;
	const char **names = NULL;
	size_t count = 0, cap = 0;
	struct dirent *entry;

	if (!dir) {
		close(fd);
		return error_errno(err, "%s", path);
	}
	if (depth > DEPTH_LIMIT)
		return error_set(err, "%s: more than %d folders deep", path, DEPTH_LIMIT);
	while ((entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		names = arena_grow(a, names, count, &cap, sizeof(*names));
		names[count++] = arena_strdup(a, entry->d_name);
	}
	if (count)
		qsort(names, count, sizeof(*names), by_text);
	for (size_t i = 0; i < count; i++)
		if (collect_entry(c, dirfd(dir), names[i], path_join(a, path, names[i]), depth, err) < 0)
			return -1;
	return 0;
}

/* One thing the recipe delivers. Owners and odd modes say something about this machine, not about the part: dropped. */
static int collect_entry(const struct collector *c, int dir, const char *name, const char *path, unsigned depth,
			 struct error *err)
{
	struct arena *a = c->build->arena;
	struct node node = {.mode = 0755, .origin = c->origin};
	struct stat st;

	if (path_clean(a, path, &node.path, err) < 0)
		return -1;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "%s", path);
	if (S_ISLNK(st.st_mode)) {
		char target[PATH_LIMIT + 1];
		ssize_t n = readlinkat(dir, name, target, sizeof(target));

		if (n < 0)
			return error_errno(err, "%s", path);
		if ((size_t)n == sizeof(target))
			return error_set(err, "%s: link target too long", path);
		node.type = NODE_SYMLINK;
		node.mode = 0777;
		node.target = arena_strndup(a, target, (size_t)n);
		tree_add(c->tree, &node);
		return 0;
	}
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return error_set(err, "%s: neither file, folder nor symbolic link", path);

	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | (S_ISDIR(st.st_mode) ? O_DIRECTORY : 0));

	if (fd < 0)
		return error_errno(err, "%s", path);
	if (S_ISDIR(st.st_mode)) {
		node.type = NODE_DIR;
		tree_add(c->tree, &node);
		return collect_folder(c, fd, path, depth + 1, err);
	}
	_cleanup_close_ int file = fd;

	node.type = NODE_FILE;
	node.mode = st.st_mode & 0111 ? 0755 : 0644;
	if (store_put_fd(&c->build->store, file, path, &node.content, &node.size, err) < 0)
		return -1;
	tree_add(c->tree, &node);
	return 0;
}

static int collect(struct build *b, const struct recipe_plan *p, const char *dir, struct tree *out, struct error *err)
{
	struct tree tree = {.arena = b->arena};
	struct collector c = {.build = b, .tree = &tree, .origin = arena_printf(b->arena, "recipe %s", p->label)};
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, "%s", dir);
	if (collect_folder(&c, fd, "/", 0, err) < 0)
		return error_wrap(err, "what it delivers");
	if (!tree.count)
		return error_set(err, "delivers nothing: there is no file in $OUT after it ran");
	*out = tree;
	return 0;
}

int recipe_make(struct build *b, const struct recipe_plan *p, struct tree *out, struct error *err)
{
	_cleanup_(workshop_remove) struct workshop w = {0};
	_cleanup_close_ int log = -1;
	const char *log_path;
	bool cut_off = false;
	int status;

	if (p->missing_tool)
		return error_set(err, "needs %s, which is not installed", p->missing_tool);
	if (workshop_make(b, &w, err) < 0 || lay_out(b, p, &w, err) < 0 || open_log(b, p, &log_path, &log, err) < 0)
		return -1;

	const char *const argv[] = {path_join(b->arena, w.recipe, p->recipe.name), NULL};
	const struct recipe_run run = {.argv = argv, .env = environment(b, p, &w), .directory = w.work, .log_fd = log};

	if (recipe_run(&run, &status, &cut_off, err) < 0)
		return -1;
	if (!cut_off)
		progress_say(b->progress, 1, "recipe %s: the kernel does not let us cut off its network", p->label);
	if (status != 0)
		return show_log(b, status, log_path, log, err);
	return collect(b, p, w.out, out, err);
}
