/* Which files make up a profile: the one asked for and, before it, what it extends. Each file counts once, where it is
 * needed first, so two that extend the same base do not append its lists twice. */
#include "builder/profile-private.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"

enum { FILES_LIMIT = 32, SUGGESTIONS_LIMIT = 256 };

/* A file under way, linked to the one that extends it. */
struct visit {
	const struct visit *from;
	const char *name, *path;
	unsigned depth;
	dev_t dev;
	ino_t ino;
};

/* Relative to the working directory when it is below it, else absolute: short, and still a name that opens. */
static const char *shorten(struct arena *a, const char *path)
{
	_cleanup_free_ char *here = getcwd(NULL, 0);
	size_t n = here ? strlen(here) : 0;

	if (n > 1 && !strncmp(path, here, n) && path[n] == '/')
		return arena_strdup(a, path + n + 1);
	return path;
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static bool is_visit(const struct visit *v, const struct stat *st)
{
	return v->dev == st->st_dev && v->ino == st->st_ino;
}

/* The nearest name of a profile in a folder. */
static const char *suggest_profile(struct arena *a, const char *folder, const char *name)
{
	_cleanup_closedir_ DIR *dir = opendir(folder);
	const char *names[SUGGESTIONS_LIMIT], *near;
	size_t n = 0;
	struct dirent *e;

	while (dir && n < SUGGESTIONS_LIMIT && (e = readdir(dir)))
		if (e->d_name[0] != '.' && strlen(e->d_name) > 4 && !strcmp(e->d_name + strlen(e->d_name) - 4, ".yml"))
			names[n++] = arena_strdup(a, e->d_name);
	near = did_you_mean(path_base(name), names, n);
	if (near)
		return near;
	/* "extends: base" is what one tries first. */
	near = arena_printf(a, "%s.yml", path_base(name));
	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], near))
			return near;
	return NULL;
}

/* Where an extended profile is: beside the file that names it, unless that is itself, else among mkdl's own. */
static const char *find_extended(struct loader *l, const struct visit *by, const struct value *v)
{
	const char *own = l->home ? path_join(l->reader.arena, l->home, "profiles") : NULL;
	const char *beside = path_parent(l->reader.arena, by->path);
	const char *folders[] = {beside, v->text[0] == '/' ? NULL : own};
	bool itself = false;
	const char *near;

	for (size_t i = 0; i < 2; i++) {
		const char *path = !folders[i]	       ? NULL
				   : v->text[0] == '/' ? v->text
						       : path_join(l->reader.arena, folders[i], v->text);
		struct stat st;

		if (!path || stat(path, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		if (!is_visit(by, &st))
			return path;
		itself = true;
	}
	if (itself) {
		complain(&l->reader, v, "a profile cannot extend itself, and mkdl has no other \"%s\"", v->text);
		return NULL;
	}
	near = suggest_profile(l->reader.arena, beside, v->text);
	if (!near && own)
		near = suggest_profile(l->reader.arena, own, v->text);
	complain(&l->reader, v, "there is no profile \"%s\" beside this file or among mkdl's own%s%s%s", v->text,
		 near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	return NULL;
}

static void complain_cycle(struct loader *l, const struct visit *by, const struct value *v, const struct stat *st)
{
	const char *chain = NULL;

	for (const struct visit *w = by; w; w = w->from) {
		chain = chain ? arena_printf(l->reader.arena, "%s → %s", w->name, chain) : w->name;
		if (is_visit(w, st)) {
			complain(&l->reader, v, "profiles extend each other: %s → %s", chain, w->name);
			return;
		}
	}
}

static int read_file(struct loader *l, const struct visit *from, const char *name, const char *path,
		     const struct value *by);

static int read_extended(struct loader *l, const struct visit *by, const struct value *v)
{
	const char *path;
	struct stat st;

	if (v->type != VALUE_SCALAR || !*v->text) {
		complain(&l->reader, v, "extends: expected the file name of a profile");
		return -1;
	}
	path = find_extended(l, by, v);
	if (!path || stat(path, &st) < 0)
		return -1;
	for (const struct visit *w = by; w; w = w->from) {
		if (is_visit(w, &st)) {
			complain_cycle(l, by, v, &st);
			return -1;
		}
	}
	return read_file(l, by, shorten(l->reader.arena, path), path, v);
}

static int read_extends(struct loader *l, const struct visit *visit, const struct value *root)
{
	const struct value *v = value_get(root, "extends", NULL);
	int result = 0;

	if (!v || v->type == VALUE_NULL)
		return 0;
	if (v->type != VALUE_LIST)
		return read_extended(l, visit, v);
	for (size_t i = 0; i < v->count; i++)
		if (read_extended(l, visit, v->items[i]) < 0)
			result = -1;
	return result;
}

/* The project of a profile: the folder above profiles/, or the profile's own folder. */
static const char *project_of(struct arena *a, const char *path)
{
	const char *folder = path_parent(a, path);

	return strcmp(path_base(folder), "profiles") != 0 ? folder : path_parent(a, folder);
}

/* errno tells why the file that was asked for cannot be found. */
static int complain_missing(struct loader *l, const char *name, const char *path)
{
	const char *reason = strerror(errno), *slash = strrchr(path, '/');
	const char *folder = slash ? arena_strndup(l->reader.arena, path, (size_t)(slash - path) + 1) : ".";
	const char *near = suggest_profile(l->reader.arena, folder, path);
	const struct place at = {name, 0, 0};

	if (l->home && exists(path_join(l->reader.arena, path_join(l->reader.arena, l->home, "profiles"), path_base(path))))
		return diagnose(l->reader.diag, SEVERITY_ERROR, at, 1, "%s; mkdl's own profile of that name is \"%s\" without a folder",
				reason, path_base(path));
	return diagnose(l->reader.diag, SEVERITY_ERROR, at, 1, "%s%s%s%s", reason, near ? "; did you mean \"" : "", near ? near : "",
			near ? "\"?" : "");
}

static int read_file(struct loader *l, const struct visit *from, const char *name, const char *path,
		     const struct value *by)
{
	struct visit visit = {.from = from, .name = name, .depth = from ? from->depth + 1 : 0};
	_cleanup_free_ char *real = realpath(path, NULL);
	struct value *root;
	struct stat st;
	int result;

	if (!real || stat(real, &st) < 0)
		return complain_missing(l, name, path);
	visit.path = arena_strdup(l->reader.arena, real);
	visit.dev = st.st_dev;
	visit.ino = st.st_ino;
	for (size_t i = 0; i < l->file_count; i++)
		if (l->files[i].dev == st.st_dev && l->files[i].ino == st.st_ino)
			return 0;
	if (l->file_count >= FILES_LIMIT || visit.depth >= FILES_LIMIT) {
		complain(&l->reader, by, "more than %d profiles extend each other", FILES_LIMIT);
		return -1;
	}
	root = yaml_read(l->reader.arena, name, visit.path, l->reader.diag);
	if (!root)
		return -1;
	if (root->type != VALUE_MAP) {
		complain(&l->reader, root, "a profile is a map of keys, as in \"extends: base.yml\"");
		return -1;
	}
	result = read_extends(l, &visit, root);
	l->files = arena_grow(l->reader.arena, l->files, l->file_count, &l->file_cap, sizeof(*l->files));
	l->files[l->file_count++] = (struct profile_file){
		.name = name,
		.path = visit.path,
		.project = project_of(l->reader.arena, visit.path),
		.dev = st.st_dev,
		.ino = st.st_ino,
		.value = root,
	};
	return result;
}

static void add_root(struct arena *a, struct strings *roots, const char *dir)
{
	if (!strings_has(roots, dir))
		strings_add(a, roots, dir);
}

/* A bare name that is no file here is one of mkdl's own profiles. */
static const char *asked_for(struct loader *l, const char *file)
{
	const char *own;

	if (!l->home || strchr(file, '/') || exists(file))
		return file;
	own = path_join(l->reader.arena, path_join(l->reader.arena, l->home, "profiles"), file);
	return exists(own) ? shorten(l->reader.arena, own) : file;
}

int loader_read_files(struct loader *l, const char *file)
{
	const char *path = asked_for(l, file);
	int result = read_file(l, NULL, path, path, NULL);

	for (size_t i = 0; i < l->file_count; i++) {
		struct strings *roots = &l->files[i].roots;

		add_root(l->reader.arena, roots, l->files[i].project);
		for (size_t j = l->file_count; j-- > 0;)
			add_root(l->reader.arena, roots, l->files[j].project);
		if (l->home)
			add_root(l->reader.arena, roots, l->home);
	}
	return result;
}

struct strings loader_roots(const struct loader *l, struct place at)
{
	for (size_t i = 0; i < l->file_count; i++)
		if (!strcmp(l->files[i].name, at.file))
			return l->files[i].roots;
	return (struct strings){0};
}

const char *loader_find(struct loader *l, struct place at, const char *folder, const char *name)
{
	struct strings roots = loader_roots(l, at);

	if (name[0] == '/')
		return exists(name) ? name : NULL;
	for (size_t i = 0; i < roots.count; i++) {
		const char *in = *folder ? path_join(l->reader.arena, roots.items[i], folder) : roots.items[i];
		const char *path = path_join(l->reader.arena, in, name);

		if (exists(path))
			return path;
	}
	return NULL;
}
