/* Values of a profile with a struct of their own: components, users … and the small maps inside of them. */
#include "builder/profile-private.h"

#include <string.h>

#include "base/path.h"
#include "config/syntax.h"

static void begin_component(struct reader *r, const struct value *name, void *item)
{
	(void)r;
	*(struct component *)item = (struct component){
		.name = name->text,
		.at = name->at,
		.mode = -1,
		.uid = -1,
		.gid = -1,
		.layer = LAYER_USERLAND,
	};
}

static void end_component(struct reader *r, const struct value *name, const struct value *v, void *item)
{
	_cleanup_error_ struct error ignored = {0};
	struct component *c = item;
	bool folder = c->to && c->to[strlen(c->to) - 1] == '/';
	bool several = c->files.count > 1 || (c->files.count == 1 && strpbrk(c->files.items[0], "*?[{"));
	const struct value *to = value_get(v, "to", NULL);

	check_source(r, name, v, &c->source);
	if (to && several && !folder)
		complain(r, to, "\"to\": several files go into a folder, whose name ends in a slash: %s/", c->to);
	if (c->to && path_clean(r->arena, c->to, &c->to, &ignored) == 0 && folder)
		c->to = path_join(r->arena, c->to, "");
}

static const char *name_component(const void *item)
{
	return ((const struct component *)item)->name;
}

static const struct part part_component = {
	.map = &map_component,
	.size = sizeof(struct component),
	.more = &map_source,
	.more_offset = offsetof(struct component, source),
	.check_name = check_name,
	.begin = begin_component,
	.end = end_component,
	.name = name_component,
};
const struct key_type type_components = {"map of names to components", read_parts, write_parts, &part_component};

static void begin_repository(struct reader *r, const struct value *name, void *item)
{
	(void)r;
	*(struct repository *)item = (struct repository){.name = name->text, .at = name->at};
}

static void end_repository(struct reader *r, const struct value *name, const struct value *v, void *item)
{
	(void)item;
	if (!value_get(v, "uri", NULL))
		complain(r, name, "repository \"%s\" needs a uri", name->text);
	if (!value_get(v, "suite", NULL))
		complain(r, name, "repository \"%s\" needs a suite", name->text);
	if (!strcmp(name->text, "host"))
		complain(r, name, "the name \"host\" stands for the repositories of this machine; choose another");
}

static const char *name_repository(const void *item)
{
	return ((const struct repository *)item)->name;
}

static const struct part part_repository = {
	.map = &map_repository,
	.size = sizeof(struct repository),
	.check_name = check_name,
	.begin = begin_repository,
	.end = end_repository,
	.name = name_repository,
};
const struct key_type type_repositories = {"map of names to repositories", read_parts, write_parts, &part_repository};

static void begin_image(struct reader *r, const struct value *name, void *item)
{
	(void)r;
	*(struct container_image *)item = (struct container_image){.key = name->text, .at = name->at};
}

static void end_image(struct reader *r, const struct value *name, const struct value *v, void *item)
{
	check_source(r, name, v, &((struct container_image *)item)->source);
}

static const char *name_image(const void *item)
{
	return ((const struct container_image *)item)->key;
}

static const struct part part_image = {
	.map = &map_image,
	.size = sizeof(struct container_image),
	.more = &map_source,
	.more_offset = offsetof(struct container_image, source),
	.check_name = check_name,
	.begin = begin_image,
	.end = end_image,
	.name = name_image,
};
const struct key_type type_images = {"map of names to images", read_parts, write_parts, &part_image};

static void begin_user(struct reader *r, const struct value *name, void *item)
{
	bool root = !strcmp(name->text, "root");

	(void)r;
	*(struct user *)item = (struct user){
		.name = name->text,
		.at = name->at,
		.uid = root ? 0 : UINT32_MAX,
		.gid = UINT32_MAX,
		.home = root ? "/root" : "/",
		.shell = "/bin/sh",
	};
}

static void end_user(struct reader *r, const struct value *name, const struct value *v, void *item)
{
	struct user *u = item;

	if (u->uid == UINT32_MAX && !value_get(v, "uid", NULL))
		complain(r, name, "user \"%s\" needs a uid", name->text);
	if (!strcmp(name->text, "root") && u->uid != 0)
		complain(r, value_get(v, "uid", NULL), "root has the uid 0");
	if (u->gid == UINT32_MAX)
		u->gid = u->uid;
}

static const char *name_user(const void *item)
{
	return ((const struct user *)item)->name;
}

static const struct part part_user = {
	.map = &map_user,
	.size = sizeof(struct user),
	.check_name = check_user_name,
	.begin = begin_user,
	.end = end_user,
	.name = name_user,
};
const struct key_type type_users = {"map of names to users", read_parts, write_parts, &part_user};

/* A single map inside of the profile: kubernetes, its etcd, containerd, output. */
static const struct key_map *map_of(const struct key *k)
{
	if (k->type == &type_kubernetes)
		return &map_kubernetes;
	if (k->type == &type_etcd)
		return &map_etcd;
	return k->type == &type_containerd ? &map_containerd : &map_output;
}

static void read_submap(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
			void *field)
{
	const struct key_target target = {map_of(k), field};

	if (!is_map(r, name, v, ""))
		return;
	if (k->type == &type_kubernetes) {
		((struct kubernetes *)field)->enabled = true;
		((struct kubernetes *)field)->at = name->at;
	} else if (k->type == &type_containerd) {
		((struct containerd *)field)->at = name->at;
	}
	read_map(r, &target, 1, v);
}

static void write_submap(struct json *j, const struct key *k, const void *field)
{
	/* Its defaults alone would turn Kubernetes on. */
	if (k->type == &type_kubernetes && !((const struct kubernetes *)field)->enabled)
		return;
	if (k->type == &type_etcd) {
		const struct etcd *etcd = field;

		if (!etcd->members.count && !etcd->is_volatile && !etcd->args.count)
			return;
	}
	json_open_object(j, k->name);
	write_map(j, map_of(k), field);
	json_close_object(j);
}

const struct key_type type_kubernetes = {"map", read_submap, write_submap, NULL};
const struct key_type type_etcd = {"map", read_submap, write_submap, NULL};
const struct key_type type_containerd = {"map", read_submap, write_submap, NULL};
const struct key_type type_output = {"map", read_submap, write_submap, NULL};
