#include "builder/modules-resolve.h"

#include <string.h>

#include "base/flat.h"
#include "builder/kernel.h"
#include "builder/modules-private.h"

/* What is remembered of a resolution, as flat records: "load PATH PARAMETERS", and for each module "module PATH NAME"
 * followed by its "chain PATH…", "alias PATTERN", "firmware NAME" and "softdep TEXT". */
static void write_set(const struct module_set *set, struct strbuf *out)
{
	for (size_t i = 0; i < set->load_count; i++)
		flat_add(out, "load", set->loads[i].path, set->loads[i].parameters, NULL);
	for (size_t i = 0; i < set->count; i++) {
		const struct module *m = &set->modules[i];

		flat_add(out, "module", m->path, m->name, NULL);
		flat_word(out, "chain");
		for (size_t k = 0; k < m->chain.count; k++)
			flat_word(out, m->chain.items[k]);
		flat_end(out);
		for (size_t k = 0; k < m->aliases.count; k++)
			flat_add(out, "alias", m->aliases.items[k], NULL);
		for (size_t k = 0; k < m->firmware.count; k++)
			flat_add(out, "firmware", m->firmware.items[k], NULL);
		for (size_t k = 0; k < m->softdeps.count; k++)
			flat_add(out, "softdep", m->softdeps.items[k], NULL);
	}
}

static bool read_record(struct arena *a, const struct flat_line *line, struct module_set *set)
{
	struct module *m = set->count ? &set->modules[set->count - 1] : NULL;
	const char *kind = line->words[0];
	struct strings *list;

	if (!strcmp(kind, "load") && line->count == 3) {
		set->loads[set->load_count++] = (struct load){.path = line->words[1], .parameters = line->words[2]};
		return true;
	}
	if (!strcmp(kind, "module") && line->count == 3) {
		set->modules[set->count++] = (struct module){.path = line->words[1], .name = line->words[2]};
		return true;
	}
	if (!m)
		return false;
	if (!strcmp(kind, "chain")) {
		m->chain = (struct strings){.items = line->words + 1, .count = line->count - 1};
		return true;
	}
	list = !strcmp(kind, "alias") ? &m->aliases : !strcmp(kind, "firmware") ? &m->firmware : &m->softdeps;
	if (line->count != 2)
		return false;
	strings_add(a, list, line->words[1]);
	return true;
}

static bool read_set(struct arena *a, const struct strbuf *text, struct module_set *out)
{
	_cleanup_error_ struct error ignored = {0};
	struct module_set set = {0};
	struct flat flat;

	if (flat_parse(a, "modules", text->data, text->len, &flat, &ignored) < 0)
		return false;
	set.loads = arena_calloc(a, flat.count + 1, sizeof(*set.loads));
	set.modules = arena_calloc(a, flat.count + 1, sizeof(*set.modules));
	for (size_t i = 0; i < flat.count; i++)
		if (!read_record(a, &flat.lines[i], &set))
			return false;
	*out = set;
	return true;
}

static struct hash result_key(struct build *b, const struct hash *folder)
{
	const struct strings *lists[] = {&b->profile.modules, &b->profile.drivers};
	struct hasher h;

	hash_begin(&h);
	hash_add_string(&h, "mkdl modules 1");
	hash_add(&h, folder->bytes, HASH_SIZE);
	for (size_t l = 0; l < 2; l++) {
		for (size_t i = 0; i < lists[l]->count; i++)
			hash_add_string(&h, lists[l]->items[i]);
		hash_add_string(&h, "");
	}
	return hash_end(&h);
}

int modules_resolve(struct build *b, const struct kernel *k, struct module_set *out, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0}, fresh = {0};
	struct hash folder_key, key;
	const char *folder;
	int found;

	if (modules_folder(b, k, &folder, &folder_key, err) < 0)
		return -1;
	key = result_key(b, &folder_key);
	found = store_get_result(&b->store, "modules-set", &key, &text, err);
	if (found < 0)
		return -1;
	if (found && read_set(b->arena, &text, out))
		return 0;
	if (modules_walk(b, k, folder, out, err) < 0)
		return -1;
	write_set(out, &fresh);
	return fresh.len ? store_put_result(&b->store, "modules-set", &key, fresh.data, fresh.len, err) : 0;
}
