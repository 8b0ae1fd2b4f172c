#include "builder/node-files.h"

#include <string.h>

#include "builder/generated.h"
#include "builder/node-private.h"

int node_put_file(struct build *b, const char *path, mode_t mode, uint32_t uid, uint32_t gid, const void *data, size_t size,
		  const char *reason, struct error *err)
{
	const struct node node = {
		.path = path,
		.mode = mode,
		.uid = uid,
		.gid = gid,
		.origin = "generated",
		.reason = reason,
		.layer = LAYER_SITE,
	};

	return generated_node(b, node, data, size, err);
}

void node_put_dir(struct build *b, const char *path, mode_t mode, uint32_t uid, uint32_t gid, const char *reason)
{
	tree_add(&b->tree, &(struct node){
		.path = path,
		.type = NODE_DIR,
		.mode = mode,
		.uid = uid,
		.gid = gid,
		.origin = "generated",
		.reason = reason,
		.layer = LAYER_SITE,
	});
}

static int add_os_release(struct build *b, struct error *err)
{
	const char *text = arena_printf(b->arena,
					"NAME=mkdl\nID=mkdl\nVERSION_ID=%s\nVARIANT_ID=%s\nPRETTY_NAME=\"mkdl %s (%s)\"\n",
					MKDL_VERSION, b->profile.name, MKDL_VERSION, b->profile.name);

	return node_put_file(b, "/etc/os-release", 0644, 0, 0, text, strlen(text), "os-release(5)", err);
}

static int add_plan(struct build *b, const struct node_facts *facts, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct plan plan;

	if (node_plan(b, facts, &plan, err) < 0 || node_plan_write(b->arena, b->profile.file, &plan, &text, err) < 0)
		return -1;
	return node_put_file(b, "/etc/mkdl/plan", 0644, 0, 0, text.data, text.len, "what PID 1 does", err);
}

static int add_registries(struct build *b, const struct node_facts *facts, struct error *err)
{
	const struct registry_file *files;
	size_t count = registries_files(b->arena, &b->profile.registries, facts->docker, &files);

	if (b->profile.registries.count && !facts->containerd)
		return place_error(err, b->profile.registries.items[0].at,
				   "registries: are containerd's or dockerd's, and the profile has neither; add the component");
	for (size_t i = 0; i < count; i++)
		if (node_put_file(b, files[i].path, 0644, 0, 0, files[i].text, strlen(files[i].text), "registries:", err) < 0)
			return -1;
	return 0;
}

static int add_images(struct build *b, const struct node_facts *facts, struct error *err)
{
	if (facts->docker)
		return images_add_docker(b, &facts->images, NODE_IMAGES, facts->docker_version, err);
	return images_add(b, &facts->images, NODE_IMAGES, facts->sandbox_image, err);
}

int node_files_add(struct build *b, struct error *err)
{
	struct node_facts facts = {0};

	if (images_read(b, &facts.images, err) < 0 || node_kubernetes_facts(b, &facts, err) < 0)
		return -1;
	if (add_os_release(b, err) < 0 || node_users_add(b, err) < 0 || node_kubernetes_add(b, &facts, err) < 0 ||
	    node_pods_add(b, err) < 0 || node_config_add(b, err) < 0 ||
	    add_registries(b, &facts, err) < 0 || add_images(b, &facts, err) < 0)
		return -1;
	return add_plan(b, &facts, err);
}

/* One of the programs that talk to the runtime: the recipes containerd-clients and docker-clients have the same ones. */
static struct component runtime_client(struct build *b, const char *name, const char *file, const char *to, struct place at)
{
	bool docker = profile_component(&b->profile, "docker") != NULL;
	struct component c = {
		.name = name,
		.source = {.kind = SOURCE_BUILD, .spec = docker ? "docker-clients" : "containerd-clients",
			   .roots = b->profile.roots, .at = at},
		.to = to,
		.mode = 0755,
		.uid = 0,
		.gid = 0,
		.layer = LAYER_RUNTIME,
		.at = at,
	};

	strings_add(b->arena, &c.files, file);
	return c;
}

const struct component *implicit_components(struct build *b, size_t *count)
{
	struct component *all = arena_calloc(b->arena, 2 + NODE_STATE_COMPONENTS, sizeof(*all)), *c = all;
	const struct profile *p = &b->profile;

	if (p->image_count)
		*c++ = runtime_client(b, "image-import", "/usr/sbin/image-import", NODE_IMPORTER, p->images[0].at);
	if (p->kubernetes.enabled && profile_component(p, "containerd"))
		*c++ = runtime_client(b, "drain", "/usr/sbin/drain", NODE_DRAIN, p->kubernetes.at);
	c += node_state_components(b, c);
	*count = (size_t)(c - all);
	return all;
}

void implicit_modules(struct build *b)
{
	node_state_modules(b);
}

bool implicit_state_program(const struct build *b)
{
	return node_state_program(&b->profile);
}
