/* Types of values that only a profile has. */
#include "builder/profile-private.h"

#include <fcntl.h>
#include <string.h>

#include "base/file.h"

enum { CERTIFICATE_LIMIT = 1 << 20 };

/* A file on the host: kept as an absolute path. */
static void read_file(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		      void *field)
{
	const char *path;

	if (!is_accepted(r, k, name, v))
		return;
	path = loader_find(loader_of(r), v->at, "", v->text);
	if (path)
		*(const char **)field = path;
	else
		complain(r, v, "\"%s\": there is no file \"%s\" in the project's folder or in mkdl's own", name->text,
			 v->text);
}

const struct key_type type_file = {"file on this machine", read_file, write_text, NULL};

static void read_files(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		       void *field)
{
	struct strings list = {0};

	if (!is_list(r, name, v))
		return;
	list.items = arena_calloc(r->arena, v->count + 1, sizeof(*list.items));
	for (size_t i = 0; i < v->count; i++) {
		const char *path = NULL;

		read_file(r, k, name, v->items[i], &path);
		if (path && !strings_has(&list, path))
			list.items[list.count++] = path;
	}
	*(struct strings *)field = list;
}

const struct key_type type_files = {"list of files on this machine", read_files, write_list, NULL};

static void read_layer(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		       void *field)
{
	const char *words[LAYER_MANIFEST - LAYER_USERLAND];
	int i;

	(void)k;
	if (!is_text(r, name, v))
		return;
	for (i = LAYER_USERLAND; i < LAYER_MANIFEST; i++)
		words[i - LAYER_USERLAND] = layer_name((enum layer)i);
	i = choose(r, v, "layer", words, LAYER_MANIFEST - LAYER_USERLAND);
	if (i >= 0)
		*(enum layer *)field = LAYER_USERLAND + (enum layer)i;
}

static void write_layer(struct json *j, const struct key *k, const void *field)
{
	json_string(j, k->name, layer_name(*(const enum layer *)field));
}

const struct key_type type_layer = {"layer", read_layer, write_layer, NULL};

static void read_skip(struct reader *r, const struct key *k, const struct value *name, const struct value *v,
		      void *field)
{
	(void)r, (void)k, (void)name, (void)v, (void)field;
}

static void write_skip(struct json *j, const struct key *k, const void *field)
{
	(void)j, (void)k, (void)field;
}

/* extends: read with the files, gone when they are merged. */
const struct key_type type_skip = {"profile, or list of profiles", read_skip, write_skip, NULL};

/* A number that its map reads (compression). */
const struct key_type type_number_skip = {"number", read_skip, write_skip, NULL};

static bool is_pem(const char *text)
{
	const char *begin = strstr(text, "-----BEGIN CERTIFICATE-----");

	return begin && strstr(begin, "-----END CERTIFICATE-----");
}

/* A profile names a file, or has the certificate itself; the struct has the certificate. */
static bool read_authority(struct reader *r, struct registry *registry)
{
	const struct value v = {.type = VALUE_SCALAR, .at = registry->ca_at, .width = 1, .text = registry->ca};
	_cleanup_error_ struct error err = {0};
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *path;

	if (is_pem(registry->ca))
		return true;
	path = loader_find(loader_of(r), registry->ca_at, "", registry->ca);
	if (!path) {
		complain(r, &v, "\"ca\": there is no file \"%s\" in the project's folder or in mkdl's own", registry->ca);
		return false;
	}
	if (file_read_at(AT_FDCWD, path, CERTIFICATE_LIMIT, &text, &err) < 0) {
		complain(r, &v, "\"ca\": %s", error_text(&err));
		return false;
	}
	if (!text.data || !is_pem(text.data)) {
		complain(r, &v, "\"ca\": %s holds no certificate (-----BEGIN CERTIFICATE-----)", registry->ca);
		return false;
	}
	registry->ca = arena_strdup(r->arena, text.data);
	return true;
}

static void read_registries(struct reader *r, const struct key *k, const struct value *name, const struct value *v, void *field)
{
	struct registries all = {0};

	(void)k;
	registries_read(r, name, v, &all);
	for (size_t i = 0; i < all.count; i++)
		if (all.items[i].ca && !read_authority(r, &all.items[i]))
			return;
	*(struct registries *)field = all;
}

const struct key_type type_registries = {"map of registries", read_registries, registries_write, NULL};
