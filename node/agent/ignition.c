#include "node/agent/ignition.h"

#include <string.h>

enum { NEWEST = 5 };

static struct value *read_document(struct cloud *c, const struct document *d, unsigned depth, unsigned *configs);

/* "3.4.0" → 4. What is experimental, or of another major version, is said to be so. */
static bool read_version(struct ignition *g, const struct value *v)
{
	const struct value *section = value_get(v, "ignition", NULL), *version = value_get(section, "version", NULL);
	const char *text = version && version->type == VALUE_SCALAR ? version->text : NULL;

	if (!section) {
		complain(&g->c->r, v, "this is no Ignition configuration: it has no \"ignition\"");
		return false;
	}
	if (!text) {
		complain(&g->c->r, section,
			 "ignition.version: missing; it says how the rest is to be read, as in \"3.4.0\"");
		return false;
	}
	if (!strncmp(text, "2.", 2) || !strcmp(text, "1") || !strncmp(text, "1.", 2)) {
		complain(&g->c->r, version,
			 "ignition.version: %s is read by Container Linux only; bring the configuration to version 3 "
			 "(butane "
			 "or ign-converter do)",
			 text);
		return false;
	}
	if (strlen(text) != 5 || strncmp(text, "3.", 2) != 0 || text[2] < '0' || text[2] > '0' + NEWEST ||
	    strcmp(text + 3, ".0") != 0) {
		complain(&g->c->r, version, "ignition.version: \"%s\" is none of 3.0.0 to 3.%d.0", text, NEWEST);
		return false;
	}
	g->minor = (unsigned)(text[2] - '0');
	return true;
}

/* The text of a configuration that another one names. */
static bool fetch(struct ignition *g, const struct value *v, const char *path, struct document *out)
{
	struct config *config = g->c->config;
	_cleanup_error_ struct error err = {0};
	struct value *file = value_new(g->c->r.arena, VALUE_MAP, v->at);
	const char *data = NULL, *name = g->name;
	size_t n = 0;
	struct settings settings = {0};
	struct cloud scratch = *g->c;
	struct setting_file *f;

	ignition_contents(g, v, path, file);
	/* Read as a file would be, which unpacks and checks it. */
	cloud_set(g->c, file, v, "path", cloud_text_value(g->c, v->at, "/config"));
	struct value *list = value_new(g->c->r.arena, VALUE_LIST, v->at);

	value_add(g->c->r.arena, list, NULL, file);
	scratch.settings = &settings;
	cloud_read_files(&scratch, NULL, v, list, NULL);
	if (!settings.file_count)
		return false;
	f = &settings.files[0];
	if (f->content.url)
		name = f->content.url;
	else
		name = arena_printf(g->c->r.arena, "%s %s", g->name, path);
	if (cloud_content(g->c->r.arena, config, &f->content, &err) < 0) {
		complain(&g->c->r, v, "%s: %s", path, error_text(&err));
		return false;
	}
	data = f->content.data;
	n = f->content.size;
	if (memchr(data, '\0', n)) {
		complain(&g->c->r, v, "%s: a configuration with a NUL byte in it", path);
		return false;
	}
	*out = (struct document){
		.kind = DOCUMENT_IGNITION, .source = name, .name = name, .line = 1, .text = data, .size = n};
	return true;
}

static struct value *read_named(struct ignition *g, const struct value *v, const char *path)
{
	struct document d;

	if (g->depth + 1 > IGNITION_DEPTH || ++*g->configs > IGNITION_CONFIGS) {
		ignition_complain(g, v, path, "more than %d configurations, or more than %d that name each other",
				  IGNITION_CONFIGS, IGNITION_DEPTH);
		return NULL;
	}
	return fetch(g, v, path, &d) ? read_document(g->c, &d, g->depth + 1, g->configs) : NULL;
}

/* True when another configuration takes the place of this one. */
static bool read_config(struct ignition *g, const struct value *v, bool merges)
{
	static const char path[] = "ignition.config";
	const struct value *replace = value_get(v, "replace", NULL), *merge;

	if (!ignition_check(g, &ignition_config, path, v))
		return false;
	if (!merges) {
		struct value *source =
				     replace && replace->type == VALUE_MAP ? value_get(replace, "source", NULL) : NULL,
			     *other;

		if (!source || source->type == VALUE_NULL)
			return false;
		other = read_named(g, replace, "ignition.config.replace");
		if (other)
			g->out = other;
		return true;
	}
	merge = ignition_list(g, v, "merge", path);
	for (size_t i = 0; merge && i < merge->count; i++) {
		struct value *other = read_named(g, merge->items[i], ignition_item(g, "ignition.config.merge", i));

		if (other)
			g->out = merge_values(g->c, g->out, other);
	}
	return false;
}

static void read_authorities(struct ignition *g, const struct value *tls)
{
	static const char path[] = "ignition.security.tls";
	const struct value *list;
	struct value *trusted;

	if (!ignition_check(g, &ignition_tls, path, tls))
		return;
	list = ignition_list(g, tls, "certificateAuthorities", path);
	if (!list || !list->count)
		return;
	trusted = value_new(g->c->r.arena, VALUE_LIST, list->at);
	for (size_t i = 0; i < list->count; i++) {
		const char *here = ignition_item(g, "ignition.security.tls.certificateAuthorities", i);
		struct value *file = value_new(g->c->r.arena, VALUE_MAP, list->items[i]->at), *content;

		ignition_contents(g, list->items[i], here, file);
		content = value_get(file, "content", NULL);
		if (content && !value_get(file, "encoding", NULL))
			value_add(g->c->r.arena, trusted, NULL, content);
		else if (value_get(file, "source", NULL) || content)
			ignition_complain(g, list->items[i], here,
					  "a certificate is written here as it is, in a data: URL");
	}
	cloud_set(g->c, cloud_dig(g->c, g->out, list, "ca_certs"), list, "trusted", trusted);
}

static void read_security(struct ignition *g, const struct value *v)
{
	const struct value *tls = value_get(v, "tls", NULL);

	if (ignition_check(g, &ignition_security, "ignition.security", v) && tls && tls->type != VALUE_NULL)
		read_authorities(g, tls);
}

static void read_sections(struct ignition *g, const struct value *v)
{
	const struct value *section = value_get(v, "ignition", NULL), *config = value_get(section, "config", NULL);
	const struct value *security = value_get(section, "security", NULL), *storage = value_get(v, "storage", NULL);
	const struct value *passwd = value_get(v, "passwd", NULL);
	bool replaced = config && config->type != VALUE_NULL && read_config(g, config, false);

	if (replaced)
		return;
	if (security && security->type != VALUE_NULL)
		read_security(g, security);
	if (storage && storage->type != VALUE_NULL)
		ignition_storage_read(g, storage);
	if (passwd && passwd->type != VALUE_NULL)
		ignition_passwd_read(g, passwd);
	if (config && config->type != VALUE_NULL)
		read_config(g, config, true);
}

static struct value *read_document(struct cloud *c, const struct document *d, unsigned depth, unsigned *configs)
{
	struct ignition g = {.c = c, .name = d->name, .depth = depth, .configs = configs};
	struct value *v = ignition_parse(c, d);

	if (!v || !read_version(&g, v))
		return NULL;
	g.out = value_new(c->r.arena, VALUE_MAP, v->at);
	if (ignition_check(&g, &ignition_top, "", v) &&
	    ignition_check(&g, &ignition_ignition, "ignition", value_get(v, "ignition", NULL)))
		read_sections(&g, v);
	return g.out;
}

struct value *ignition_values(struct cloud *c, const struct document *d)
{
	unsigned configs = 0;

	return read_document(c, d, 0, &configs);
}
