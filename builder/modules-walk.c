#include <errno.h>
#include <libkmod.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "builder/decompress.h"
#include "config/diagnostics.h"
#include "builder/kernel.h"
#include "builder/modules-private.h"

struct walk {
	struct build *b;
	const struct kernel *k;
	struct kmod_ctx *kmod;
	size_t prefix; /* length of the folder's path with its slash */
	struct module_set set;
	size_t module_cap, load_cap;
};

static void cleanup_kmod(struct kmod_ctx **c)
{
	if (*c)
		kmod_unref(*c);
}

static void cleanup_list(struct kmod_list **l)
{
	kmod_module_unref_list(*l);
}

#define _cleanup_list_ _cleanup_(cleanup_list)

/* What the module says of itself (modinfo). */
static int read_info(struct walk *w, struct kmod_module *mod, struct module *out, struct error *err)
{
	struct kmod_list *list = NULL, *l;
	int r = kmod_module_get_info(mod, &list);

	if (r < 0) {
		errno = -r;
		return error_errno(err, "module %s", out->path);
	}
	kmod_list_foreach(l, list) {
		const char *key = kmod_module_info_get_key(l), *value = kmod_module_info_get_value(l);
		struct strings *to = !strcmp(key, "alias")    ? &out->aliases :
				     !strcmp(key, "firmware") ? &out->firmware :
				     !strcmp(key, "softdep")  ? &out->softdeps :
								NULL;

		if (to)
			strings_add(w->b->arena, to, arena_strdup(w->b->arena, value));
	}
	kmod_module_info_free_list(list);
	return 0;
}

/* NULL for what is built into the kernel: libkmod knows no file of it. */
static const char *module_path(const struct walk *w, struct kmod_module *mod)
{
	const char *path = kmod_module_get_path(mod);

	return path && strlen(path) > w->prefix ? path + w->prefix : NULL;
}

/* The module's index in the set, added when it is new. -1 on error. */
static ssize_t module_index(struct walk *w, struct kmod_module *mod, const char *path, struct error *err)
{
	struct module m = {0};

	for (size_t i = 0; i < w->set.count; i++)
		if (!strcmp(w->set.modules[i].path, path))
			return (ssize_t)i;
	m.path = arena_strdup(w->b->arena, path);
	m.name = arena_strdup(w->b->arena, kmod_module_get_name(mod));
	if (read_info(w, mod, &m, err) < 0)
		return -1;
	w->set.modules = arena_grow(w->b->arena, w->set.modules, w->set.count, &w->module_cap, sizeof(m));
	w->set.modules[w->set.count++] = m;
	return (ssize_t)w->set.count - 1;
}

static int chain_add(struct walk *w, struct strings *chain, struct strings *pending, struct kmod_module *mod,
		     struct error *err);

/* One half of "pre: a b post: c d". A soft dependency that this kernel does not have is none. */
static int chain_softdeps(struct walk *w, struct strings *chain, struct strings *pending, const char *text,
			  const char *half, struct error *err)
{
	char *copy = arena_strdup(w->b->arena, text), *save = NULL;
	bool active = false;

	for (char *word = strtok_r(copy, " \t", &save); word; word = strtok_r(NULL, " \t", &save)) {
		_cleanup_list_ struct kmod_list *list = NULL;
		struct kmod_list *l;

		if (word[strlen(word) - 1] == ':') {
			active = !strcmp(word, half);
			continue;
		}
		if (!active || kmod_module_new_from_lookup(w->kmod, word, &list) < 0)
			continue;
		kmod_list_foreach(l, list) {
			struct kmod_module *mod = kmod_module_get_module(l);
			int r = chain_add(w, chain, pending, mod, err);

			kmod_module_unref(mod);
			if (r < 0)
				return -1;
		}
	}
	return 0;
}

static int chain_dependencies(struct walk *w, struct strings *chain, struct strings *pending, struct kmod_module *mod,
			      struct error *err)
{
	_cleanup_list_ struct kmod_list *list = kmod_module_get_dependencies(mod);
	struct kmod_list *l;

	kmod_list_foreach(l, list) {
		struct kmod_module *dependency = kmod_module_get_module(l);
		int r = chain_add(w, chain, pending, dependency, err);

		kmod_module_unref(dependency);
		if (r < 0)
			return -1;
	}
	return 0;
}

/* In modprobe's order: soft dependencies before, dependencies, the module, soft dependencies after. pending breaks the
 * circles that soft dependencies may form. */
static int chain_add(struct walk *w, struct strings *chain, struct strings *pending, struct kmod_module *mod,
		     struct error *err)
{
	const char *path = module_path(w, mod);
	struct strings softdeps;
	ssize_t i;

	if (!path || strings_has(chain, path) || strings_has(pending, path))
		return 0;
	i = module_index(w, mod, path, err);
	if (i < 0)
		return -1;
	path = w->set.modules[i].path;
	softdeps = w->set.modules[i].softdeps;
	strings_add(w->b->arena, pending, path);
	for (size_t s = 0; s < softdeps.count; s++)
		if (chain_softdeps(w, chain, pending, softdeps.items[s], "pre:", err) < 0)
			return -1;
	if (chain_dependencies(w, chain, pending, mod, err) < 0)
		return -1;
	strings_add(w->b->arena, chain, path);
	for (size_t s = 0; s < softdeps.count; s++)
		if (chain_softdeps(w, chain, pending, softdeps.items[s], "post:", err) < 0)
			return -1;
	return 0;
}

static bool is_module_file(const struct walk *w, const struct node *n)
{
	size_t len = path_uncompressed_length(n->path);

	return n->type == NODE_FILE && path_is_below(n->path, w->k->modules) && len > 3 &&
	       !strncmp(n->path + len - 3, ".ko", 3);
}

/* "kernel/net/nf-conntrack.ko.xz" → "nf_conntrack" */
static char *module_name(struct arena *a, const char *path)
{
	const char *base = path_base(path);
	char *name = arena_strndup(a, base, strcspn(base, "."));

	for (char *p = name; *p; p++)
		if (*p == '-')
			*p = '_';
	return name;
}

/* "modules" or "drivers" of the profile: the list, and which of its entries is meant. */
struct entry {
	const char *key;
	const struct strings *list;
	size_t index;
};

/* "profiles/x.yml:3:5: modules", for messages. */
static const char *entry_words(struct walk *w, const struct entry *e)
{
	const struct place *at = e->list->places ? &e->list->places[e->index] : NULL;

	return at ? arena_printf(w->b->arena, "%s:%u:%u: %s", at->file, at->line, at->column, e->key)
		  : arena_printf(w->b->arena, "%s: %s", w->b->profile.file, e->key);
}

static int unknown_module(struct walk *w, const struct entry *e, const char *name, struct error *err)
{
	struct arena *a = w->b->arena;
	const char **names = arena_calloc(a, w->k->tree->count + 1, sizeof(char *)), *near;
	size_t n = 0;

	for (size_t i = 0; i < w->k->tree->count; i++)
		if (is_module_file(w, &w->k->tree->nodes[i]))
			names[n++] = module_name(a, w->k->tree->nodes[i].path);
	near = did_you_mean(name, names, n);
	return error_set(err, "%s: \"%s\" is no module of kernel %s%s", entry_words(w, e), name, w->k->version,
			 near ? arena_printf(a, "; did you mean \"%s\"?", near) : "");
}

/* All modules that a name or alias stands for go through chain_add, into one chain each (drivers) or a common one
 * (loads). */
static int chain_lookup(struct walk *w, const struct entry *e, const char *name, struct strings *common,
			struct error *err)
{
	_cleanup_list_ struct kmod_list *list = NULL;
	struct kmod_list *l;

	if (kmod_module_new_from_lookup(w->kmod, name, &list) < 0 || !list)
		return unknown_module(w, e, name, err);
	kmod_list_foreach(l, list) {
		struct kmod_module *mod = kmod_module_get_module(l);
		struct strings own = {0}, pending = {0};
		int r = chain_add(w, common ? common : &own, &pending, mod, err);

		kmod_module_unref(mod);
		if (r < 0)
			return -1;
	}
	return 0;
}

static void add_load(struct walk *w, const char *path)
{
	w->set.loads = arena_grow(w->b->arena, w->set.loads, w->set.load_count, &w->load_cap, sizeof(*w->set.loads));
	w->set.loads[w->set.load_count++] = (struct load){.path = path, .parameters = ""};
}

/* Parameters are for the module named, which an earlier one may have brought in already. */
static void set_parameters(struct walk *w, const char *name, const char *parameters)
{
	for (size_t i = 0; i < w->set.load_count; i++)
		if (!strcmp(module_name(w->b->arena, w->set.loads[i].path), module_name(w->b->arena, name)))
			w->set.loads[i].parameters = parameters;
}

/* modules: "NAME [PARAMETER…]" */
static int walk_modules(struct walk *w, struct error *err)
{
	struct strings chain = {0};

	for (size_t i = 0; i < w->b->profile.modules.count; i++) {
		const struct entry e = {"modules", &w->b->profile.modules, i};
		const char *entry = w->b->profile.modules.items[i];
		size_t n = strcspn(entry, " \t"), before = chain.count;
		const char *name = arena_strndup(w->b->arena, entry, n);
		const char *parameters = entry + n + strspn(entry + n, " \t");

		if (chain_lookup(w, &e, name, &chain, err) < 0)
			return -1;
		for (size_t c = before; c < chain.count; c++)
			add_load(w, chain.items[c]);
		if (*parameters)
			set_parameters(w, name, parameters);
	}
	return 0;
}

/* A pattern of paths ("kernel/net/netfilter/xt_*") or of names ("virtio_*"). */
static int walk_pattern(struct walk *w, const struct entry *e, const char *pattern, struct error *err)
{
	struct arena *a = w->b->arena;
	bool paths = strchr(pattern, '/');
	const char *rooted = arena_printf(a, "/%s", pattern + (*pattern == '/'));
	size_t found = 0;

	for (size_t i = 0; i < w->k->tree->count; i++) {
		const struct node *n = &w->k->tree->nodes[i];
		const char *below, *name;

		if (!is_module_file(w, n))
			continue;
		name = module_name(a, n->path);
		below = n->path + strlen(w->k->modules);
		below = arena_strndup(a, below, path_uncompressed_length(below));
		if (!path_match(rooted, paths ? below : arena_printf(a, "/%s", name)))
			continue;
		found++;
		if (chain_lookup(w, e, name, NULL, err) < 0)
			return -1;
	}
	if (!found)
		return error_set(err, "%s: no module of kernel %s matches \"%s\"", entry_words(w, e), w->k->version, pattern);
	return 0;
}

static int walk_drivers(struct walk *w, struct error *err)
{
	for (size_t i = 0; i < w->b->profile.drivers.count; i++) {
		const struct entry e = {"drivers", &w->b->profile.drivers, i};
		const char *entry = w->b->profile.drivers.items[i];
		bool alias = strchr(entry, ':');
		bool pattern = !alias && strpbrk(entry, "/*?[{");
		int r = pattern ? walk_pattern(w, &e, entry, err) : chain_lookup(w, &e, entry, NULL, err);

		if (r < 0)
			return -1;
	}
	return 0;
}

/* Every module of the set gets the chain that loads it. */
static int fill_chains(struct walk *w, struct error *err)
{
	/* Chains hold members of the set only, so that it does not grow here: they were walked once already. */
	for (size_t i = 0; i < w->set.count; i++) {
		struct strings chain = {0}, pending = {0};
		struct kmod_module *mod = NULL;
		int r;

		if (kmod_module_new_from_name(w->kmod, w->set.modules[i].name, &mod) < 0)
			return error_set(err, "module %s: libkmod lost it", w->set.modules[i].name);
		r = chain_add(w, &chain, &pending, mod, err);
		kmod_module_unref(mod);
		if (r < 0)
			return -1;
		w->set.modules[i].chain = chain;
	}
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct module *)a)->path, ((const struct module *)b)->path);
}

int modules_walk(struct build *b, const struct kernel *k, const char *folder, struct module_set *out, struct error *err)
{
	/* No configuration of this machine (modprobe.d) has a say. */
	static const char *const no_config[] = {NULL};
	_cleanup_(cleanup_kmod) struct kmod_ctx *kmod = kmod_new(folder, no_config);
	struct walk w = {.b = b, .k = k, .kmod = kmod, .prefix = strlen(folder) + 1};

	if (!kmod)
		return error_set(err, "libkmod cannot open %s", folder);
	kmod_set_log_fn(kmod, NULL, NULL);
	kmod_load_resources(kmod);
	if (walk_modules(&w, err) < 0 || walk_drivers(&w, err) < 0 || fill_chains(&w, err) < 0)
		return -1;
	if (w.set.count)
		qsort(w.set.modules, w.set.count, sizeof(*w.set.modules), by_path);
	*out = w.set;
	return 0;
}
