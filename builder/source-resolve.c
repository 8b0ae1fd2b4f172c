/* What a profile asks for, and the lock that answers it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file.h"
#include "builder/apt.h"
#include "builder/source-private.h"

enum { LOCK_LIMIT = 64 * 1024 * 1024 };

/* One line for everything that the resolution depends on; sorted, so that the order in the profile does not matter. */
struct request {
	struct build *build;
	const char **lines;
	size_t count, cap;
	struct apt_request *groups; /* one per repository */
	size_t group_count, group_cap;
};

static void add_line(struct request *r, const char *line)
{
	r->lines = arena_grow(r->build->arena, r->lines, r->count, &r->cap, sizeof(*r->lines));
	r->lines[r->count++] = line;
}

static const struct repository *find_repository(const struct profile *p, const char *name)
{
	for (size_t i = 0; i < p->repository_count; i++)
		if (!strcmp(p->repositories[i].name, name))
			return &p->repositories[i];
	return NULL;
}

/* The group of packages from this repository (NULL: the host's). */
static int find_group(struct request *r, const struct source *s, const char *name, struct apt_request **out,
		      struct error *err)
{
	const struct repository *repository = name ? find_repository(&r->build->profile, name) : NULL;

	if (name && (!repository || !strcmp(name, APT_HOST)))
		return place_error(err, s->at, "%s: there is no repository \"%s\" under repositories:", s->spec, name);
	for (size_t i = 0; i < r->group_count; i++)
		if (r->groups[i].repository == repository) {
			*out = &r->groups[i];
			return 0;
		}
	r->groups = arena_grow(r->build->arena, r->groups, r->group_count, &r->group_cap, sizeof(*r->groups));
	r->groups[r->group_count] = (struct apt_request){.repository = repository};
	*out = &r->groups[r->group_count++];
	return 0;
}

static void add_want(struct arena *a, struct apt_want **list, size_t *count, size_t *cap, const char *name, struct place at)
{
	for (size_t i = 0; i < *count; i++)
		if (!strcmp((*list)[i].name, name))
			return;
	*list = arena_grow(a, *list, *count, cap, sizeof(**list));
	(*list)[(*count)++] = (struct apt_want){.name = name, .at = at};
}

static int add_package(struct request *r, const struct source *s, struct error *err)
{
	struct arena *a = r->build->arena;
	struct apt_request *g;

	if (find_group(r, s, s->repository, &g, err) < 0)
		return -1;
	add_want(a, &g->packages, &g->package_count, &g->package_cap, s->spec, s->at);
	add_line(r, arena_printf(a, "apt %s %s", apt_repository(s->repository), s->spec));
	return 0;
}

static int add_recipe(struct request *r, const struct source *s, struct error *err)
{
	struct arena *a = r->build->arena;
	struct recipe_inputs inputs = {0};
	struct apt_request *g;

	if (recipe_inputs(r->build, s, &inputs, err) < 0)
		return -1;
	if (!inputs.packages.count && !inputs.sources.count)
		return 0;
	if (find_group(r, s, inputs.repository, &g, err) < 0)
		return -1;
	for (size_t i = 0; i < inputs.packages.count; i++) {
		add_want(a, &g->packages, &g->package_count, &g->package_cap, inputs.packages.items[i], s->at);
		add_line(r, arena_printf(a, "apt %s %s", apt_repository(inputs.repository), inputs.packages.items[i]));
	}
	for (size_t i = 0; i < inputs.sources.count; i++) {
		add_want(a, &g->sources, &g->source_count, &g->source_cap, inputs.sources.items[i], s->at);
		add_line(r, arena_printf(a, "apt-source %s %s", apt_repository(inputs.repository), inputs.sources.items[i]));
	}
	return 0;
}

static int add_source(struct build *b, const struct source *s, void *data, struct error *err)
{
	struct request *r = data;

	switch (s->kind) {
	case SOURCE_APT:
		return add_package(r, s, err);
	case SOURCE_BUILD:
		add_line(r, arena_printf(b->arena, "build %s", s->spec));
		for (size_t i = 0; i < s->with.count; i++)
			add_line(r, arena_printf(b->arena, "build %s %s=%s", s->spec, s->with.items[i].key, s->with.items[i].value));
		return add_recipe(r, s, err);
	case SOURCE_URL:
		add_line(r, arena_printf(b->arena, "url %s %s", s->spec, s->sha256 ? s->sha256 : ""));
		return 0;
	case SOURCE_PATH:
		add_line(r, arena_printf(b->arena, "path %s", s->spec));
		return 0;
	}
	return 0;
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The repository's key is not part of it: the lock pins the packages themselves. */
static void add_repositories(struct request *r)
{
	for (size_t i = 0; i < r->group_count; i++) {
		const struct repository *p = r->groups[i].repository;
		_cleanup_strbuf_ struct strbuf line = {0};

		if (!p)
			continue;
		strbuf_printf(&line, "repository %s %s %s", p->name, p->uri, p->suite);
		for (size_t k = 0; k < p->components.count; k++)
			strbuf_printf(&line, " %s", p->components.items[k]);
		add_line(r, arena_strdup(r->build->arena, line.data));
	}
}

static int collect(struct build *b, struct request *r, struct hash *out, struct error *err)
{
	struct utsname machine;
	struct hasher h;

	*r = (struct request){.build = b};
	if (uname(&machine) < 0)
		return error_errno(err, "uname");
	add_line(r, arena_printf(b->arena, "machine %s", machine.machine));
	if (source_each(b, add_source, r, err) < 0)
		return -1;
	add_repositories(r);
	qsort(r->lines, r->count, sizeof(*r->lines), compare_lines);
	hash_begin(&h);
	hash_add_string(&h, "request 1");
	for (size_t i = 0; i < r->count; i++)
		if (!i || strcmp(r->lines[i], r->lines[i - 1]))
			hash_add_string(&h, r->lines[i]);
	*out = hash_end(&h);
	return 0;
}

const char *source_lock_path(struct build *b)
{
	return arena_printf(b->arena, "%s/%s/lock", b->options.out ? b->options.out : "out", b->profile.name);
}

/* 1: read; 0: there is none. */
static int read_lock(struct build *b, struct lock *out, struct error *err)
{
	const char *path = source_lock_path(b);
	_cleanup_strbuf_ struct strbuf text = {0};

	if (access(path, F_OK) < 0)
		return 0;
	if (file_read_at(AT_FDCWD, path, LOCK_LIMIT, &text, err) < 0)
		return -1;
	if (lock_read(out, b->arena, path, text.data, text.len, err) < 0)
		return error_set(err, "%s\nWrite a new one with \"mkdl lock %s\".", error_text(err), b->profile.file);
	return 1;
}

/* What the last build looked at will be looked at again, though in other versions: worth a download in advance. */
static void hint_used(struct build *b, const struct lock *old)
{
	for (size_t i = 0; i < old->package_count; i++) {
		const struct package *was = old->packages[i];
		struct package *now = was->used ? lock_package(&b->lock, was->repository, was->name) : NULL;

		if (now)
			source_hint(b, now);
	}
}

static int resolve_anew(struct build *b, const struct request *r, const struct hash *request, const struct lock *old,
			struct error *err)
{
	struct lock lock = {.arena = b->arena, .request = *request};

	for (size_t i = 0; i < r->group_count; i++)
		if (apt_resolve(b, &r->groups[i], b->options.relock, &lock, err) < 0)
			return -1;
	lock_sort(&lock);
	b->lock = lock;
	if (old)
		hint_used(b, old);
	return 0;
}

static int resolve_one(struct build *b, const struct source *s, void *data, struct error *err)
{
	const struct source_handler *h = source_handler(s->kind);

	(void)data;
	return h->resolve ? h->resolve(b, s, err) : 0;
}

int source_resolve_all(struct build *b, struct error *err)
{
	struct lock old = {0};
	struct request r;
	struct hash request;
	int have = 0;

	if (collect(b, &r, &request, err) < 0)
		return -1;
	if (!b->options.relock)
		have = read_lock(b, &old, err);
	if (have < 0)
		return -1;
	if (have && hash_equal(&old.request, &request))
		b->lock = old;
	else if (b->options.locked)
		return error_set(err, "--locked, but %s %s; write one with \"mkdl lock %s\", or build without --locked",
				 source_lock_path(b), have ? "was written for another profile: the sources named there changed"
				 : "does not exist", b->profile.file);
	else if (b->options.offline && r.group_count)
		return error_set(err, "--offline, but %s %s; run \"mkdl lock %s\" once with the network there", source_lock_path(b),
				 have ? "does not answer the profile any more" : "does not exist", b->profile.file);
	else if (resolve_anew(b, &r, &request, have ? &old : NULL, err) < 0)
		return -1;
	return source_each(b, resolve_one, NULL, err);
}
