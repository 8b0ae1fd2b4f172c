#include "builder/profile.h"

#include <string.h>

#include "base/path.h"
#include "builder/home.h"
#include "builder/profile-private.h"

static const struct profile defaults = {
	.hostname = "node-${mac}",
	.failure = FAILURE_REBOOT,
	.failure_delay = 30,
	.compression = {.level = 19, .name = "balanced"},
	.kubernetes = {.role = "worker", .node_ip = "boot-interface", .domain = "cluster.local", .max_pods = 110},
	.containerd = {.sandbox_image = "registry.k8s.io/pause:3.6", .snapshotter = "overlayfs"},
};

/* A file's own map, without what is used up before files are merged. */
static struct value *without(struct arena *a, const struct value *map, bool drop_name)
{
	struct value *out = value_new(a, VALUE_MAP, map->at);

	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->keys[i]->text, "extends") != 0 && !(drop_name && !strcmp(map->keys[i]->text, "name")))
			value_add(a, out, map->keys[i], map->items[i]);
	return out;
}

static void merge_files(struct loader *l)
{
	l->merged = value_new(l->reader.arena, VALUE_MAP, (struct place){l->profile->file, 0, 0});
	for (size_t i = 0; i < l->file_count; i++)
		l->merged = value_merge(l->reader.arena, l->reader.diag, l->merged,
					without(l->reader.arena, l->files[i].value, i + 1 < l->file_count));
}

/* "profiles/worker.yml" → "worker" */
static void name_after_file(struct loader *l)
{
	const char *base = path_base(l->profile->file);
	size_t n = strlen(base);
	struct value v = {.type = VALUE_SCALAR, .at = {l->profile->file, 0, 0}, .width = 1};

	if (n > 4 && !strcmp(base + n - 4, ".yml"))
		n -= 4;
	else if (n > 5 && !strcmp(base + n - 5, ".yaml"))
		n -= 5;
	v.text = arena_strndup(l->reader.arena, base, n);
	if (check_profile_name(&l->reader, &v, &v))
		l->profile->name = v.text;
}

/* The absolute paths behind a list of names, each looked for from the file that says it. */
static struct strings resolve(struct loader *l, const char *key, const char *folder, const struct strings *names)
{
	const struct value *list = value_get(l->merged, key, NULL);
	struct strings out = {0};

	for (size_t i = 0; i < names->count; i++) {
		for (size_t j = 0; j < list->count; j++) {
			if (list->items[j]->type != VALUE_SCALAR || strcmp(list->items[j]->text, names->items[i]) != 0)
				continue;
			const char *path = loader_find(l, list->items[j]->at, folder, names->items[i]);

			if (path)
				strings_add(l->reader.arena, &out, path);
			break;
		}
	}
	return out;
}

static void resolve_names(struct loader *l)
{
	struct profile *p = l->profile;

	p->overlay_dirs = resolve(l, "overlays", "overlays", &p->overlays);
	p->tree_hook_paths = resolve(l, "tree_hooks", hook_folder("tree_hooks"), &p->tree_hooks);
	p->image_hook_paths = resolve(l, "image_hooks", hook_folder("image_hooks"), &p->image_hooks);
}

static void fill_repositories(struct loader *l)
{
	for (size_t i = 0; i < l->profile->repository_count; i++) {
		struct strings *components = &l->profile->repositories[i].components;

		if (components->count)
			continue;
		components->items = arena_calloc(l->reader.arena, 1, sizeof(*components->items));
		components->items[components->count++] = "main";
	}
}

static void note_files(struct loader *l)
{
	struct profile *p = l->profile;

	p->files.items = arena_calloc(l->reader.arena, l->file_count, sizeof(*p->files.items));
	for (size_t i = 0; i < l->file_count; i++)
		p->files.items[p->files.count++] = l->files[i].name;
	p->roots = l->files[l->file_count - 1].roots;
}

int profile_load(struct arena *a, const char *file, struct profile *out, struct diagnostics *diag)
{
	_cleanup_error_ struct error err = {0};
	struct profile p = defaults;
	struct loader l = {.reader = {.arena = a, .diag = diag}, .profile = &p, .home = home_find(a, &err)};
	const struct key_target targets[] = {{&map_profile, &p}, {&map_node, &p.plan}};
	size_t errors = diag->errors;

	plan_init(&p.plan);
	p.file = arena_strdup(a, file);
	if (!l.home)
		return diagnose(diag, SEVERITY_ERROR, (struct place){p.file, 0, 0}, 1, "%s", error_text(&err));
	/* With a file missing, all that it would have said would be missed too: one problem, many complaints. */
	if (loader_read_files(&l, p.file) < 0)
		return -1;
	merge_files(&l);
	read_map(&l.reader, targets, 2, l.merged);
	note_files(&l);
	if (!p.name && !value_get(l.merged, "name", NULL))
		name_after_file(&l);
	fill_repositories(&l);
	check_profile(&l);
	resolve_names(&l);
	if (diag->errors > errors)
		return -1;
	*out = p;
	return 0;
}

const struct component *profile_component(const struct profile *p, const char *name)
{
	for (size_t i = 0; i < p->component_count; i++)
		if (!strcmp(p->components[i].name, name))
			return &p->components[i];
	return NULL;
}
