#include <string.h>

#include "base/hex.h"
#include "node/agent/base64.h"
#include "node/agent/ignition.h"

/* data:[TYPE][;base64],DATA, the data with %XX (RFC 2397). */
int ignition_data_url(struct arena *a, const char *url, const char **out, size_t *size, struct error *err)
{
	const char *comma = strchr(url, ',');
	size_t head = comma ? (size_t)(comma - url) : 0, n = 0;
	bool base64 = head >= 7 && !strncmp(comma - 7, ";base64", 7);
	char *plain;

	if (!comma)
		return error_set(err, "a data: URL without a comma");
	plain = arena_alloc(a, strlen(comma) + 1);
	for (const char *p = comma + 1; *p; p++) {
		int high = *p == '%' && p[1] ? hex_digit(p[1]) : -1, low = high >= 0 && p[2] ? hex_digit(p[2]) : -1;

		if (*p == '%' && low < 0)
			return error_set(err, "a data: URL with \"%.3s\", which is no %%XX", p);
		plain[n++] = *p;
		if (*p == '%') {
			plain[n - 1] = (char)(high << 4 | low);
			p += 2;
		}
	}
	*out = plain;
	*size = n;
	return base64 ? cloud_base64(a, plain, n, out, size, err) : 0;
}

static const char *text_of(struct ignition *g, const struct value *map, const char *name, const char *path)
{
	const struct value *v = value_get(map, name, NULL);

	if (!v || v->type == VALUE_NULL)
		return NULL;
	if (v->type == VALUE_SCALAR)
		return v->text;
	ignition_complain(g, v, ignition_join(g, path, name), "expected a string");
	return NULL;
}

static void copy(struct ignition *g, const struct value *from, const char *name, struct value *to, const char *as)
{
	const struct value *key = NULL;
	struct value *v = value_get(from, name, &key);

	if (v && v->type != VALUE_NULL)
		cloud_set(g->c, to, key, as, v);
}

static void set_content(struct ignition *g, const struct value *source, const char *path, bool gzip, struct value *file)
{
	struct arena *a = g->c->r.arena;
	_cleanup_strbuf_ struct strbuf encoded = {0};
	_cleanup_error_ struct error err = {0};
	const char *data;
	size_t n;

	if (strncmp(source->text, "data:", 5) != 0) {
		static const char *const schemes[] = {"http://", "https://", "tftp://"};

		if (!has_scheme(source->text, schemes, 3)) {
			ignition_complain(g, source, path,
					  "\"%.40s\" is no address that a node reads: data:, http://, https:// or "
					  "tftp://",
					  source->text);
			return;
		}
		cloud_set(g->c, cloud_dig(g->c, file, source, "source"), source, "uri",
			  cloud_text_value(g->c, source->at, source->text));
		if (gzip)
			cloud_set(g->c, file, source, "encoding", cloud_text_value(g->c, source->at, "gzip"));
		return;
	}
	if (ignition_data_url(a, source->text, &data, &n, &err) < 0) {
		ignition_complain(g, source, path, "%s", error_text(&err));
		return;
	}
	/* What a text can hold stays readable in the effective configuration. */
	if (gzip || memchr(data, '\0', n)) {
		base64_encode(data, n, &encoded);
		data = arena_strdup(a, encoded.data ? encoded.data : "");
		cloud_set(g->c, file, source, "encoding", cloud_text_value(g->c, source->at, gzip ? "gz+b64" : "b64"));
	} else {
		data = arena_strndup(a, data, n);
	}
	cloud_set(g->c, file, source, "content", cloud_text_value(g->c, source->at, data));
}

void ignition_contents(struct ignition *g, const struct value *v, const char *path, struct value *file)
{
	const struct value *source = value_get(v, "source", NULL), *verification = value_get(v, "verification", NULL);
	const char *compression;

	if (!ignition_check(g, &ignition_resource, path, v))
		return;
	compression = text_of(g, v, "compression", path);
	if (compression && *compression && strcmp(compression, "gzip") != 0)
		ignition_complain(g, value_get(v, "compression", NULL), ignition_join(g, path, "compression"),
				  "\"%s\" is not gzip", compression);
	if (text_of(g, v, "source", path))
		set_content(g, source, ignition_join(g, path, "source"), compression && *compression, file);
	if (verification && verification->type != VALUE_NULL &&
	    ignition_check(g, &ignition_verification, ignition_join(g, path, "verification"), verification))
		copy(g, verification, "hash", file, "hash");
}

/* A decimal number; whoever writes it in quotes, or octal, means another one. */
static void set_mode(struct ignition *g, const struct value *v, const char *path, struct value *out)
{
	const struct value *key = NULL, *mode = value_get(v, "mode", &key);
	unsigned long n;

	if (!mode || mode->type == VALUE_NULL)
		return;
	if (mode->type != VALUE_SCALAR || !parse_number(mode->text, 0, 07777, &n) ||
	    (mode->text[0] == '0' && mode->text[1]))
		ignition_complain(g, mode, ignition_join(g, path, "mode"),
				  "expected a decimal number from 0 to 4095, as in 420, which is 0644");
	else
		cloud_set(g->c, out, key, "permissions",
			  cloud_text_value(g->c, mode->at, arena_printf(g->c->r.arena, "%04lo", n)));
}

/* {id: 1000} or {name: core} */
static const char *one_owner(struct ignition *g, const struct value *v, const char *name, const char *path)
{
	const struct value *who = value_get(v, name, NULL);
	const char *text;

	path = ignition_join(g, path, name);
	if (!who || who->type == VALUE_NULL || !ignition_check(g, &ignition_node_user, path, who))
		return "";
	text = text_of(g, who, "id", path);
	if (!text)
		text = text_of(g, who, "name", path);
	return text ? text : "";
}

static void set_owner(struct ignition *g, const struct value *v, const char *path, struct value *out)
{
	const char *user = one_owner(g, v, "user", path), *group = one_owner(g, v, "group", path);
	const struct value *key = NULL;

	if (!*user && !*group)
		return;
	value_get(v, *user ? "user" : "group", &key);
	cloud_set(
		g->c, out, key, "owner",
		cloud_text_value(g->c, key->at, arena_printf(g->c->r.arena, "%s%s%s", user, *group ? ":" : "", group)));
}

static struct value *new_node(struct ignition *g, const struct value *v, const char *path)
{
	struct value *out = value_new(g->c->r.arena, VALUE_MAP, v->at);
	const char *where = text_of(g, v, "path", path);

	if (!where)
		ignition_complain(g, v, path, "without \"path\"");
	else if (*where != '/')
		ignition_complain(g, value_get(v, "path", NULL), ignition_join(g, path, "path"),
				  "\"%s\" is no absolute path", where);
	copy(g, v, "path", out, "path");
	set_owner(g, v, path, out);
	return out;
}

static struct value *out_list(struct ignition *g, const struct value *key, const char *name)
{
	struct value *list = value_get(g->out, name, NULL);

	if (!list) {
		list = value_new(g->c->r.arena, VALUE_LIST, key->at);
		cloud_set(g->c, g->out, key, name, list);
	}
	return list;
}

static void read_file(struct ignition *g, const struct value *v, const char *path)
{
	const struct value *key = v, *contents = value_get(v, "contents", &key),
			   *append = ignition_list(g, v, "append", path);
	struct value *list = out_list(g, v, "write_files"), *file;
	bool overwrite = false;

	if (!ignition_check(g, &ignition_file, path, v))
		return;
	file = new_node(g, v, path);
	set_mode(g, v, path, file);
	if (value_get(v, "overwrite", NULL)) {
		const char *text = text_of(g, v, "overwrite", path);

		overwrite = text && !strcmp(text, "true");
	}
	cloud_set(g->c, file, key, "overwrite", cloud_text_value(g->c, v->at, overwrite ? "true" : "false"));
	if (contents && contents->type != VALUE_NULL)
		ignition_contents(g, contents, ignition_join(g, path, "contents"), file);
	value_add(g->c->r.arena, list, NULL, file);
	for (size_t i = 0; append && i < append->count; i++) {
		struct value *more = value_new(g->c->r.arena, VALUE_MAP, append->items[i]->at);

		copy(g, v, "path", more, "path");
		cloud_set(g->c, more, v, "append", cloud_text_value(g->c, append->items[i]->at, "true"));
		ignition_contents(g, append->items[i], ignition_item(g, ignition_join(g, path, "append"), i), more);
		value_add(g->c->r.arena, list, NULL, more);
	}
}

static void read_directory(struct ignition *g, const struct value *v, const char *path)
{
	struct value *folder;

	if (!ignition_check(g, &ignition_directory, path, v))
		return;
	folder = new_node(g, v, path);
	set_mode(g, v, path, folder);
	value_add(g->c->r.arena, out_list(g, v, "directories"), NULL, folder);
}

static void read_link(struct ignition *g, const struct value *v, const char *path)
{
	struct value *link;

	if (!ignition_check(g, &ignition_link, path, v))
		return;
	link = new_node(g, v, path);
	copy(g, v, "target", link, "target");
	copy(g, v, "hard", link, "hard");
	if (!value_get(v, "overwrite", NULL))
		cloud_set(g->c, link, v, "overwrite", cloud_text_value(g->c, v->at, "false"));
	copy(g, v, "overwrite", link, "overwrite");
	if (!text_of(g, v, "target", path))
		ignition_complain(g, v, path, "without \"target\"");
	value_add(g->c->r.arena, out_list(g, v, "links"), NULL, link);
}

void ignition_storage_read(struct ignition *g, const struct value *v)
{
	static const struct {
		const char *name;
		void (*read)(struct ignition *g, const struct value *v, const char *path);
	} parts[] = {{"directories", read_directory}, {"files", read_file}, {"links", read_link}};

	if (!ignition_check(g, &ignition_storage, "storage", v))
		return;
	for (size_t n = 0; n < sizeof(parts) / sizeof(*parts); n++) {
		const struct value *list = ignition_list(g, v, parts[n].name, "storage");

		for (size_t i = 0; list && i < list->count; i++)
			parts[n].read(g, list->items[i],
				      ignition_item(g, ignition_join(g, "storage", parts[n].name), i));
	}
}
