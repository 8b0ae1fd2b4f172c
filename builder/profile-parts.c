/* Values with a struct of their own: components, services, users … and the small maps inside of them. */
#include "builder/profile-private.h"

#include <string.h>

#include "base/path.h"

/* An array and its length, as they lie in struct profile. */
struct array {
	char *items;
	size_t count;
};

bool is_map(struct loader *l, const struct value *name, const struct value *v, const char *what)
{
	if (v->type == VALUE_MAP)
		return true;
	complain(l, v, "\"%s\": expected a map%s", name->text, what);
	return false;
}

static void read_part(struct loader *l, const struct part *part, const struct value *name, const struct value *v,
		      char *item)
{
	struct source *source = part->source < 0 ? NULL : (struct source *)(void *)(item + part->source);
	const struct key_target targets[] = {{part->map, item}, {MAP_SOURCE, source}};

	part->begin(l, name, item);
	read_map(l, targets, source ? 2 : 1, v);
	if (source)
		check_source(l, name, v, source);
	if (part->end)
		part->end(l, name, v, item);
}

void read_parts(struct loader *l, const struct key *k, const struct value *name, const struct value *v,
		       void *field)
{
	const struct part *part = k->type->part;
	struct array *array = field;

	if (!is_map(l, name, v, arena_printf(l->arena, " of names, as in {NAME: {…}}")))
		return;
	array->items = arena_calloc(l->arena, v->count + 1, part->size);
	for (size_t i = 0; i < v->count; i++)
		if (part->check_name(l, v->keys[i], v->keys[i]) && is_map(l, v->keys[i], v->items[i], ""))
			read_part(l, part, v->keys[i], v->items[i], array->items + part->size * array->count++);
}

void write_parts(struct json *j, const struct key *k, const void *field)
{
	const struct part *part = k->type->part;
	const struct array *array = field;

	if (!array->count)
		return;
	json_open_object(j, k->name);
	for (size_t i = 0; i < array->count; i++) {
		const char *item = array->items + part->size * i;

		json_open_object(j, part->name(item));
		if (part->source >= 0)
			write_map(j, MAP_SOURCE, item + part->source);
		write_map(j, part->map, item);
		json_close_object(j);
	}
	json_close_object(j);
}

static void begin_component(struct loader *l, const struct value *name, void *item)
{
	(void)l;
	*(struct component *)item = (struct component){
		.name = name->text,
		.at = name->at,
		.mode = -1,
		.uid = -1,
		.gid = -1,
		.layer = LAYER_USERLAND,
	};
}

static void end_component(struct loader *l, const struct value *name, const struct value *v, void *item)
{
	_cleanup_error_ struct error ignored = {0};
	struct component *c = item;
	bool folder = c->to && c->to[strlen(c->to) - 1] == '/';
	bool several = c->files.count > 1 || (c->files.count == 1 && strpbrk(c->files.items[0], "*?[{"));
	const struct value *to = value_get(v, "to", NULL);

	(void)name;
	if (to && several && !folder)
		complain(l, to, "\"to\": several files go into a folder, whose name ends in a slash: %s/", c->to);
	if (c->to && path_clean(l->arena, c->to, &c->to, &ignored) == 0 && folder)
		c->to = path_join(l->arena, c->to, "");
}

static const char *name_component(const void *item)
{
	return ((const struct component *)item)->name;
}

static const struct part part_component = {
	.map = MAP_COMPONENT,
	.size = sizeof(struct component),
	.source = offsetof(struct component, source),
	.check_name = check_name,
	.begin = begin_component,
	.end = end_component,
	.name = name_component,
};
const struct key_type type_components = {"map of names to components", read_parts, write_parts, &part_component};

static void begin_repository(struct loader *l, const struct value *name, void *item)
{
	(void)l;
	*(struct repository *)item = (struct repository){.name = name->text, .at = name->at};
}

static void end_repository(struct loader *l, const struct value *name, const struct value *v, void *item)
{
	(void)item;
	if (!value_get(v, "uri", NULL))
		complain(l, name, "repository \"%s\" needs a uri", name->text);
	if (!value_get(v, "suite", NULL))
		complain(l, name, "repository \"%s\" needs a suite", name->text);
	if (!strcmp(name->text, "host"))
		complain(l, name, "the name \"host\" stands for the repositories of this machine; choose another");
}

static const char *name_repository(const void *item)
{
	return ((const struct repository *)item)->name;
}

static const struct part part_repository = {
	.map = MAP_REPOSITORY,
	.size = sizeof(struct repository),
	.source = -1,
	.check_name = check_name,
	.begin = begin_repository,
	.end = end_repository,
	.name = name_repository,
};
const struct key_type type_repositories = {"map of names to repositories", read_parts, write_parts, &part_repository};

static void begin_image(struct loader *l, const struct value *name, void *item)
{
	(void)l;
	*(struct container_image *)item = (struct container_image){.key = name->text, .at = name->at};
}

static const char *name_image(const void *item)
{
	return ((const struct container_image *)item)->key;
}

static const struct part part_image = {
	.map = MAP_IMAGE,
	.size = sizeof(struct container_image),
	.source = offsetof(struct container_image, source),
	.check_name = check_name,
	.begin = begin_image,
	.name = name_image,
};
const struct key_type type_images = {"map of names to images", read_parts, write_parts, &part_image};

static void begin_user(struct loader *l, const struct value *name, void *item)
{
	bool root = !strcmp(name->text, "root");

	(void)l;
	*(struct user *)item = (struct user){
		.name = name->text,
		.at = name->at,
		.uid = root ? 0 : UINT32_MAX,
		.gid = UINT32_MAX,
		.home = root ? "/root" : "/",
		.shell = "/bin/sh",
	};
}

static void end_user(struct loader *l, const struct value *name, const struct value *v, void *item)
{
	struct user *u = item;

	if (u->uid == UINT32_MAX && !value_get(v, "uid", NULL))
		complain(l, name, "user \"%s\" needs a uid", name->text);
	if (!strcmp(name->text, "root") && u->uid != 0)
		complain(l, value_get(v, "uid", NULL), "root has the uid 0");
	if (u->gid == UINT32_MAX)
		u->gid = u->uid;
}

static const char *name_user(const void *item)
{
	return ((const struct user *)item)->name;
}

static const struct part part_user = {
	.map = MAP_USER,
	.size = sizeof(struct user),
	.source = -1,
	.check_name = check_user_name,
	.begin = begin_user,
	.end = end_user,
	.name = name_user,
};
const struct key_type type_users = {"map of names to users", read_parts, write_parts, &part_user};

/* A single map inside of the profile: kubernetes, containerd, output. */
static enum key_map map_of(const struct key *k)
{
	return k->type == &type_kubernetes ? MAP_KUBERNETES : k->type == &type_containerd ? MAP_CONTAINERD : MAP_OUTPUT;
}

static void read_submap(struct loader *l, const struct key *k, const struct value *name, const struct value *v,
			void *field)
{
	const struct key_target target = {map_of(k), field};

	if (!is_map(l, name, v, ""))
		return;
	if (k->type == &type_kubernetes) {
		((struct kubernetes *)field)->enabled = true;
		((struct kubernetes *)field)->at = name->at;
	} else if (k->type == &type_containerd) {
		((struct containerd *)field)->at = name->at;
	}
	read_map(l, &target, 1, v);
}

static void write_submap(struct json *j, const struct key *k, const void *field)
{
	/* Its defaults alone would turn Kubernetes on. */
	if (k->type == &type_kubernetes && !((const struct kubernetes *)field)->enabled)
		return;
	json_open_object(j, k->name);
	write_map(j, map_of(k), field);
	json_close_object(j);
}

const struct key_type type_kubernetes = {"map", read_submap, write_submap, NULL};
const struct key_type type_containerd = {"map", read_submap, write_submap, NULL};
const struct key_type type_output = {"map", read_submap, write_submap, NULL};
