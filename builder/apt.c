#include "builder/apt.h"

#include <stdlib.h>
#include <string.h>

#include "builder/apt-root.h"
#include "builder/apt-text.h"
#include "builder/download.h"
#include "builder/progress.h"
#include "config/diagnostics.h"

enum { MAX_SPREAD = 16 }; /* names in a list of unknown packages before it is cut */

/* One resolution under way. */
struct resolution {
	struct build *build;
	const struct apt_request *request;
	const char *repository; /* as in the lock */
	struct apt_root root;
	struct lock *lock;
};

const char *apt_repository(const char *name)
{
	return name ? name : APT_HOST;
}

const char *apt_name(struct arena *a, const char *name)
{
	return arena_strndup(a, name, strcspn(name, "="));
}

static int check_names(const struct apt_want *wants, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (!apt_name_is_valid(wants[i].name))
			return place_error(err, wants[i].at,
					   "\"%s\" is not the name of a package (NAME, or NAME=VERSION)",
					   wants[i].name);
	return 0;
}

/* Does the text name this word, between blanks, quotes or line ends? */
static bool mentions(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = text; (p = strstr(p, word)); p++)
		if ((p == text || strchr(" '\n", p[-1])) && (!p[n] || strchr(" '\n", p[n])))
			return true;
	return false;
}

/* The name most like the unknown one, from all that the repository has. NULL when none is near. */
static const char *nearest(struct resolution *r, const char *name)
{
	static const char *const argv[] = {"pkgnames", NULL};
	_cleanup_strbuf_ struct strbuf out = {0}, errors = {0};
	_cleanup_error_ struct error ignored = {0};
	struct arena *a = r->build->arena;
	const char **names = NULL;
	size_t n = 0, cap = 0;
	char *at = NULL;

	if (apt_root_run(&r->root, a, "apt-cache", argv, &out, &errors, NULL, &ignored) < 0 || !out.data)
		return NULL;
	for (char *p = strtok_r(out.data, "\n", &at); p; p = strtok_r(NULL, "\n", &at)) {
		/* Short of the same first letter few typing errors are left, and comparing all takes long. */
		if (p[0] != name[0])
			continue;
		names = arena_grow(a, names, n, &cap, sizeof(*names));
		names[n++] = p;
	}
	const char *near = did_you_mean(name, names, n);

	return near ? arena_strdup(a, near) : NULL;
}

/* All wanted names that apt's errors mention as unknown, each with its place. 0 when there is none. */
static size_t list_unknown(struct resolution *r, const struct apt_want *wants, size_t count, const char *errors,
			   struct strbuf *out)
{
	struct arena *a = r->build->arena;
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		const struct apt_want *w = &wants[i];
		const char *name = apt_name(a, w->name), *version = strchr(w->name, '='), *near;

		if (!mentions(errors, name))
			continue;
		if (++found > MAX_SPREAD)
			continue;
		strbuf_printf(out, "%s%s:%u:%u: %s has no package \"%s\"", found > 1 ? "\n" : "", w->at.file, w->at.line,
			      w->at.column, r->root.words, name);
		if (version)
			strbuf_printf(out, " in version %s", version + 1);
		near = version ? NULL : nearest(r, name);
		if (near && strcmp(near, name))
			strbuf_printf(out, ", did you mean \"%s\"?", near);
	}
	if (found > MAX_SPREAD)
		strbuf_printf(out, "\n… and %zu more", found - MAX_SPREAD);
	return found;
}

/* The lines of apt's errors that begin with "E: Unable to locate", "E: Version … was not found" and the like. */
static const char *unknown_lines(struct arena *a, const char *errors)
{
	static const char *const signs[] = {
		"Unable to locate package", "was not found", "Couldn't find any package", "Unable to find a source package",
		"has no installation candidate",
	};
	_cleanup_strbuf_ struct strbuf kept = {0};

	for (const char *line = errors; *line;) {
		size_t n = strcspn(line, "\n");
		const char *one = arena_strndup(a, line, n);

		for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
			if (strstr(one, signs[i])) {
				strbuf_printf(&kept, "%s\n", one);
				break;
			}
		line += n + (line[n] == '\n');
	}
	return arena_strdup(a, kept.data ? kept.data : "");
}

/* What apt prints before an error: which dependencies cannot be met. */
static const char *explanation(struct arena *a, const struct strbuf *out)
{
	const char *text = out->data ? out->data : "", *begin = strstr(text, "The following packages have unmet dependencies");

	return begin ? text_tail(a, begin, strlen(begin), 30) : "";
}

/* apt refused: say which packages it does not know, else what it says itself. */
static int refused(struct resolution *r, const struct apt_want *wants, size_t count, const struct strbuf *out,
		   const struct strbuf *errors, struct error *err)
{
	struct arena *a = r->build->arena;
	const char *text = errors->data ? errors->data : "", *more = explanation(a, out);
	_cleanup_strbuf_ struct strbuf list = {0};

	if (list_unknown(r, wants, count, unknown_lines(a, text), &list))
		error_set(err, "%s", list.data);
	else
		error_set(err, "%s: apt cannot resolve the packages:\n%s%s%s", r->root.words, more, *more ? "\n" : "",
			  text_tail(a, text, strlen(text), 30));
	if (r->root.complaint.len)
		error_set(err, "%s\nThe lists of packages could not be updated:\n%s", error_text(err), r->root.complaint.data);
	return -1;
}

static bool is_wanted(struct arena *a, const struct apt_request *q, const char *name)
{
	for (size_t i = 0; i < q->package_count; i++)
		if (!strcmp(apt_name(a, q->packages[i].name), name))
			return true;
	return false;
}

static int add_package(struct resolution *r, const char *line, struct lock *lock, struct error *err)
{
	struct arena *a = lock->arena;
	struct package *p = arena_new(a, struct package);

	p->repository = r->repository;
	if (apt_parse_uri(a, line, &p->file, err) < 0)
		return error_wrap(err, "%s", r->root.words);
	if (!apt_split_file_name(a, p->file.name, &p->name, &p->version, &p->arch))
		return error_set(err, "%s: apt printed a file name that is not understood: %s", r->root.words, p->file.name);
	p->direct = is_wanted(a, r->request, p->name);
	lock_add_package(lock, p);
	return 0;
}

/* Names that apt took without delivering them: virtual packages, for which it chose a provider. */
static int check_delivered(const struct resolution *r, struct error *err)
{
	struct arena *a = r->build->arena;

	for (size_t i = 0; i < r->request->package_count; i++) {
		const struct apt_want *w = &r->request->packages[i];
		const char *name = apt_name(a, w->name);

		if (!lock_package(r->lock, r->repository, name))
			return place_error(err, w->at, "\"%s\" is a virtual package: name the one that provides it "
					   "(\"apt-cache showpkg %s\" lists them)", name, name);
	}
	return 0;
}

/* The stanzas of all packages just resolved, from which their dependencies are known. */
static int read_stanzas(struct resolution *r, size_t first, struct error *err)
{
	_cleanup_strbuf_ struct strbuf out = {0}, errors = {0};
	struct arena *a = r->build->arena;
	size_t n = r->lock->package_count - first;
	const char **argv = arena_calloc(a, n + 2, sizeof(*argv));

	argv[0] = "show";
	for (size_t i = 0; i < n; i++) {
		const struct package *p = r->lock->packages[first + i];

		argv[i + 1] = arena_printf(a, "%s=%s", p->name, p->version);
	}
	if (apt_root_run(&r->root, a, "apt-cache", argv, &out, &errors, NULL, err) < 0)
		return error_wrap(err, "%s", r->root.words);
	apt_link_depends(r->lock, r->repository, out.data ? out.data : "");
	return 0;
}

/* Every repository that a package comes from must be one that apt trusts. apt itself checks that only when it downloads. */
static int check_trust(struct resolution *r, size_t first, struct error *err)
{
	static const char *const argv[] = {"indextargets", "--format", "$(TRUSTED) $(REPO_URI)", NULL};
	_cleanup_strbuf_ struct strbuf out = {0}, errors = {0};
	char *at = NULL;

	if (apt_root_run(&r->root, r->build->arena, "apt-get", argv, &out, &errors, NULL, err) < 0)
		return error_wrap(err, "%s", r->root.words);
	for (char *line = out.data ? strtok_r(out.data, "\n", &at) : NULL; line; line = strtok_r(NULL, "\n", &at)) {
		if (strncmp(line, "no ", 3))
			continue;
		for (size_t i = first; i < r->lock->package_count; i++)
			if (!strncmp(r->lock->packages[i]->file.uri, line + 3, strlen(line + 3)))
				return error_set(err, "%s: %s comes from %s, which is not signed by a key that apt trusts: refused",
						 r->root.words, r->lock->packages[i]->name, line + 3);
	}
	return 0;
}

static int resolve_packages(struct resolution *r, struct error *err)
{
	static const char *const options[] = {"install", "-q", "-y", "--no-install-recommends", "--print-uris", NULL};
	enum { OPTIONS = sizeof(options) / sizeof(options[0]) - 1 };
	_cleanup_strbuf_ struct strbuf out = {0}, errors = {0};
	const struct apt_request *q = r->request;
	const char **argv = arena_calloc(r->build->arena, OPTIONS + q->package_count + 2, sizeof(*argv));
	size_t first = r->lock->package_count;
	char *at = NULL;
	int status;

	memcpy(argv, options, sizeof(options));
	argv[OPTIONS] = "--";
	for (size_t i = 0; i < q->package_count; i++)
		argv[OPTIONS + 1 + i] = q->packages[i].name;
	if (apt_root_run(&r->root, r->build->arena, "apt-get", argv, &out, &errors, &status, err) < 0)
		return -1;
	if (status)
		return refused(r, q->packages, q->package_count, &out, &errors, err);
	for (char *line = out.data ? strtok_r(out.data, "\n", &at) : NULL; line; line = strtok_r(NULL, "\n", &at))
		if (*line == '\'' && add_package(r, line, r->lock, err) < 0)
			return -1;
	if (check_delivered(r, err) < 0 || check_trust(r, first, err) < 0)
		return -1;
	return read_stanzas(r, first, err);
}

/* The version as the source package itself has it: file names lack the epoch. */
static const char *source_version(struct resolution *r, const char *name, const struct source_package *s)
{
	const char *argv[] = {"showsrc", "--only-source", name, NULL};
	_cleanup_strbuf_ struct strbuf out = {0}, errors = {0};
	_cleanup_error_ struct error ignored = {0};
	struct arena *a = r->build->arena;
	struct apt_stanza stanza;
	const char *text;

	if (apt_root_run(&r->root, a, "apt-cache", argv, &out, &errors, NULL, &ignored) < 0 || !out.data)
		return NULL;
	text = out.data;
	while (apt_next_stanza(a, &text, &stanza))
		for (size_t i = 0; stanza.checksums && stanza.version && i < s->file_count; i++) {
			const char *name_of = s->files[i].name, *end = strstr(name_of, ".dsc");
			char hex[HASH_HEX_SIZE];

			if (end && !end[4] && strstr(stanza.checksums, hash_hex(&s->files[i].hash, hex)))
				return stanza.version;
		}
	return NULL;
}

/* NAME or NAME=VERSION as apt takes it; want is for messages. */
static int read_source(struct resolution *r, const struct apt_want *want, const char *name, struct source_package *out,
		       struct error *err)
{
	const char *argv[] = {"source", "-qq", "--only-source", "--print-uris", "--", name, NULL};
	_cleanup_strbuf_ struct strbuf text = {0}, errors = {0};
	struct arena *a = r->lock->arena;
	struct source_package s = {.repository = r->repository, .name = apt_name(a, name)};
	size_t cap = 0;
	char *at = NULL;
	int status;

	if (apt_root_run(&r->root, r->build->arena, "apt-get", argv, &text, &errors, &status, err) < 0)
		return -1;
	if (status)
		return refused(r, want, 1, &text, &errors, err);
	for (char *line = text.data ? strtok_r(text.data, "\n", &at) : NULL; line; line = strtok_r(NULL, "\n", &at)) {
		if (*line != '\'')
			continue;
		s.files = arena_grow(a, s.files, s.file_count, &cap, sizeof(*s.files));
		if (apt_parse_uri(a, line, &s.files[s.file_count], err) < 0)
			return error_wrap(err, "%s", r->root.words);
		s.file_count++;
	}
	s.version = source_version(r, s.name, &s);
	if (!s.file_count || !s.version)
		return place_error(err, want->at, "%s has no source package \"%s\"", r->root.words, want->name);
	*out = s;
	return 0;
}

/* dpkg's order of versions (Policy 5.6.12). */
static bool is_older(const char *version, const char *than)
{
	const char *argv[] = {"dpkg", "--compare-versions", version, "lt", than, NULL};
	struct program program = {.argv = argv};
	_cleanup_error_ struct error ignored = {0};
	int status;

	return run_program(&program, &status, &ignored) == 0 && status == 0;
}

/* The newest version of a source package that is older than this one; NULL when there is none. */
static const char *older_version(struct resolution *r, const char *name, const char *than)
{
	const char *argv[] = {"showsrc", "--only-source", name, NULL}, *best = NULL, *text;
	_cleanup_strbuf_ struct strbuf out = {0}, errors = {0};
	_cleanup_error_ struct error ignored = {0};
	struct arena *a = r->build->arena;
	struct apt_stanza stanza;

	if (apt_root_run(&r->root, a, "apt-cache", argv, &out, &errors, NULL, &ignored) < 0 || !out.data)
		return NULL;
	for (text = out.data; apt_next_stanza(a, &text, &stanza);)
		if (stanza.version && is_older(stanza.version, than) && (!best || is_older(best, stanza.version)))
			best = stanza.version;
	return best;
}

/* Mirrors are at times ahead with their index, or have lost the sources of a security update. */
static bool is_missing(struct resolution *r, const struct source_package *s)
{
	for (size_t i = 0; i < s->file_count; i++)
		if (!download_is_there(&r->build->store, &s->files[i]) && download_is_missing(r->build->arena, &s->files[i]))
			return true;
	return false;
}

static int resolve_source(struct resolution *r, const struct apt_want *want, struct error *err)
{
	bool pinned = strchr(want->name, '=') || r->build->options.offline;
	struct source_package s;
	const char *older;

	if (read_source(r, want, want->name, &s, err) < 0)
		return -1;
	while (!pinned && is_missing(r, &s) && (older = older_version(r, s.name, s.version))) {
		progress_say(r->build->progress, 0, "%s: warning: the server does not have the source of %s %s, which its index "
			     "lists; %s is taken, an OLDER one: \"mkdl lock\" looks again", r->root.words, s.name, s.version, older);
		if (read_source(r, want, arena_printf(r->build->arena, "%s=%s", s.name, older), &s, err) < 0)
			return -1;
	}
	lock_add_source(r->lock, &s);
	return 0;
}

static int resolve_all(struct resolution *r, struct error *err)
{
	if (r->request->package_count && resolve_packages(r, err) < 0)
		return -1;
	for (size_t i = 0; i < r->request->source_count; i++)
		if (resolve_source(r, &r->request->sources[i], err) < 0)
			return -1;
	return 0;
}

int apt_resolve(struct build *b, const struct apt_request *request, bool refresh, struct lock *out, struct error *err)
{
	struct resolution r = {.build = b, .request = request, .lock = out};
	struct progress_step *step;
	struct lock before = *out;
	int result;

	r.repository = request->repository ? request->repository->name : APT_HOST;
	if (check_names(request->packages, request->package_count, err) < 0 ||
	    check_names(request->sources, request->source_count, err) < 0)
		return -1;
	if (apt_root_open(b, request->repository, request->source_count > 0, refresh, &r.root, err) < 0)
		return -1;
	step = progress_begin(b->progress, "resolve", r.root.words, 0);
	result = resolve_all(&r, err);
	if (result == 0)
		progress_end(step, NULL);
	else
		progress_drop(step);
	apt_root_close(&r.root);
	if (result < 0)
		*out = before;
	return result;
}
