#include "builder/download.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "builder/download-proxy.h"
#include "builder/download-transfer.h"
#include "builder/progress.h"
#include "builder/store-private.h"

enum { PARALLEL = 6, WAIT_MS = 200 };

/* The transfers of one call. */
struct queue {
	struct store *store;
	struct progress *progress;
	struct transfer *transfers;
	size_t count, running;
	CURLM *multi;
	struct proxies proxies;
	struct error *err;
};

bool download_is_there(struct store *s, const struct download *file)
{
	return file->size ? store_has_blob_of(s, &file->hash, file->size) : store_has_blob(s, &file->hash);
}

/* Takes over the partial file; false when another process is at it (look again later) or when err was filled. */
static bool claim(struct queue *q, struct transfer *t)
{
	char path[16 + HASH_HEX_SIZE], hex[HASH_HEX_SIZE];
	_cleanup_close_ int fd = -1;
	struct stat opened, named;

	snprintf(path, sizeof(path), "partial/%s", hash_hex(&t->file->hash, hex));
	fd = openat(q->store->fd, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		store_failed(q->store, q->err);
		return false;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return false;
	/* Whoever had the lock may have finished, and with it removed the name. */
	if (fstat(fd, &opened) < 0 || fstatat(q->store->fd, path, &named, AT_SYMLINK_NOFOLLOW) < 0 ||
	    opened.st_ino != named.st_ino)
		return false;
	t->fd = take_fd(&fd);
	t->have = (uint64_t)opened.st_size;
	return true;
}

static void finish(struct queue *q, struct transfer *t)
{
	t->state = TRANSFER_DONE;
	transfer_release(t);
	q->running--;
}

/* All bytes are there: check them, then give them their name. */
static int verify(struct queue *q, struct transfer *t)
{
	char from[16 + HASH_HEX_SIZE], hex[HASH_HEX_SIZE], got_hex[HASH_HEX_SIZE];
	struct hash got;

	snprintf(from, sizeof(from), "partial/%s", hash_hex(&t->file->hash, hex));
	if (lseek(t->fd, 0, SEEK_SET) < 0 || hash_fd(t->fd, from, &got, q->err) < 0)
		return error_wrap(q->err, "%s", t->shown);
	if (hash_equal(&got, &t->file->hash)) {
		if (fdatasync(t->fd) < 0 || fchmod(t->fd, 0444) < 0)
			return store_failed(q->store, q->err);
		if (store_name_blob(q->store, from, &got, q->err) < 0)
			return -1;
		progress_end(t->step, NULL);
		t->step = NULL;
		finish(q, t);
		return 0;
	}
	if (transfer_truncate(t, q->err) < 0)
		return -1;
	if (t->resumed && !t->restarted) {
		/* The beginning may be from an older file, or from a machine that lost power. */
		t->restarted = true;
		t->state = TRANSFER_PAUSED;
		t->not_before = clock_ms();
		return 0;
	}
	unlinkat(q->store->fd, from, 0);
	return error_set(q->err, "%s: wrong sha256\n  expected %s\n  got      %s\nThe file there is not the one that was "
			 "asked for. If it was replaced on purpose, write the new sha256 into the profile, or run \"mkdl lock\" "
			 "for a package; else the mirror or a proxy on the way is damaged.",
			 t->shown, hex, hash_hex(&got, got_hex));
}

/* Starts t, or puts it off. -1: err filled. */
static int start(struct queue *q, struct transfer *t)
{
	if (t->fd < 0) {
		if (download_is_there(q->store, t->file)) {
			/* Another process was faster. */
			finish(q, t);
			return 0;
		}
		if (!claim(q, t)) {
			t->not_before = clock_ms() + WAIT_MS;
			t->state = TRANSFER_PAUSED;
			return q->err->text ? -1 : 0;
		}
		t->step = progress_begin(q->progress, "download", t->file->name, t->file->size);
	}
	if (t->file->size && t->have > t->file->size && transfer_truncate(t, q->err) < 0)
		return -1;
	if (t->file->size && t->have == t->file->size) {
		t->resumed = true;
		return verify(q, t);
	}
	t->resumed = t->resumed || t->have > 0;
	return transfer_start(t, q->multi, proxy_for(&q->proxies, t->file->uri), q->err);
}

/* A transfer ended, well or not. */
static int ended(struct queue *q, struct transfer *t, CURLcode code)
{
	enum verdict verdict = transfer_judge(t, code);

	curl_multi_remove_handle(q->multi, t->easy);
	switch (verdict) {
	case VERDICT_WHOLE:
		return verify(q, t);
	case VERDICT_RESTART:
		t->restarted = true;
		if (transfer_truncate(t, q->err) < 0)
			return -1;
		t->not_before = clock_ms();
		t->state = TRANSFER_PAUSED;
		return 0;
	case VERDICT_RETRY:
		t->not_before = clock_ms() + transfer_pause(t);
		t->state = TRANSFER_PAUSED;
		progress_say(q->progress, 1, "%s: %s; trying again", t->shown, transfer_problem(t, code));
		return 0;
	case VERDICT_FULL:
		errno = t->write_errno;
		return store_failed(q->store, q->err);
	case VERDICT_FAILED:
		break;
	}
	return error_set(q->err, "%s: %s", t->shown, transfer_problem(t, code));
}

static int start_all(struct queue *q)
{
	int64_t now = clock_ms();

	for (size_t i = 0; i < q->count; i++) {
		struct transfer *t = &q->transfers[i];

		if (t->state == TRANSFER_WAITING && q->running < PARALLEL) {
			q->running++;
			t->state = TRANSFER_PAUSED;
		}
		if (t->state == TRANSFER_PAUSED && t->not_before <= now && start(q, t) < 0)
			return -1;
	}
	return 0;
}

static int collect_ended(struct queue *q, bool *any)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(q->multi, &left))) {
		struct transfer *t = NULL;
		CURLcode code = m->data.result;

		if (m->msg != CURLMSG_DONE)
			continue;
		*any = true;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		if (ended(q, t, code) < 0)
			return -1;
	}
	return 0;
}

/* One turn: start what may run, let libcurl work, collect what ended; if nothing did, wait for something to happen. */
static int turn(struct queue *q)
{
	bool any = false;
	int still;

	if (start_all(q) < 0)
		return -1;
	if (curl_multi_perform(q->multi, &still) != CURLM_OK)
		return error_set(q->err, "libcurl failed");
	if (collect_ended(q, &any) < 0)
		return -1;
	for (size_t i = 0; i < q->count; i++)
		progress_advance(q->transfers[i].step, q->transfers[i].have);
	if (q->running && !any && curl_multi_poll(q->multi, NULL, 0, WAIT_MS / 2, NULL) != CURLM_OK)
		return error_set(q->err, "libcurl failed");
	return 0;
}

static int run_queue(struct queue *q)
{
	int result = 0;

	q->multi = curl_multi_init();
	if (!q->multi)
		abort();
	curl_multi_setopt(q->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)PARALLEL);
	do
		result = turn(q);
	while (result == 0 && q->running);
	for (size_t i = 0; i < q->count; i++) {
		struct transfer *t = &q->transfers[i];

		if (t->easy)
			curl_multi_remove_handle(q->multi, t->easy);
		progress_drop(t->step);
		transfer_release(t);
	}
	curl_multi_cleanup(q->multi);
	return result;
}

/* The files that the store lacks, each content once. */
static size_t find_missing(struct store *s, const struct download *const *files, size_t count,
			   const struct download **missing)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		bool first = true;

		if (download_is_there(s, files[i]))
			continue;
		for (size_t k = 0; k < n && first; k++)
			first = !hash_equal(&missing[k]->hash, &files[i]->hash);
		if (first)
			missing[n++] = files[i];
	}
	return n;
}

static int name_missing(const struct download *const *missing, size_t count, struct error *err)
{
	_cleanup_strbuf_ struct strbuf list = {0};

	for (size_t i = 0; i < count; i++) {
		struct arena a = {0};

		strbuf_printf(&list, "\n  %s (%s)", missing[i]->name, transfer_show_uri(&a, missing[i]->uri));
		arena_free(&a);
	}
	return error_set(err, "offline, and the cache lacks %zu file%s; build once without --offline:%s", count,
			 count == 1 ? "" : "s", list.data);
}

int download_all(struct store *s, struct progress *p, const struct download *const *files, size_t count, bool offline,
		 struct error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	_cleanup_free_ const struct download **missing = malloc((count + 1) * sizeof(*missing));
	struct queue q = {.store = s, .progress = p, .err = err};
	struct arena a = {0};
	int result;

	if (!missing)
		abort();
	q.count = find_missing(s, files, count, missing);
	if (!q.count)
		return 0;
	if (offline)
		return name_missing(missing, q.count, err);
	pthread_once(&once, transfer_global_init);
	proxies_load(&q.proxies, &a);
	q.transfers = arena_calloc(&a, q.count, sizeof(*q.transfers));
	for (size_t i = 0; i < q.count; i++)
		transfer_init(&q.transfers[i], missing[i], &a);
	result = run_queue(&q);
	arena_free(&a);
	return result;
}
