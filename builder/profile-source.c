/* Sources in a profile: apt, url, path or build, with what belongs to each; and the names of what lies in folders
 * beside it. */
#include "builder/profile-private.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "config/syntax.h"

static const char *const kind_names[] = {
	[SOURCE_APT] = "apt", [SOURCE_URL] = "url", [SOURCE_PATH] = "path", [SOURCE_BUILD] = "build"};

/* apt:, url:, path: and build: share a reader; the field is the source itself. */
static void read_kind(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		      void *field)
{
	struct source *s = field;

	if (s->spec) {
		complain(r, name,
			 "two sources, %s: and %s: (%s:%u); to replace an inherited one write !replace before the "
			 "map's {",
			 kind_names[s->kind], k->name, s->at.file, s->at.line);
		return;
	}
	/* Even a wrong one is a source: no second complaint that there is none. */
	s->spec = "";
	s->at = name->at;
	for (size_t i = 0; i < sizeof(kind_names) / sizeof(kind_names[0]); i++)
		if (!strcmp(kind_names[i], k->name))
			s->kind = (enum source_kind)i;
	if (is_text(r, name, v) && k->check(r, name, v))
		s->spec = v->text;
	s->roots = loader_roots(loader_of(r), v->at);
}

static void write_kind(struct json *j, const struct key *k, const void *field)
{
	const struct source *s = field;

	if (s->spec && !strcmp(kind_names[s->kind], k->name))
		json_string(j, k->name, s->spec);
}

const struct key_type type_source_kind = {"text", read_kind, write_kind, NULL};

void check_source(struct reader *r, const struct value *name, const struct value *v, const struct source *s)
{
	static const struct {
		const char *key;
		enum source_kind belongs_to;
	} extras[] = {{"sha256", SOURCE_URL}, {"repository", SOURCE_APT}, {"with", SOURCE_BUILD}};
	const struct value *key;

	if (!s->spec) {
		complain(r, name, "\"%s\" needs a source: apt, url, path or build", name->text);
		return;
	}
	for (size_t i = 0; i < sizeof(extras) / sizeof(extras[0]); i++)
		if (value_get(v, extras[i].key, &key) && s->kind != extras[i].belongs_to)
			complain(r, key, "\"%s\" belongs to a source of the kind %s:, this one is %s:", extras[i].key,
				 kind_names[extras[i].belongs_to], kind_names[s->kind]);
	if (s->kind == SOURCE_URL && !value_get(v, "sha256", NULL))
		complain(r, name, "\"%s\": a url: needs its sha256:, so that what arrives can be checked", name->text);
}

static void read_one(struct reader *r, const struct value *name, const struct value *v, struct source *s)
{
	const struct key_target target = {&map_source, s};

	read_map(r, &target, 1, v);
	check_source(r, name, v, s);
}

static void read_source(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			void *field)
{
	struct source s = {.at = v->at};

	(void)k;
	if (v->type != VALUE_MAP) {
		complain(r, v, "\"%s\": expected a map with its source, as in {apt: %s}", name->text,
			 v->type == VALUE_SCALAR ? v->text : "linux-image-amd64");
		return;
	}
	read_one(r, name, v, &s);
	*(struct source *)field = s;
}

static void write_source(struct json *j, const struct key *k, const void *field)
{
	const struct source *s = field;

	if (!s->spec)
		return;
	json_open_object(j, k->name);
	write_map(j, &map_source, s);
	json_close_object(j);
}

const struct key_type type_source = {"source", read_source, write_source, NULL};

/* firmware and microcode: names of packages, or maps; the field is an array and its length. */
struct source_list {
	struct source *items;
	size_t count;
};

static void read_sources(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			 void *field)
{
	struct source_list *list = field;

	(void)k;
	if (v->type != VALUE_LIST) {
		complain(r, v, "\"%s\": expected a list of packages, as in [firmware-realtek]", name->text);
		return;
	}
	list->items = arena_calloc(r->arena, v->count + 1, sizeof(*list->items));
	for (size_t i = 0; i < v->count; i++) {
		const struct value *item = v->items[i];
		struct source s = {.kind = SOURCE_APT, .at = item->at};

		if (item->type == VALUE_MAP) {
			read_one(r, name, item, &s);
		} else if (is_text(r, name, item) && check_package(r, name, item)) {
			s.spec = item->text;
			s.roots = loader_roots(loader_of(r), item->at);
		}
		list->items[list->count++] = s;
	}
}

static void write_sources(struct json *j, const struct key *k, const void *field)
{
	const struct source_list *list = field;

	if (!list->count)
		return;
	json_open_array(j, k->name);
	for (size_t i = 0; i < list->count; i++) {
		json_open_object(j, NULL);
		write_map(j, &map_source, &list->items[i]);
		json_close_object(j);
	}
	json_close_array(j);
}

const struct key_type type_sources = {"list of packages or sources", read_sources, write_sources, NULL};

bool check_path(struct reader *r, const struct value *name, const struct value *v)
{
	if (!check_plain(r, name, v))
		return false;
	if (loader_find(loader_of(r), v->at, "", v->text))
		return true;
	complain(r, v, "\"%s\": there is no \"%s\" in the project's folder or in mkdl's own", name->text, v->text);
	return false;
}

enum { NAMES_LIMIT = 256 };

static size_t list_names(struct arena *a, const char *folder, const char **names, size_t count)
{
	_cleanup_closedir_ DIR *dir = opendir(folder);
	struct dirent *e;

	while (dir && count < NAMES_LIMIT && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			names[count++] = arena_strdup(a, e->d_name);
	return count;
}

/* A name must lie in a folder of the project or of mkdl: overlays/NAME, hooks/build/NAME … */
static bool is_there(struct reader *r, const struct value *name, const struct value *v, const char *noun,
		     const char *folder)
{
	struct strings roots = loader_roots(loader_of(r), v->at);
	const char *names[NAMES_LIMIT], *near;
	size_t n = 0;

	if (!check_name(r, name, v))
		return false;
	if (loader_find(loader_of(r), v->at, folder, v->text))
		return true;
	for (size_t i = 0; i < roots.count; i++)
		n = list_names(r->arena, path_join(r->arena, roots.items[i], folder), names, n);
	near = did_you_mean(v->text, names, n);
	complain(r, v, "there is no %s %s/%s in the project's folder or in mkdl's own%s%s%s", noun, folder, v->text,
		 near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	return false;
}

/* What is there must be a program, too; hooks/build/lib is a folder. */
static bool is_program(struct reader *r, const struct value *name, const struct value *v, const char *noun,
		       const char *folder)
{
	const char *path;
	struct stat st;

	if (!is_there(r, name, v, noun, folder))
		return false;
	path = loader_find(loader_of(r), v->at, folder, v->text);
	if (path && stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0)
		return true;
	complain(r, v, "the %s %s/%s is not an executable file (chmod +x)", noun, folder, v->text);
	return false;
}

bool check_recipe(struct reader *r, const struct value *name, const struct value *v)
{
	return is_program(r, name, v, "recipe", "hooks/build");
}

bool check_overlay(struct reader *r, const struct value *name, const struct value *v)
{
	const char *path;
	struct stat st;

	if (!is_there(r, name, v, "overlay", "overlays"))
		return false;
	path = loader_find(loader_of(r), v->at, "overlays", v->text);
	if (path && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return true;
	complain(r, v, "the overlay overlays/%s is not a folder", v->text);
	return false;
}

const char *hook_folder(const char *key)
{
	return !strcmp(key, "tree_hooks") ? "hooks/tree" : "hooks/image";
}

bool check_hook(struct reader *r, const struct value *name, const struct value *v)
{
	return is_program(r, name, v, "hook", hook_folder(name->text));
}
