#include "builder/lock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/flat.h"
#include "base/strings.h"

struct package *lock_package(const struct lock *l, const char *repository, const char *name)
{
	for (size_t i = 0; i < l->package_count; i++)
		if (!strcmp(l->packages[i]->name, name) && !strcmp(l->packages[i]->repository, repository))
			return l->packages[i];
	return NULL;
}

const struct source_package *lock_source(const struct lock *l, const char *repository, const char *name)
{
	for (size_t i = 0; i < l->source_count; i++)
		if (!strcmp(l->sources[i].name, name) && !strcmp(l->sources[i].repository, repository))
			return &l->sources[i];
	return NULL;
}

const struct locked_hash *lock_hash(const struct lock *l, const char *kind, const char *name, const char *key)
{
	for (size_t i = 0; i < l->hash_count; i++)
		if (!strcmp(l->hashes[i].kind, kind) && !strcmp(l->hashes[i].name, name) && string_equal(l->hashes[i].key, key))
			return &l->hashes[i];
	return NULL;
}

void lock_add_package(struct lock *l, struct package *p)
{
	l->packages = arena_grow(l->arena, l->packages, l->package_count, &l->package_cap, sizeof(struct package *));
	l->packages[l->package_count++] = p;
}

void lock_add_source(struct lock *l, const struct source_package *p)
{
	l->sources = arena_grow(l->arena, l->sources, l->source_count, &l->source_cap, sizeof(*l->sources));
	l->sources[l->source_count++] = *p;
}

void lock_put_hash(struct lock *l, const struct locked_hash *h)
{
	for (size_t i = 0; i < l->hash_count; i++)
		if (!strcmp(l->hashes[i].kind, h->kind) && !strcmp(l->hashes[i].name, h->name) &&
		    string_equal(l->hashes[i].key, h->key)) {
			l->hashes[i] = *h;
			return;
		}
	l->hashes = arena_grow(l->arena, l->hashes, l->hash_count, &l->hash_cap, sizeof(*l->hashes));
	l->hashes[l->hash_count++] = *h;
}

static int compare_packages(const void *a_, const void *b_)
{
	const struct package *a = *(const struct package *const *)a_, *b = *(const struct package *const *)b_;
	int order = strcmp(a->repository, b->repository);

	return order ? order : strcmp(a->name, b->name);
}

static int compare_sources(const void *a_, const void *b_)
{
	const struct source_package *a = a_, *b = b_;
	int order = strcmp(a->repository, b->repository);

	return order ? order : strcmp(a->name, b->name);
}

static int compare_hashes(const void *a_, const void *b_)
{
	const struct locked_hash *a = a_, *b = b_;
	int order = strcmp(a->kind, b->kind);

	if (!order)
		order = strcmp(a->name, b->name);
	return order ? order : strcmp(a->key ? a->key : "", b->key ? b->key : "");
}

void lock_sort(struct lock *l)
{
	if (l->package_count)
		qsort(l->packages, l->package_count, sizeof(struct package *), compare_packages);
	if (l->source_count)
		qsort(l->sources, l->source_count, sizeof(*l->sources), compare_sources);
}

/* A sorted copy of n elements on the heap, to be freed. */
static void *sorted(const void *items, size_t n, size_t size, int (*compare)(const void *, const void *))
{
	void *copy = calloc(n + 1, size);

	if (!copy)
		abort();
	if (n) {
		memcpy(copy, items, n * size);
		qsort(copy, n, size, compare);
	}
	return copy;
}

static void write_package(const struct package *p, struct strbuf *out)
{
	char size[24], hex[HASH_HEX_SIZE];

	snprintf(size, sizeof(size), "%" PRIu64, p->file.size);
	hash_hex(&p->file.hash, hex);
	flat_word(out, "package");
	flat_word(out, p->repository);
	flat_word(out, p->name);
	flat_word(out, p->version);
	flat_word(out, p->arch);
	flat_word(out, size);
	flat_word(out, hex);
	flat_word(out, p->file.uri);
	if (p->direct)
		flat_word(out, "direct");
	if (p->used)
		flat_word(out, "used");
	flat_end(out);
	if (!p->depend_count)
		return;
	flat_word(out, "depends");
	for (size_t i = 0; i < p->depend_count; i++)
		flat_word(out, p->depends[i]);
	flat_end(out);
}

static void write_source(const struct source_package *p, struct strbuf *out)
{
	flat_add(out, "source", p->repository, p->name, p->version, NULL);
	for (size_t i = 0; i < p->file_count; i++) {
		char size[24], hex[HASH_HEX_SIZE];

		snprintf(size, sizeof(size), "%" PRIu64, p->files[i].size);
		flat_add(out, "file", p->files[i].name, size, hash_hex(&p->files[i].hash, hex), p->files[i].uri, NULL);
	}
}

static void write_hash(const struct locked_hash *h, struct strbuf *out)
{
	char hex[HASH_HEX_SIZE];

	flat_word(out, h->kind);
	flat_word(out, h->name);
	if (h->key)
		flat_word(out, h->key);
	if (strcmp(h->kind, "tool"))
		flat_word(out, hash_hex(&h->hash, hex));
	flat_end(out);
}

void lock_write(const struct lock *l, struct strbuf *out)
{
	struct package **packages = sorted(l->packages, l->package_count, sizeof(*packages), compare_packages);
	struct source_package *sources = sorted(l->sources, l->source_count, sizeof(*sources), compare_sources);
	struct locked_hash *hashes = sorted(l->hashes, l->hash_count, sizeof(*hashes), compare_hashes);
	char hex[HASH_HEX_SIZE];

	strbuf_puts(out, "# Written by mkdl: what exactly this image was made from. Keep it to build the same image again.\n");
	flat_add(out, "mkdl-lock", "1", NULL);
	flat_add(out, "request", hash_hex(&l->request, hex), NULL);
	for (size_t i = 0; i < l->package_count; i++)
		write_package(packages[i], out);
	for (size_t i = 0; i < l->source_count; i++)
		write_source(&sources[i], out);
	for (size_t i = 0; i < l->hash_count; i++)
		write_hash(&hashes[i], out);
	free(packages);
	free(sources);
	free(hashes);
}

/* The lock under construction, and the line that it is at. */
struct reading {
	struct lock lock;
	const char *name;
	const struct flat_line *line;
	bool request;
	struct package *package;       /* the record before, for "depends" */
	struct source_package *source; /* likewise, for "file" */
	size_t file_cap;
};

static int bad(const struct reading *r, const char *what, struct error *err)
{
	return error_set(err, "%s:%u: %s", r->name, r->line->number, what);
}

/* SIZE SHA256 URI, or with the size missing when words is NULL-terminated earlier (checked by the caller). */
static int read_download(struct reading *r, const char *size, const char *hex, const char *uri, struct download *out,
			 struct error *err)
{
	char *end;

	if (!*size || size[strspn(size, "0123456789")] || strlen(size) > 18)
		return bad(r, "bad size", err);
	out->size = strtoull(size, &end, 10);
	if (!hash_parse(hex, &out->hash))
		return bad(r, "bad sha256", err);
	if (!strchr(uri, ':'))
		return bad(r, "bad URI", err);
	out->uri = uri;
	return 0;
}

static int read_package(struct reading *r, struct error *err)
{
	const char **w = r->line->words;
	struct package *p = arena_new(r->lock.arena, struct package);

	if (r->line->count < 8)
		return bad(r, "package: too few words", err);
	*p = (struct package){.repository = w[1], .name = w[2], .version = w[3], .arch = w[4]};
	if (read_download(r, w[5], w[6], w[7], &p->file, err) < 0)
		return -1;
	p->file.name = arena_printf(r->lock.arena, "%s_%s_%s.deb", p->name, p->version, p->arch);
	for (size_t i = 8; i < r->line->count; i++) {
		if (!strcmp(w[i], "direct"))
			p->direct = true;
		else if (!strcmp(w[i], "used"))
			p->used = true;
		else
			return bad(r, "unknown flag of a package", err);
	}
	if (lock_package(&r->lock, p->repository, p->name))
		return bad(r, "the package comes twice", err);
	lock_add_package(&r->lock, p);
	r->package = p;
	return 0;
}

static int read_depends(struct reading *r, struct error *err)
{
	if (!r->package || r->package->depends)
		return bad(r, "\"depends\" without its package", err);
	r->package->depends = r->line->words + 1;
	r->package->depend_count = r->line->count - 1;
	return 0;
}

static int read_source(struct reading *r, struct error *err)
{
	const char **w = r->line->words;
	struct source_package p;

	if (r->line->count != 4)
		return bad(r, "source: expected REPOSITORY NAME VERSION", err);
	p = (struct source_package){.repository = w[1], .name = w[2], .version = w[3]};
	lock_add_source(&r->lock, &p);
	r->source = &r->lock.sources[r->lock.source_count - 1];
	r->file_cap = 0;
	return 0;
}

static int read_file(struct reading *r, struct error *err)
{
	const char **w = r->line->words;
	struct download d = {0};

	if (!r->source)
		return bad(r, "\"file\" without its source", err);
	if (r->line->count != 5 || strchr(w[1], '/'))
		return bad(r, "file: expected NAME SIZE SHA256 URI", err);
	d.name = w[1];
	if (read_download(r, w[2], w[3], w[4], &d, err) < 0)
		return -1;
	r->source->files = arena_grow(r->lock.arena, r->source->files, r->source->file_count, &r->file_cap, sizeof(d));
	r->source->files[r->source->file_count++] = d;
	return 0;
}

static int read_hash(struct reading *r, struct error *err)
{
	const char **w = r->line->words;
	bool recipe = !strcmp(w[0], "recipe"), tool = !strcmp(w[0], "tool");
	struct locked_hash h = {.kind = w[0], .name = w[1]};

	if (r->line->count != (recipe ? 4 : 3))
		return bad(r, "wrong number of words", err);
	if (recipe || tool)
		h.key = w[2];
	if (!tool && !hash_parse(w[r->line->count - 1], &h.hash))
		return bad(r, "bad sha256", err);
	lock_put_hash(&r->lock, &h);
	return 0;
}

static int read_request(struct reading *r, struct error *err)
{
	if (r->line->count != 2 || !hash_parse(r->line->words[1], &r->lock.request))
		return bad(r, "request: expected one sha256", err);
	r->request = true;
	return 0;
}

static int read_record(struct reading *r, struct error *err)
{
	static const struct {
		const char *word;
		int (*read)(struct reading *r, struct error *err);
	} records[] = {
		{"request", read_request}, {"package", read_package}, {"depends", read_depends}, {"source", read_source},
		{"file", read_file}, {"url", read_hash}, {"path", read_hash}, {"recipe", read_hash}, {"tool", read_hash},
	};
	const char *word = r->line->words[0];

	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		if (strcmp(word, records[i].word))
			continue;
		if (records[i].read(r, err) < 0)
			return -1;
		if (strcmp(word, "package"))
			r->package = NULL;
		if (strcmp(word, "source") && strcmp(word, "file"))
			r->source = NULL;
		return 0;
	}
	return error_set(err, "%s:%u: unknown record \"%s\"", r->name, r->line->number, word);
}

int lock_read(struct lock *l, struct arena *a, const char *name, const char *text, size_t n, struct error *err)
{
	struct reading r = {.lock = {.arena = a}, .name = name};
	struct flat flat;

	if (flat_parse(a, name, text, n, &flat, err) < 0)
		return -1;
	for (size_t i = 0; i < flat.count; i++) {
		r.line = &flat.lines[i];
		if (i == 0) {
			if (r.line->count != 2 || strcmp(r.line->words[0], "mkdl-lock"))
				return error_set(err, "%s: not a lock of mkdl", name);
			if (strcmp(r.line->words[1], "1"))
				return error_set(err, "%s: a lock of version %s; this mkdl reads version 1", name,
						 r.line->words[1]);
			continue;
		}
		if (read_record(&r, err) < 0)
			return -1;
	}
	if (!r.request)
		return error_set(err, "%s: no \"request\" in it: not a whole lock", name);
	*l = r.lock;
	return 0;
}
