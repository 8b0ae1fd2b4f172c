#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/flat.h"
#include "node/state/state.h"

enum { RECORD_LIMIT = 64 << 10 };

static const char *const healths[] = {"ok", "away", "read-only", "full", "degraded", "lost", NULL};
static const char *const kinds[] = {"tmpfs", "nfs", "iscsi", "loop", "disk", NULL};

const char *health_word(enum health h)
{
	return healths[h];
}

const char *kind_word(enum plan_state_kind k)
{
	return kinds[k];
}

const char *path_name(struct arena *a, const char *path)
{
	char *name = arena_strdup(a, path + 1);

	for (char *p = name; *p; p++)
		if (*p == '/')
			*p = '-';
	return name;
}

static const char *file_of(struct arena *a, const char *path)
{
	return arena_printf(a, STATE_RECORDS "/%s", path_name(a, path));
}

static void add(struct strbuf *out, const char *key, const char *value)
{
	if (value)
		flat_add(out, key, value, NULL);
}

int record_write(const struct record *r, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_arena_ struct arena a = {0};

	add(&text, "path", r->path);
	add(&text, "kind", kinds[r->kind]);
	add(&text, "source", r->source);
	add(&text, "health", healths[r->health]);
	strbuf_printf(&text, "since %lld\n", (long long)r->since);
	add(&text, "text", r->text);
	add(&text, "server", r->server);
	add(&text, "device", r->device);
	add(&text, "target", r->target);
	add(&text, "file", r->file);
	add(&text, "export", r->export);
	if (dir_make_at(AT_FDCWD, STATE_RECORDS, 0755, err) < 0)
		return -1;
	return file_write_atomic_at(AT_FDCWD, file_of(&a, r->path), text.data, text.len, 0644, err);
}

static int word_index(const char *word, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(words[i], word))
			return i;
	return 0;
}

static int read_one(struct arena *a, const char *path, struct record *out, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct record r = {0};
	struct flat flat;
	const struct {
		const char *key;
		const char **field;
	} texts[] = {
		{"path", &r.path}, {"source", &r.source}, {"text", &r.text}, {"server", &r.server},
		{"device", &r.device}, {"target", &r.target}, {"file", &r.file}, {"export", &r.export},
	};

	if (file_read_at(AT_FDCWD, path, RECORD_LIMIT, &text, err) < 0 ||
	    flat_parse(a, path, text.data ? text.data : "", text.len, &flat, err) < 0)
		return -1;
	for (size_t i = 0; i < flat.count; i++) {
		const char *key = flat.lines[i].words[0], *value = flat.lines[i].words[1];

		if (flat.lines[i].count != 2)
			continue;
		for (size_t t = 0; t < sizeof(texts) / sizeof(*texts); t++)
			if (!strcmp(texts[t].key, key))
				*texts[t].field = value;
		if (!strcmp(key, "kind"))
			r.kind = (enum plan_state_kind)word_index(value, kinds);
		if (!strcmp(key, "health"))
			r.health = (enum health)word_index(value, healths);
		if (!strcmp(key, "since"))
			r.since = strtoll(value, NULL, 10);
	}
	if (!r.path)
		return error_set(err, "%s: names no path", path);
	*out = r;
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct record *)a)->path, ((const struct record *)b)->path);
}

int records_read(struct arena *a, struct record **out, size_t *count, struct error *err)
{
	_cleanup_closedir_ DIR *dir = opendir(STATE_RECORDS);
	struct record *records = NULL;
	size_t n = 0, cap = 0;

	if (!dir && errno != ENOENT)
		return error_errno(err, STATE_RECORDS);
	for (struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir)) {
		/* Temporary names of file_write_atomic_at begin with a dot. */
		if (d->d_name[0] == '.')
			continue;
		records = arena_grow(a, records, n, &cap, sizeof(*records));
		if (read_one(a, arena_printf(a, STATE_RECORDS "/%s", d->d_name), &records[n], err) < 0)
			return -1;
		n++;
	}
	if (n)
		qsort(records, n, sizeof(*records), by_path);
	*out = records;
	*count = n;
	return 0;
}

void record_remove(const char *path)
{
	_cleanup_arena_ struct arena a = {0};

	unlink(file_of(&a, path));
}
