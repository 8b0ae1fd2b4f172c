#include <string.h>

#include "base/path.h"
#include "builder/containerd-config.h"
#include "builder/node-private.h"

/* The services that a profile need not spell out. What it does say about them (readiness, time limits, environment, a whole
 * command line) is kept. */

static struct service *find_service(struct services *all, const char *name)
{
	for (size_t i = 0; i < all->count; i++)
		if (!strcmp(all->items[i].name, name))
			return &all->items[i];
	return NULL;
}

/* The profile's service of that name, or a new one. There is room: see node_services. */
static struct service *want_service(struct services *all, const char *name, struct place at)
{
	struct service *s = find_service(all, name);

	if (s)
		return s;
	s = &all->items[all->count++];
	*s = (struct service){.name = name, .at = at};
	return s;
}

static void append_need(struct arena *a, struct service *s, const char *name)
{
	if (!strings_has(&s->needs, name))
		strings_add(a, &s->needs, name);
}

static void default_env(struct arena *a, struct pairs *env, const char *key, const char *value)
{
	struct pair *items = arena_calloc(a, env->count + 1, sizeof(*items));

	for (size_t i = 0; i < env->count; i++) {
		if (!strcmp(env->items[i].key, key))
			return;
		items[i] = env->items[i];
	}
	items[env->count++] = (struct pair){.key = key, .value = value};
	env->items = items;
}

/* Both run other programs by name (runc, mount, iptables) and keep files in the home of their user. */
static void default_environment(struct arena *a, struct service *s)
{
	default_env(a, &s->env, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	default_env(a, &s->env, "HOME", "/root");
}

/* Where the image has a program of this name. */
static const char *find_program(struct build *b, const char *name)
{
	static const char *const folders[] = {"/usr/bin", "/usr/local/bin", "/usr/sbin", "/usr/local/sbin", "/bin", "/sbin"};

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		const char *path = path_join(b->arena, folders[i], name);
		const struct node *node = tree_resolve(&b->tree, path);

		if (node && node->type == NODE_FILE)
			return path;
	}
	return NULL;
}

static int start_run(struct build *b, struct service *s, const char *program, const struct strings *args, struct error *err)
{
	const char *path = find_program(b, program);

	if (!path)
		return place_error(err, s->at,
				   "service %s: no component brings a program %s to the image's /usr/bin; add one, or "
				   "say what to run", s->name, program);
	strings_add(b->arena, &s->run, path);
	for (size_t i = 0; i < args->count; i++)
		strings_add(b->arena, &s->run, args->items[i]);
	return 0;
}

static int add_containerd(struct build *b, struct services *all, struct error *err)
{
	const struct component *c = profile_component(&b->profile, "containerd");
	struct service *s = want_service(all, "containerd", c ? c->at : b->profile.containerd.at);
	static const char *const args[] = {"--config", CONTAINERD_CONFIG};

	if (!s->run.count && start_run(b, s, "containerd", &(struct strings){.items = (const char **)args, .count = 2}, err) < 0)
		return -1;
	if (s->ready == READY_NONE) {
		s->ready = READY_SOCKET;
		s->ready_value = CONTAINERD_SOCKET;
	}
	default_environment(b->arena, s);
	return 0;
}

/* Loads the preloaded images into containerd and gives their RAM back. */
static int add_images(struct build *b, struct services *all, struct error *err)
{
	struct service *s = want_service(all, "images", b->profile.images[0].at);
	static const char *const run[] = {
		NODE_IMPORTER, "--socket", CONTAINERD_SOCKET, "--list", NODE_IMAGES "/list",
		"--blobs", NODE_IMAGES "/blobs/sha256", "--remove",
	};

	if (!find_service(all, "containerd"))
		return place_error(err, s->at,
				   "images: are loaded into containerd, which the profile does not have; add the "
				   "component");
	if (!s->run.count)
		for (size_t i = 0; i < sizeof(run) / sizeof(*run); i++)
			strings_add(b->arena, &s->run, run[i]);
	append_need(b->arena, s, "containerd");
	s->oneshot = true;
	if (!s->ready_timeout)
		s->ready_timeout = 300;
	return 0;
}

static int add_kubelet(struct build *b, const struct node_facts *facts, struct services *all, struct error *err)
{
	struct service *s = want_service(all, "kubelet", b->profile.kubernetes.at);
	struct kubelet_settings settings = node_kubelet_settings(&b->profile, facts);
	struct strings flags = kubelet_flags(b->arena, &settings);

	if (!s->run.count && start_run(b, s, "kubelet", &flags, err) < 0)
		return -1;
	if (s->ready == READY_NONE) {
		s->ready = READY_HTTP;
		s->ready_value = "http://127.0.0.1:10248/healthz";
	}
	if (facts->containerd)
		append_need(b->arena, s, "containerd");
	if (find_service(all, "images"))
		append_need(b->arena, s, "images");
	if (!s->ready_timeout)
		s->ready_timeout = 300;
	default_environment(b->arena, s);
	return 0;
}

int node_services(struct build *b, const struct node_facts *facts, struct services *out, struct error *err)
{
	const struct profile *p = &b->profile;
	struct services all = {.items = arena_calloc(b->arena, p->service_count + 3, sizeof(*all.items)), .count = p->service_count};

	for (size_t i = 0; i < p->service_count; i++)
		all.items[i] = p->services[i];
	if (facts->containerd && add_containerd(b, &all, err) < 0)
		return -1;
	if (facts->images.count && add_images(b, &all, err) < 0)
		return -1;
	if (facts->kubelet && add_kubelet(b, facts, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.count; i++)
		if (!all.items[i].run.count)
			return place_error(err, all.items[i].at,
					   "service %s does not say what to run", all.items[i].name);
	*out = all;
	return 0;
}
