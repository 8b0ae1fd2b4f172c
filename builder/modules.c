#include "builder/modules.h"

#include <stdlib.h>
#include <string.h>

#include "base/flat.h"
#include "base/path.h"
#include "builder/decompress.h"
#include "builder/firmware.h"
#include "builder/generated.h"
#include "builder/modules-resolve.h"
#include "builder/usr-merge.h"
#include "init/plan.h"

/* A module's path in the image: decompressed, and where PID 1 opens it. */
static const char *image_path(struct build *b, const struct kernel *k, const char *module)
{
	return arena_printf(b->arena, "/usr/lib/modules/%s/%.*s", k->version, (int)path_uncompressed_length(module),
			    module);
}

static bool is_loaded(const struct module_set *set, const char *path)
{
	for (size_t i = 0; i < set->load_count; i++)
		if (!strcmp(set->loads[i].path, path))
			return true;
	return false;
}

static int add_files(struct build *b, const struct kernel *k, const struct module_set *set, struct error *err)
{
	for (size_t i = 0; i < set->count; i++) {
		const char *path = path_join(b->arena, k->modules, set->modules[i].path);
		const struct node *from = tree_find(k->tree, path);
		struct node n;

		if (!from)
			return error_set(err, "kernel %s: %s is gone from its own listing", k->version, path);
		n = *from;
		if (node_decompress(&b->store, b->arena, &n, err) < 0)
			return -1;
		usr_merge_node(b->arena, &n);
		n.mode = 0644;
		n.layer = LAYER_MODULES;
		n.reason = is_loaded(set, set->modules[i].path) ? "modules: of the profile, loaded at boot" :
								  "drivers: of the profile, loaded when hardware asks";
		tree_add(&b->tree, &n);
	}
	return 0;
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Lines in bytewise order, each once. */
static void sort_lines(struct arena *a, const struct strbuf *in, struct strbuf *out)
{
	struct strings lines = {0};

	for (const char *p = in->data ? in->data : ""; *p;) {
		size_t n = strcspn(p, "\n") + 1;

		strings_add(a, &lines, arena_strndup(a, p, n));
		p += n;
	}
	if (lines.count)
		qsort(lines.items, lines.count, sizeof(*lines.items), compare_lines);
	for (size_t i = 0; i < lines.count; i++)
		if (!i || strcmp(lines.items[i], lines.items[i - 1]) != 0)
			strbuf_puts(out, lines.items[i]);
}

static int add_load_list(struct build *b, const struct kernel *k, const struct module_set *set, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct plan_modules check;

	strbuf_add(&text, "", 0);
	for (size_t i = 0; i < set->load_count; i++) {
		const char *p = set->loads[i].parameters;

		flat_word(&text, "load");
		flat_word(&text, image_path(b, k, set->loads[i].path));
		while (*p) {
			size_t n = strcspn(p, " \t");

			flat_word(&text, arena_strndup(b->arena, p, n));
			p += n + strspn(p + n, " \t");
		}
		flat_end(&text);
	}
	if (plan_parse_modules(b->arena, "/etc/mkdl/modules", text.data, text.len, &check, err) < 0)
		return -1;
	return generated_add(b, "/etc/mkdl/modules", text.data, text.len, LAYER_MODULES, "modules: of the profile",
			     err);
}

/* Only aliases of devices ("pci:…"), and of kinds of links, which the network program loads ("rtnl-link-vlan"); what else the
 * kernel asks modprobe for ("fs-ext4") is in modules.alias. */
static int add_alias_table(struct build *b, const struct kernel *k, const struct module_set *set, struct error *err)
{
	_cleanup_strbuf_ struct strbuf lines = {0}, text = {0};
	struct plan_aliases check;

	for (size_t i = 0; i < set->count; i++) {
		const struct module *m = &set->modules[i];

		for (size_t p = 0; p < m->aliases.count && !is_loaded(set, m->path); p++) {
			if (!strchr(m->aliases.items[p], ':') && strncmp(m->aliases.items[p], "rtnl-link-", 10) != 0)
				continue;
			flat_word(&lines, m->aliases.items[p]);
			for (size_t c = 0; c < m->chain.count; c++)
				if (!is_loaded(set, m->chain.items[c]))
					flat_word(&lines, image_path(b, k, m->chain.items[c]));
			flat_end(&lines);
		}
	}
	strbuf_add(&text, "", 0);
	sort_lines(b->arena, &lines, &text);
	if (plan_parse_modalias(b->arena, "/etc/mkdl/modalias", text.data, text.len, &check, err) < 0)
		return -1;
	return generated_add(b, "/etc/mkdl/modalias", text.data, text.len, LAYER_MODULES, "drivers: of the profile",
			     err);
}

/* modprobe's own indexes, of the modules that are in the image, in their text form (depmod(8), modules.dep(5)). */
static void write_indexes(const struct module_set *set, struct strbuf *dep, struct strbuf *alias,
			  struct strbuf *softdep)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct module *m = &set->modules[i];
		size_t before;

		strbuf_printf(dep, "%.*s:", (int)path_uncompressed_length(m->path), m->path);
		before = 0;
		while (before < m->chain.count && strcmp(m->chain.items[before], m->path) != 0)
			before++;
		/* Last comes what is to be loaded first. */
		for (size_t c = before; c-- > 0;)
			strbuf_printf(dep, " %.*s", (int)path_uncompressed_length(m->chain.items[c]),
				      m->chain.items[c]);
		strbuf_puts(dep, "\n");
		for (size_t a = 0; a < m->aliases.count; a++)
			strbuf_printf(alias, "alias %s %s\n", m->aliases.items[a], m->name);
		for (size_t s = 0; s < m->softdeps.count; s++)
			strbuf_printf(softdep, "softdep %s %s\n", m->name, m->softdeps.items[s]);
	}
}

static int add_indexes(struct build *b, const struct kernel *k, const struct module_set *set, struct error *err)
{
	_cleanup_strbuf_ struct strbuf dep = {0}, alias = {0}, softdep = {0};
	const struct node *builtin = tree_find(k->tree, path_join(b->arena, k->modules, "modules.builtin"));
	const char *dir = arena_printf(b->arena, "/usr/lib/modules/%s", k->version), *why = "index for modprobe";
	struct {
		const char *name;
		struct strbuf *text;
	} const files[] = {{"modules.dep", &dep}, {"modules.alias", &alias}, {"modules.softdep", &softdep}};

	write_indexes(set, &dep, &alias, &softdep);
	for (size_t i = 0; i < 3; i++)
		if (generated_add(b, path_join(b->arena, dir, files[i].name), files[i].text->data, files[i].text->len,
				  LAYER_MODULES, why, err) < 0)
			return -1;
	if (builtin) {
		struct node n = *builtin;

		n.path = path_join(b->arena, dir, "modules.builtin");
		n.mode = 0644;
		n.layer = LAYER_MODULES;
		n.reason = why;
		tree_add(&b->tree, &n);
	}
	return 0;
}

int modules_add(struct build *b, const struct kernel *k, struct error *err)
{
	struct module_set set = {0};

	if (!k->modules)
		return 0;
	if (modules_resolve(b, k, &set, err) < 0)
		return -1;
	if (add_files(b, k, &set, err) < 0 || firmware_add(b, &set, err) < 0 || add_load_list(b, k, &set, err) < 0 ||
	    add_alias_table(b, k, &set, err) < 0)
		return -1;
	return add_indexes(b, k, &set, err);
}
