/* Everything that a build needs from the network, at once, and packages unpacked on all CPUs. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "builder/apt.h"
#include "builder/download-transfer.h"
#include "builder/download.h"
#include "builder/progress.h"
#include "builder/source-private.h"
#include "builder/unpack.h"

enum { MAX_THREADS = 8 };

struct wanted {
	struct build *build;
	const struct download **files;
	size_t file_count, file_cap;
	struct package **packages; /* to be opened, each once */
	size_t package_count, package_cap;
	struct package **idle;     /* inputs of recipes that are built already */
	size_t idle_count, idle_cap;
};

int source_fetch(struct build *b, const struct download *files, size_t count, struct error *err)
{
	_cleanup_free_ const struct download **list = malloc((count + 1) * sizeof(*list));

	if (!list)
		abort();
	for (size_t i = 0; i < count; i++)
		list[i] = &files[i];
	return download_all(&b->store, b->progress, list, count, b->options.offline, err);
}

static bool has_package(struct package *const *list, size_t count, const struct package *p)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == p)
			return true;
	return false;
}

/* p may be NULL. */
static void want_package(struct wanted *w, struct package *p)
{
	if (!p || has_package(w->packages, w->package_count, p))
		return;
	w->packages = arena_grow(w->build->arena, w->packages, w->package_count, &w->package_cap, sizeof(*w->packages));
	w->packages[w->package_count++] = p;
}

static void want_file(struct wanted *w, const struct download *d)
{
	w->files = arena_grow(w->build->arena, w->files, w->file_count, &w->file_cap, sizeof(*w->files));
	w->files[w->file_count++] = d;
}

static int want_recipe(struct wanted *w, const struct source *s, struct error *err)
{
	struct build *b = w->build;
	struct recipe_inputs in = {0};
	const char *repository;
	bool built = false;

	if (recipe_is_built(b, s, &built, err) < 0 || recipe_inputs(b, s, &in, err) < 0)
		return -1;
	repository = apt_repository(in.repository);
	for (size_t i = 0; i < in.packages.count; i++) {
		struct package *p = lock_package(&b->lock, repository, apt_name(b->arena, in.packages.items[i]));

		if (!built) {
			want_package(w, p);
		} else if (p) {
			w->idle = arena_grow(b->arena, w->idle, w->idle_count, &w->idle_cap, sizeof(*w->idle));
			w->idle[w->idle_count++] = p;
		}
	}
	for (size_t i = 0; !built && i < in.sources.count; i++) {
		const struct source_package *p = lock_source(&b->lock, repository, apt_name(b->arena, in.sources.items[i]));

		for (size_t k = 0; p && k < p->file_count; k++)
			want_file(w, &p->files[k]);
	}
	return 0;
}

/* A kernel is mostly named by a package that only depends on the one of the current version. */
static void want_kernel(struct wanted *w, const struct package *meta)
{
	for (size_t i = 0; meta && i < meta->depend_count; i++)
		if (!strncmp(meta->depends[i], "linux-image-", 12))
			want_package(w, lock_package(&w->build->lock, meta->repository, meta->depends[i]));
}

static int want_source(struct build *b, const struct source *s, void *data, struct error *err)
{
	struct wanted *w = data;

	if (s->kind == SOURCE_APT) {
		struct package *p = lock_package(&b->lock, apt_repository(s->repository), apt_name(b->arena, s->spec));

		want_package(w, p);
		if (s == &b->profile.kernel)
			want_kernel(w, p);
	}
	if (s->kind == SOURCE_URL) {
		struct download *d = arena_new(b->arena, struct download);

		*d = (struct download){.name = transfer_show_uri(b->arena, s->spec), .uri = s->spec};
		if (s->sha256 && hash_parse(s->sha256, &d->hash))
			want_file(w, d);
	}
	return s->kind == SOURCE_BUILD ? want_recipe(w, s, err) : 0;
}

/* What the last build opened besides, libraries above all. */
static void want_used(struct wanted *w)
{
	struct build *b = w->build;
	size_t count;
	struct package **hints = source_hints(b, &count);

	for (size_t i = 0; i < b->lock.package_count; i++) {
		struct package *p = b->lock.packages[i];

		if (p->used && !has_package(w->idle, w->idle_count, p))
			want_package(w, p);
	}
	for (size_t i = 0; i < count; i++)
		if (!has_package(w->idle, w->idle_count, hints[i]))
			want_package(w, hints[i]);
}

/* Packages to unpack, shared by the threads. */
struct work {
	struct build *build;
	struct package **packages;
	size_t count, next;
	pthread_mutex_t mutex;
	struct error *err; /* of the first one that failed */
	bool failed;
};

static struct package *next_package(struct work *w)
{
	struct package *p = NULL;

	pthread_mutex_lock(&w->mutex);
	if (!w->failed && w->next < w->count)
		p = w->packages[w->next++];
	pthread_mutex_unlock(&w->mutex);
	return p;
}

static void note_failure(struct work *w, const struct error *err)
{
	pthread_mutex_lock(&w->mutex);
	if (!w->failed)
		error_set(w->err, "%s", error_text(err));
	w->failed = true;
	pthread_mutex_unlock(&w->mutex);
}

static void *unpack_some(void *data)
{
	struct work *w = data;
	struct package *p;

	while ((p = next_package(w))) {
		_cleanup_error_ struct error err = {0};
		struct arena a = {0};
		struct tree t = {.arena = &a};
		struct progress_step *step = progress_begin(w->build->progress, "unpack", p->file.name, 0);

		if (unpack_blob(&w->build->store, &p->file.hash, p->file.name, &t, &err) < 0) {
			progress_drop(step);
			note_failure(w, &err);
		} else {
			progress_end(step, NULL);
		}
		arena_free(&a);
	}
	return NULL;
}

static int unpack_all(struct build *b, struct package **packages, size_t count, struct error *err)
{
	struct work w = {.build = b, .packages = packages, .count = count, .mutex = PTHREAD_MUTEX_INITIALIZER, .err = err};
	unsigned jobs = build_jobs(b);
	pthread_t threads[MAX_THREADS];
	size_t n = 0;

	/* One less: this thread works too. */
	while (n < MAX_THREADS && n + 1 < jobs && n + 1 < count)
		if (pthread_create(&threads[n], NULL, unpack_some, &w) == 0)
			n++;
		else
			break;
	unpack_some(&w);
	while (n)
		pthread_join(threads[--n], NULL);
	return w.failed ? -1 : 0;
}

int source_fetch_all(struct build *b, struct error *err)
{
	struct wanted w = {.build = b};
	struct package **unpack;
	size_t count = 0;

	if (source_each(b, want_source, &w, err) < 0)
		return -1;
	want_used(&w);
	unpack = arena_calloc(b->arena, w.package_count + 1, sizeof(*unpack));
	for (size_t i = 0; i < w.package_count; i++) {
		struct package *p = w.packages[i];

		/* Asking for the blob first also notes that it is in use. */
		bool there = download_is_there(&b->store, &p->file);

		if (unpack_is_done(&b->store, &p->file.hash))
			continue;
		if (!there)
			want_file(&w, &p->file);
		unpack[count++] = p;
	}
	if (download_all(&b->store, b->progress, w.files, w.file_count, b->options.offline, err) < 0)
		return -1;
	return unpack_all(b, unpack, count, err);
}
