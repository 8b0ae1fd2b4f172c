#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/flat.h"
#include "base/path.h"
#include "init/plan-words.h"
#include "init/plan.h"

static const struct {
	const char *word, *noun;
	size_t count; /* words of the record */
} kinds[] = {
	[PLAN_ENTRY_FILE] = {"file", "file", 3},
	[PLAN_ENTRY_DIR] = {"dir", "folder", 2},
	[PLAN_ENTRY_LINK] = {"link", "symbolic link", 3},
	[PLAN_ENTRY_NODE] = {"node", "device node", 2},
};

enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

static int read_entry(const struct flat_line *line, struct plan_entry *out, struct error *err)
{
	struct plan_entry entry = {0};
	size_t kind = 0;

	while (kind < KINDS && strcmp(kinds[kind].word, line->words[0]) != 0)
		kind++;
	if (kind == KINDS)
		return error_set(err, "unknown record \"%s\"", line->words[0]);
	if (line->count != kinds[kind].count)
		return error_set(err, "%s: %zu words where %zu are wanted", kinds[kind].word, line->count - 1,
				 kinds[kind].count - 1);
	if (!plan_word_is_path(line->words[1]))
		return error_set(err, "\"%s\" is no clean absolute path", line->words[1]);
	entry.kind = (enum plan_entry_kind)kind;
	entry.path = line->words[1];
	if (entry.kind == PLAN_ENTRY_FILE && !plan_word_number(line->words[2], INT64_MAX, &entry.size))
		return error_set(err, "\"%s\" is no size in bytes", line->words[2]);
	if (entry.kind == PLAN_ENTRY_LINK)
		entry.target = line->words[2];
	*out = entry;
	return 0;
}

/* The records that stand once at the manifest's start. */
static int read_head(const struct flat_line *line, struct plan_manifest *m, bool *taken, struct error *err)
{
	*taken = true;
	if (!strcmp(line->words[0], "image")) {
		if (line->count != 3 || m->image)
			return error_set(err, "image: one record with a name and an id is wanted");
		m->image = line->words[1];
		m->id = line->words[2];
	} else if (!strcmp(line->words[0], "kernel")) {
		if (line->count != 2 || m->kernel)
			return error_set(err, "kernel: one record with a version is wanted");
		m->kernel = line->words[1];
	} else {
		*taken = false;
	}
	return 0;
}

int plan_parse_manifest(struct arena *a, const char *name, const char *text, size_t n, struct plan_manifest *out,
			struct error *err)
{
	struct plan_manifest m = {0};
	const struct flat_line *last;
	struct flat flat;
	uint64_t count;

	if (flat_parse(a, name, text, n, &flat, err) < 0)
		return -1;
	if (flat.count < 2 || flat.lines[0].count != 2 || strcmp(flat.lines[0].words[0], "mkdl-manifest") != 0 ||
	    strcmp(flat.lines[0].words[1], "1") != 0)
		return error_set(err, "%s: does not start with \"mkdl-manifest 1\"", name);
	last = &flat.lines[flat.count - 1];
	if (strcmp(last->words[0], "end") != 0 || last->count != 2 ||
	    !plan_word_number(last->words[1], SIZE_MAX, &count))
		return error_set(err, "%s: its last record is not \"end COUNT\"", name);
	m.entries = arena_calloc(a, flat.count, sizeof(*m.entries));
	for (size_t i = 1; i + 1 < flat.count; i++) {
		const struct flat_line *line = &flat.lines[i];
		bool taken;

		if (read_head(line, &m, &taken, err) < 0 || (!taken && read_entry(line, &m.entries[m.count], err) < 0))
			return error_wrap(err, "%s:%u", name, line->number);
		m.count += !taken;
	}
	if (!m.image)
		return error_set(err, "%s: has no image record", name);
	if (m.count != count)
		return error_set(err, "%s: holds %zu entries, its end says %" PRIu64, name, m.count, count);
	*out = m;
	return 0;
}

static int check_entry(const struct plan_entry *e, int rootfd, struct error *err)
{
	char target[PATH_LIMIT + 1];
	struct stat st;
	ssize_t n;
	mode_t type;

	if (fstatat(rootfd, e->path + 1, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT || errno == ENOTDIR ? error_set(err, "%s is missing", e->path) :
							     error_errno(err, "%s", e->path);
	type = st.st_mode & S_IFMT;
	if ((e->kind == PLAN_ENTRY_FILE && type != S_IFREG) || (e->kind == PLAN_ENTRY_DIR && type != S_IFDIR) ||
	    (e->kind == PLAN_ENTRY_LINK && type != S_IFLNK) ||
	    (e->kind == PLAN_ENTRY_NODE && type != S_IFCHR && type != S_IFBLK && type != S_IFIFO))
		return error_set(err, "%s is no %s", e->path, kinds[e->kind].noun);
	if (e->kind == PLAN_ENTRY_FILE && (uint64_t)st.st_size != e->size)
		return error_set(err, "%s has %jd of %" PRIu64 " bytes", e->path, (intmax_t)st.st_size, e->size);
	if (e->kind == PLAN_ENTRY_LINK) {
		n = readlinkat(rootfd, e->path + 1, target, sizeof(target));
		if (n < 0 || (size_t)n != strlen(e->target) || memcmp(target, e->target, (size_t)n) != 0)
			return error_set(err, "%s does not point to %s", e->path, e->target);
	}
	return 0;
}

int plan_check_manifest(const struct plan_manifest *m, int rootfd, struct error *err)
{
	for (size_t i = 0; i < m->count; i++)
		if (check_entry(&m->entries[i], rootfd, err) < 0)
			return -1;
	return 0;
}
