#include "builder/segment.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "builder/compress.h"
#include "builder/newc.h"
#include "builder/progress.h"

enum { PAGE = 4096, THREADS_MAX = 64 };

/* Bump when the same nodes would be written as other bytes. */
static const char format[] = "mkdl segment 1";

/* Marks the folders above a node, so that a segment can be unpacked without the ones before it. */
static void mark_parents(struct tree *t, const char *path, bool *marks)
{
	const char *parent = path_parent(t->arena, path);
	const struct node *n;

	while (parent[1] && (n = tree_find(t, parent)) && !marks[n - t->nodes]) {
		marks[n - t->nodes] = true;
		parent = path_parent(t->arena, parent);
	}
}

static void hash_node(struct hasher *h, const struct node *n)
{
	char line[128], hex[HASH_HEX_SIZE] = "";

	if (n->type == NODE_FILE)
		hash_hex(&n->content, hex);
	snprintf(line, sizeof(line), "%d %o %u %u %u %u %s", (int)n->type, (unsigned)n->mode, n->uid, n->gid, n->major,
		 n->minor, hex);
	hash_add_string(h, line);
	hash_add_string(h, n->path);
	hash_add_string(h, n->type == NODE_SYMLINK ? n->target : "");
}

static struct hash segment_key(const struct segment *s, const struct compression *c)
{
	char identity[96] = "plain";
	struct hasher h;

	if (s->compressed)
		compress_identity(c, identity);
	hash_begin(&h);
	hash_add_string(&h, format);
	hash_add_string(&h, identity);
	hash_add_string(&h, s->trailer ? "trailer" : "open");
	for (size_t i = 0; i < s->count; i++)
		hash_node(&h, s->nodes[i]);
	return hash_end(&h);
}

void segment_plan(struct tree *t, enum layer layer, const struct compression *c, struct segment *out)
{
	struct segment s = {
		.layer = layer,
		.compressed = layer != LAYER_EARLY,
		.trailer = layer == LAYER_EARLY || layer == LAYER_MANIFEST,
	};
	bool *marks;

	tree_sort(t);
	marks = arena_calloc(t->arena, t->count + 1, sizeof(*marks));
	s.nodes = arena_calloc(t->arena, t->count + 1, sizeof(const struct node *));
	for (size_t i = 0; i < t->count; i++) {
		if (t->nodes[i].layer != layer || !t->nodes[i].path[1])
			continue;
		marks[i] = true;
		mark_parents(t, t->nodes[i].path, marks);
	}
	for (size_t i = 0; i < t->count; i++) {
		if (!marks[i])
			continue;
		s.nodes[s.count++] = &t->nodes[i];
		if (t->nodes[i].type == NODE_FILE)
			s.unpacked += (t->nodes[i].size + PAGE - 1) / PAGE * PAGE;
	}
	s.raw = newc_size(s.nodes, s.count, s.trailer);
	s.window = s.compressed ? compress_window(c, s.raw) : 0;
	s.key = segment_key(&s, c);
	*out = s;
}

/* Counts what passes, for the progress line, and hands it to the compressor or straight to the file. */
struct stream {
	struct compressor *compressor; /* NULL: as it is */
	int fd;
	uint64_t done;
	struct progress_step *step;
};

static int on_data(void *context, const void *data, size_t n, struct error *err)
{
	struct stream *s = context;

	s->done += n;
	progress_advance(s->step, s->done);
	return s->compressor ? compressor_add(s->compressor, data, n, err)
			     : fd_write_all(s->fd, data, n, "segment", err);
}

static int write_segment(struct store *store, const struct segment *s, struct stream *stream, struct error *err)
{
	if (newc_write(store, s->nodes, s->count, s->trailer, on_data, stream, err) < 0)
		return -1;
	if (stream->done != s->raw)
		return error_set(err, "the archive came out at %ju bytes, not %ju", (uintmax_t)stream->done,
				 (uintmax_t)s->raw);
	return stream->compressor ? compressor_end(stream->compressor, NULL, err) : 0;
}

static int make_into(struct store *store, const struct segment *s, const struct compression *c, unsigned threads,
		     int fd, struct progress_step *step, struct error *err)
{
	struct stream stream = {.fd = fd, .step = step};
	int r;

	if (s->compressed) {
		stream.compressor = compressor_new(c, s->raw, threads, fd, err);
		if (!stream.compressor)
			return -1;
	}
	r = write_segment(store, s, &stream, err);
	compressor_free(stream.compressor);
	return r;
}

struct work {
	struct store *store;
	struct segment **todo; /* largest first */
	size_t count, next;
	const struct compression *compression;
	unsigned jobs;
	struct progress *progress;
	pthread_mutex_t mutex; /* next, failed, err */
	bool failed;
	struct error *err;
};

/* The checksum first: a segment without one would be made again. */
static int keep_segment(struct store *store, const struct segment *s, struct store_blob *blob, struct error *err)
{
	char hex[HASH_HEX_SIZE];
	struct hash sum;
	int r = lseek(blob->fd, 0, SEEK_SET) < 0 ? error_errno(err, "segment")
						 : hash_fd(blob->fd, "segment", &sum, err);

	if (r == 0)
		r = store_put_result(store, "segment-sum", &s->key, hash_hex(&sum, hex), HASH_HEX_SIZE - 1, err);
	if (r == 0)
		return store_adopt_result(store, "segment", &s->key, blob, err);
	store_blob_drop(store, blob);
	return -1;
}

static int make_segment(struct work *w, struct segment *s, struct error *err)
{
	struct progress_step *step =
		progress_begin(w->progress, s->compressed ? "compress" : "pack", layer_name(s->layer), s->raw);
	struct store_blob blob;

	if (store_blob_begin(w->store, &blob, err) < 0) {
		progress_drop(step);
		return -1;
	}
	if (make_into(w->store, s, w->compression, w->jobs, blob.fd, step, err) < 0) {
		progress_drop(step);
		store_blob_drop(w->store, &blob);
		return error_wrap(err, "%s segment", layer_name(s->layer));
	}
	progress_end(step, NULL);
	s->fresh = true;
	return keep_segment(w->store, s, &blob, err);
}

static void *worker(void *context)
{
	struct work *w = context;

	for (;;) {
		_cleanup_error_ struct error err = {0};
		struct segment *s = NULL;

		pthread_mutex_lock(&w->mutex);
		if (!w->failed && w->next < w->count)
			s = w->todo[w->next++];
		pthread_mutex_unlock(&w->mutex);
		if (!s)
			return NULL;
		if (make_segment(w, s, &err) == 0)
			continue;
		pthread_mutex_lock(&w->mutex);
		if (!w->failed)
			error_set(w->err, "%s", error_text(&err));
		w->failed = true;
		pthread_mutex_unlock(&w->mutex);
	}
}

/* Few large segments keep several threads busy each, through libzstd's own workers; small ones run side by side. */
static int run_work(struct work *w)
{
	pthread_t threads[THREADS_MAX];
	size_t started = 0, want = w->jobs < w->count ? w->jobs : w->count;

	while (started + 1 < want && started < THREADS_MAX && pthread_create(&threads[started], NULL, worker, w) == 0)
		started++;
	worker(w);
	while (started)
		pthread_join(threads[--started], NULL);
	return w->failed ? -1 : 0;
}

static int larger_first(const void *a, const void *b)
{
	const struct segment *x = *(struct segment *const *)a, *y = *(struct segment *const *)b;

	return x->raw != y->raw ? (x->raw < y->raw ? 1 : -1) : (x->layer > y->layer) - (x->layer < y->layer);
}

/* Size and checksum of a segment, when the store has both. */
static bool is_stored(struct store *s, struct segment *segment)
{
	_cleanup_close_ int fd = store_open_result(s, "segment", &segment->key);
	_cleanup_strbuf_ struct strbuf sum = {0};
	_cleanup_error_ struct error ignored = {0};
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || store_get_result(s, "segment-sum", &segment->key, &sum, &ignored) != 1 ||
	    !hash_parse(sum.data, &segment->sum))
		return false;
	segment->size = (uint64_t)st.st_size;
	return true;
}

int segment_copy(struct store *s, const struct segment *segment, int fd, const char *name, struct error *err)
{
	_cleanup_close_ int from = store_open_result(s, "segment", &segment->key);
	uint64_t copied = 0;
	struct hash sum;

	if (from < 0)
		return error_errno(err, "%s segment in the cache", layer_name(segment->layer));
	if (hash_copy(from, fd, name, &sum, &copied, err) < 0)
		return -1;
	if (copied == segment->size && hash_equal(&sum, &segment->sum))
		return 0;
	store_drop_result(s, "segment", &segment->key);
	return error_set(err, "the %s segment in the cache %s was damaged, and is removed from there; build again",
			 layer_name(segment->layer), s->path);
}

int segments_make(struct store *s, struct segment *segments, size_t count, const struct compression *c, unsigned jobs,
		  struct progress *progress, struct error *err)
{
	struct segment *todo[LAYER_COUNT];
	struct work w = {
		.store = s, .todo = todo, .compression = c, .jobs = jobs ? jobs : 1, .progress = progress, .err = err,
		.mutex = PTHREAD_MUTEX_INITIALIZER,
	};

	for (size_t i = 0; i < count && w.count < LAYER_COUNT; i++)
		if (segments[i].count && !is_stored(s, &segments[i]))
			todo[w.count++] = &segments[i];
	if (!w.count)
		return 0;
	qsort(todo, w.count, sizeof(struct segment *), larger_first);
	if (run_work(&w) < 0)
		return -1;
	for (size_t i = 0; i < w.count; i++)
		if (!is_stored(s, todo[i]))
			return error_set(err, "%s segment: not in the cache, though it was just made",
					 layer_name(todo[i]->layer));
	return 0;
}
