#include "config/registries.h"

#include <string.h>

#include "config/reader.h"
#include "config/syntax.h"

#define CONTAINERD_DIR "/etc/containerd/certs.d" /* as "config_path" of its configuration says */
#define DOCKER_DIR "/etc/docker/certs.d"

static bool is_http(const char *url)
{
	return begins_with(url, "http://");
}

static const char *after_scheme(const char *url)
{
	const char *end = strstr(url, "://");

	return end ? end + 3 : url;
}

static const char *authority_of(struct arena *a, const char *url)
{
	const char *host = after_scheme(url);

	return arena_strndup(a, host, strcspn(host, "/"));
}

/* It goes into TOML's quotes and into command lines. */
static bool check_mirror(struct reader *r, const struct value *name, const struct value *v)
{
	static const char *const schemes[] = {"http://", "https://"};

	return expect(r, name, v, has_scheme(v->text, schemes, 2) && !strpbrk(v->text, "\"\\$@?#"),
		      "the http:// or https:// address of a mirror");
}

static void read_mirrors(struct reader *r, const struct value *name, const struct value *v, struct registry *out)
{
	bool list = v->type == VALUE_LIST;

	for (size_t i = 0; i < (list ? v->count : 1); i++) {
		const struct value *url = list ? v->items[i] : v;

		if (is_text(r, name, url) && check_mirror(r, name, url) && !strings_has(&out->mirrors, url->text))
			strings_add(r->arena, &out->mirrors, url->text);
	}
}

static void read_parts_of(struct reader *r, const struct value *v, struct registry *out)
{
	for (size_t i = 0; i < v->count; i++) {
		const struct value *name = v->keys[i];

		if (!strcmp(name->text, "mirrors")) {
			read_mirrors(r, name, v->items[i], out);
		} else if (!strcmp(name->text, "ca")) {
			if (is_text(r, name, v->items[i])) {
				out->ca = v->items[i]->text;
				out->ca_at = v->items[i]->at;
			}
		} else {
			complain(r, name, "unknown key \"%s\": a registry has mirrors and ca", name->text);
		}
	}
}

void registries_read(struct reader *r, const struct value *name, const struct value *v, struct registries *out)
{
	if (!is_map(r, name, v, ""))
		return;
	for (size_t i = 0; i < v->count; i++) {
		struct registry registry = {.host = v->keys[i]->text, .at = v->keys[i]->at};
		size_t errors = r->diag->errors;

		if (!expect(r, name, v->keys[i],
			    consists_of(registry.host, LOWER UPPER DIGIT "_", LOWER UPPER DIGIT "_.:-"),
			    "the name of a registry, as in docker.io, or _default"))
			continue;
		if (v->items[i]->type == VALUE_MAP)
			read_parts_of(r, v->items[i], &registry);
		else
			read_mirrors(r, v->keys[i], v->items[i], &registry);
		if (r->diag->errors != errors)
			continue;
		if (!registry.mirrors.count && !registry.ca)
			complain(r, v->keys[i], "registry \"%s\" has neither mirrors nor a ca", registry.host);
		if (registry.ca && !strcmp(registry.host, REGISTRY_DEFAULT) && !registry.mirrors.count)
			complain(r, v->keys[i], "a ca for all registries belongs to the node's certificates, not here");
		out->items = arena_grow(r->arena, out->items, out->count, &out->cap, sizeof(*out->items));
		out->items[out->count++] = registry;
	}
}

void registries_write(struct json *j, const struct key *k, const void *field)
{
	const struct registries *all = field;

	if (!all->count)
		return;
	json_open_object(j, k->name);
	for (size_t i = 0; i < all->count; i++) {
		const struct registry *r = &all->items[i];

		json_open_object(j, r->host);
		json_open_array(j, "mirrors");
		for (size_t m = 0; m < r->mirrors.count; m++)
			json_string(j, NULL, r->mirrors.items[m]);
		json_close_array(j);
		if (r->ca)
			json_string(j, "ca", r->ca);
		json_close_object(j);
	}
	json_close_object(j);
}

static void write_host(const char *url, const char *ca_file, struct strbuf *out)
{
	const char *path = strchr(after_scheme(url), '/');

	strbuf_printf(out, "[host.\"%s\"]\n  capabilities = [\"pull\", \"resolve\"]\n", url);
	/* An address that has the API's own path is complete: nothing is put behind it. */
	if (path && !strncmp(path, "/v2", 3))
		strbuf_puts(out, "  override_path = true\n");
	if (ca_file && !is_http(url))
		strbuf_printf(out, "  ca = \"%s\"\n", ca_file);
}

struct files {
	struct arena *arena;
	struct registry_file *items;
	size_t count, cap;
};

static void add_file(struct files *f, const char *path, const char *text)
{
	for (size_t i = 0; i < f->count; i++)
		if (!strcmp(f->items[i].path, path))
			return;
	f->items = arena_grow(f->arena, f->items, f->count, &f->cap, sizeof(*f->items));
	f->items[f->count++] = (struct registry_file){path, text};
}

static void add_containerd(struct files *f, const struct registry *r)
{
	const char *dir = arena_printf(f->arena, CONTAINERD_DIR "/%s", r->host);
	const char *ca = r->ca ? arena_printf(f->arena, "%s/ca.crt", dir) : NULL;
	_cleanup_strbuf_ struct strbuf text = {0};

	if (r->mirrors.count)
		strbuf_puts(&text, "# Asked in this order, before the registry itself.\n");
	for (size_t i = 0; i < r->mirrors.count; i++)
		write_host(r->mirrors.items[i], ca, &text);
	if (!r->mirrors.count)
		write_host(arena_printf(f->arena, "https://%s", r->host), ca, &text);
	add_file(f, arena_printf(f->arena, "%s/hosts.toml", dir), arena_strdup(f->arena, text.data));
	if (ca)
		add_file(f, ca, r->ca);
}

/* dockerd has a folder for each host that it talks to. */
static void add_docker_ca(struct files *f, const struct registry *r)
{
	for (size_t i = 0; r->ca && i < r->mirrors.count; i++)
		if (!is_http(r->mirrors.items[i]))
			add_file(f, arena_printf(f->arena, DOCKER_DIR "/%s/ca.crt", authority_of(f->arena, r->mirrors.items[i])), r->ca);
	if (r->ca && strcmp(r->host, REGISTRY_DEFAULT) != 0)
		add_file(f, arena_printf(f->arena, DOCKER_DIR "/%s/ca.crt", r->host), r->ca);
}

size_t registries_files(struct arena *a, const struct registries *all, bool docker, const struct registry_file **out)
{
	struct files f = {.arena = a};

	for (size_t i = 0; i < all->count; i++)
		if (docker)
			add_docker_ca(&f, &all->items[i]);
		else
			add_containerd(&f, &all->items[i]);
	*out = f.items;
	return f.count;
}

static int add_docker(struct arena *a, const struct registry *r, struct strings *out, struct error *err)
{
	for (size_t i = 0; i < r->mirrors.count; i++) {
		const char *url = r->mirrors.items[i], *authority = authority_of(a, url);

		if (is_http(url))
			strings_add(a, out, arena_printf(a, "--insecure-registry=%s", authority));
		if (!strcmp(r->host, "docker.io"))
			strings_add(a, out, arena_printf(a, "--registry-mirror=%s", url));
		else if (strcmp(authority, r->host) != 0)
			return place_error(err, r->at, "registries: dockerd mirrors docker.io only: images of %s have to be asked "
					   "for by the mirror's own name, %s/…", r->host, authority);
	}
	return 0;
}

int registries_docker(struct arena *a, const struct registries *all, struct strings *out, struct error *err)
{
	for (size_t i = 0; i < all->count; i++)
		if (add_docker(a, &all->items[i], out, err) < 0)
			return -1;
	return 0;
}
