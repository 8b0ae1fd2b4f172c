#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "config/diagnostics.h"
#include "builder/recipe.h"

enum { RECIPE_LIMIT = 1024 * 1024 };

/* The declarations under way. */
struct reader {
	struct arena *arena;
	const char *path;
	unsigned line;
	struct recipe *recipe;
	struct strings *patterns;
};

static int complain(const struct reader *r, struct error *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static int complain(const struct reader *r, struct error *err, const char *fmt, ...)
{
	struct arena scratch = {0};
	va_list ap;

	va_start(ap, fmt);
	error_set(err, "%s:%u: %s", r->path, r->line, arena_vprintf(&scratch, fmt, ap));
	va_end(ap);
	arena_free(&scratch);
	return -1;
}

/* A copy of an array with room for one more. The lists are short: no capacity is kept. */
static void *one_more(struct arena *a, const void *items, size_t count, size_t size)
{
	void *copy = arena_calloc(a, count + 1, size);

	if (count)
		memcpy(copy, items, count * size);
	return copy;
}

/* The next word of *text in the arena, or NULL at its end. */
static const char *next_word(struct arena *a, const char **text)
{
	const char *start = *text + strspn(*text, " \t");
	size_t n = strcspn(start, " \t");

	*text = start + n;
	return n ? arena_strndup(a, start, n) : NULL;
}

static bool only(const char *s, const char *first, const char *rest)
{
	return strspn(s, first) > 0 && s[strspn(s, rest)] == '\0';
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"

/* Debian policy 5.6.1, and what we call recipes. */
static bool is_package_name(const char *s)
{
	return only(s, LOWER DIGIT, LOWER DIGIT "+-.");
}

static int add_names(const struct reader *r, const char *value, struct strings *list, const char *what, struct error *err)
{
	const char *word;

	if (!*value)
		return complain(r, err, "%s without a name", what);
	while ((word = next_word(r->arena, &value))) {
		if (!is_package_name(word))
			return complain(r, err, "\"%s\" is no name for %s (small letters, digits, \"+-.\")", word, what);
		if (strings_has(list, word))
			return complain(r, err, "%s \"%s\" is declared twice", what, word);
		strings_add(r->arena, list, word);
	}
	return 0;
}

static int read_summary(struct reader *r, const char *value, struct error *err)
{
	if (!*value)
		return complain(r, err, "recipe: says nothing about what it makes");
	r->recipe->summary = arena_strdup(r->arena, value);
	return 0;
}

static int read_sources(struct reader *r, const char *value, struct error *err)
{
	return add_names(r, value, &r->recipe->sources, "a source package", err);
}

static int read_packages(struct reader *r, const char *value, struct error *err)
{
	return add_names(r, value, &r->recipe->packages, "a package", err);
}

static int read_parts(struct reader *r, const char *value, struct error *err)
{
	return add_names(r, value, &r->recipe->parts, "a recipe", err);
}

static int read_files(struct reader *r, const char *value, struct error *err)
{
	const char *word;

	if (!*value)
		return complain(r, err, "file: without a name");
	while ((word = next_word(r->arena, &value))) {
		const char *rest = word, *clean;

		while (!strncmp(rest, "../", 3))
			rest += 3;
		if (word[0] == '/' || !*rest || path_clean(r->arena, rest, &clean, err) < 0 || strcmp(clean + 1, rest)) {
			error_clear(err);
			return complain(r, err, "file \"%s\" is no path relative to the recipe (\"..\" only at its start)", word);
		}
		strings_add(r->arena, r->patterns, word);
	}
	return 0;
}

/* NAME (PACKAGE…), any number of times. */
static int read_tools(struct reader *r, const char *value, struct error *err)
{
	struct recipe *out = r->recipe;

	while (*value) {
		struct recipe_tool tool = {.name = next_word(r->arena, &value)};
		const char *open = value + strspn(value, " "), *close = strchr(open, ')');

		if (!only(tool.name, LOWER UPPER DIGIT, LOWER UPPER DIGIT "+-._"))
			return complain(r, err, "\"%s\" is no name for a tool", tool.name);
		if (*open != '(' || !close)
			return complain(r, err, "tool \"%s\" needs its packages behind it: %s (PACKAGE)", tool.name, tool.name);
		if (add_names(r, arena_strndup(r->arena, open + 1, (size_t)(close - open - 1)), &tool.packages, "a package", err) < 0)
			return -1;
		out->tools = one_more(r->arena, out->tools, out->tool_count, sizeof(tool));
		out->tools[out->tool_count++] = tool;
		value = close + 1 + strspn(close + 1, " ");
	}
	return 0;
}

/* "(one of: A B)" or "(some of: A B)"; text is between the parentheses. */
static int read_choices(struct reader *r, const char *text, struct recipe_option *o, struct error *err)
{
	const char *word;

	if (!strncmp(text, "one of: ", 8))
		text += 8;
	else if (!strncmp(text, "some of: ", 9))
		text += 9, o->several = true;
	else
		return complain(r, err, "option \"%s\": expected (one of: …) or (some of: …)", o->name);
	while ((word = next_word(r->arena, &text)))
		strings_add(r->arena, &o->choices, word);
	if (!strings_has(&o->choices, o->value))
		return complain(r, err, "option \"%s\": its default \"%s\" is not among the choices", o->name, o->value);
	return 0;
}

static int read_option(struct reader *r, const char *value, struct error *err)
{
	struct recipe *out = r->recipe;
	struct recipe_option o = {.name = next_word(r->arena, &value)};
	const char *equal = o.name ? next_word(r->arena, &value) : NULL, *open, *end;

	if (!equal || strcmp(equal, "=") || !only(o.name, LOWER, LOWER DIGIT "-"))
		return complain(r, err, "expected option: NAME = VALUE");
	for (size_t i = 0; i < out->option_count; i++)
		if (!strcmp(out->options[i].name, o.name))
			return complain(r, err, "option \"%s\" is declared twice", o.name);
	value += strspn(value, " ");
	open = strstr(value, " (");
	end = open ? open : value + strlen(value);
	o.value = arena_strndup(r->arena, value, (size_t)(end - value));
	if (open) {
		size_t n = strlen(open + 2);

		if (open[1 + n] != ')')
			return complain(r, err, "option \"%s\": its choices do not end in \")\"", o.name);
		if (read_choices(r, arena_strndup(r->arena, open + 2, n - 1), &o, err) < 0)
			return -1;
	}
	out->options = one_more(r->arena, out->options, out->option_count, sizeof(o));
	out->options[out->option_count++] = o;
	return 0;
}

static int read_version(struct reader *r, const char *value, struct error *err)
{
	const char *word = next_word(r->arena, &value), *name = word ? next_word(r->arena, &value) : NULL;

	if (!word || next_word(r->arena, &value) || (name && strcmp(word, "apt-source")))
		return complain(r, err, "expected version: apt-source NAME, or version: TEXT");
	if (name)
		r->recipe->version_of = name;
	else
		r->recipe->version = word;
	return 0;
}

static const struct declaration {
	const char *key;
	bool once;
	int (*read)(struct reader *r, const char *value, struct error *err);
} declarations[] = {
	{"recipe", true, read_summary}, {"apt-source", false, read_sources}, {"apt", false, read_packages},
	{"build", false, read_parts},   {"file", false, read_files},         {"tool", false, read_tools},
	{"option", false, read_option}, {"version", true, read_version},
};

enum { DECLARATIONS = sizeof(declarations) / sizeof(declarations[0]) };

/* One line behind "# ". */
static int read_declaration(struct reader *r, const char *line, unsigned *seen, struct error *err)
{
	const char *colon = strchr(line, ':'), *keys[DECLARATIONS], *near;
	char *key = arena_strndup(r->arena, line, colon ? (size_t)(colon - line) : strlen(line));
	const struct declaration *d = NULL;

	if (!colon || !only(key, LOWER, LOWER "-"))
		return complain(r, err, "expected a declaration (KEY: VALUE); a \"#\" alone ends them");
	for (size_t i = 0; i < DECLARATIONS; i++) {
		keys[i] = declarations[i].key;
		if (!strcmp(key, keys[i]))
			d = &declarations[i];
	}
	if (!d) {
		near = did_you_mean(key, keys, DECLARATIONS);
		return complain(r, err, "unknown declaration \"%s\"%s%s%s", key, near ? ", did you mean \"" : "",
				near ? near : "", near ? "\"?" : "");
	}
	if (!*seen && strcmp(key, "recipe"))
		return complain(r, err, "the first declaration must be \"recipe: what it makes\"");
	if (d->once && *seen & 1U << (d - declarations))
		return complain(r, err, "%s: a second time", key);
	*seen |= 1U << (d - declarations);
	return d->read(r, colon + 1 + strspn(colon + 1, " "), err);
}

int recipe_parse(struct arena *a, const char *path, const char *text, size_t n, struct recipe *out, struct strings *patterns,
		 struct error *err)
{
	struct recipe recipe = {.name = path_base(path), .path = path};
	struct strings found = {0};
	struct reader r = {.arena = a, .path = path, .line = 1, .recipe = &recipe, .patterns = &found};
	const char *end = text + n, *line = memchr(text, '\n', n);
	unsigned seen = 0;

	if (n < 2 || text[0] != '#' || text[1] != '!')
		return complain(&r, err, "a recipe starts with \"#!\" and its interpreter");
	while (line && ++line < end && *line == '#') {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t length = (size_t)((newline ? newline : end) - line);
		char *copy;

		r.line++;
		if (length == 1)
			break;
		if (line[1] != ' ')
			return complain(&r, err, "expected \"# KEY: VALUE\"; a \"#\" alone ends the declarations");
		while (length > 2 && line[length - 1] == ' ')
			length--;
		for (size_t i = 0; i < length; i++)
			if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
				return complain(&r, err, "control character");
		copy = arena_strndup(a, line + 2, length - 2);
		if (read_declaration(&r, copy, &seen, err) < 0)
			return -1;
		line = newline;
	}
	if (!recipe.summary) {
		r.line = 2;
		return complain(&r, err, "the first declaration must be \"recipe: what it makes\"");
	}
	if (recipe.version_of && !strings_has(&recipe.sources, recipe.version_of))
		return complain(&r, err, "its version is that of \"%s\", which is not declared with apt-source", recipe.version_of);
	*out = recipe;
	*patterns = found;
	return 0;
}

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static void add_file(struct arena *a, struct recipe *r, const char *name, const char *path)
{
	r->files = one_more(a, r->files, r->file_count, sizeof(*r->files));
	r->files[r->file_count++] = (struct recipe_file){.name = name, .path = path};
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct recipe_file *)a)->name, ((const struct recipe_file *)b)->name);
}

/* Files in folder whose name matches, as "prefix/name". */
static void match_files(struct arena *a, const char *folder, const char *prefix, const char *pattern, struct recipe *r)
{
	_cleanup_closedir_ DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		const char *path = path_join(a, folder, entry->d_name);

		if (entry->d_name[0] != '.' && fnmatch(pattern, entry->d_name, 0) == 0 && is_file(path))
			add_file(a, r, arena_printf(a, "%s%s", prefix, entry->d_name), path);
	}
}

/* The files of one pattern, from the first folder that has any. Only the last component may be a pattern. */
static int find_files(struct arena *a, const struct strings *folders, const char *pattern, struct recipe *r, struct error *err)
{
	const char *slash = strrchr(pattern, '/'), *last = slash ? slash + 1 : pattern, *prefix;
	size_t before = r->file_count;

	prefix = arena_strndup(a, pattern, (size_t)(last - pattern));
	for (size_t i = 0; i < folders->count && r->file_count == before; i++) {
		const char *folder = path_join(a, folders->items[i], prefix), *inside = prefix;

		while (!strncmp(inside, "../", 3))
			inside += 3;
		if (strpbrk(last, "*?["))
			match_files(a, folder, inside, last, r);
		else if (is_file(path_join(a, folder, last)))
			add_file(a, r, arena_printf(a, "%s%s", inside, last), path_join(a, folder, last));
	}
	if (r->file_count == before)
		return error_set(err, "%s: its file \"%s\" is not there (looked for from %s)", r->path, pattern, folders->items[0]);
	return 0;
}

static int find_all_files(struct arena *a, const struct strings *roots, const struct strings *patterns, struct recipe *r,
			  struct error *err)
{
	struct strings folders = {0};

	strings_add(a, &folders, path_parent(a, r->path));
	for (size_t i = 0; i < roots->count; i++)
		strings_add(a, &folders, path_join(a, roots->items[i], "hooks/build"));
	for (size_t i = 0; i < patterns->count; i++)
		if (find_files(a, &folders, patterns->items[i], r, err) < 0)
			return -1;
	if (r->file_count)
		qsort(r->files, r->file_count, sizeof(*r->files), by_name);
	for (size_t i = 0; i < r->file_count; i++)
		if (!strcmp(r->files[i].name, r->name) || (i && !strcmp(r->files[i].name, r->files[i - 1].name)))
			return error_set(err, "%s: two of its files would be \"%s\"", r->path, r->files[i].name);
	return 0;
}

int recipe_read(struct arena *a, const char *name, const struct strings *roots, struct recipe *out, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct recipe recipe;
	struct strings patterns;
	const char *path = NULL;

	if (!is_package_name(name))
		return error_set(err, "\"%s\" is no name of a recipe (small letters, digits, \"+-.\")", name);
	for (size_t i = 0; i < roots->count && !path; i++) {
		const char *candidate = path_join(a, path_join(a, roots->items[i], "hooks/build"), name);

		if (is_file(candidate))
			path = candidate;
	}
	if (!path)
		return error_set(err, "no recipe \"%s\": %s/hooks/build has none of that name%s", name,
				 roots->count ? roots->items[0] : "", roots->count > 1 ? ", nor have mkdl's own" : "");
	if (access(path, X_OK) < 0)
		return error_set(err, "%s: a recipe must be executable: chmod +x %s", path, path);
	if (file_read_at(AT_FDCWD, path, RECIPE_LIMIT, &text, err) < 0)
		return -1;
	if (recipe_parse(a, path, text.data, text.len, &recipe, &patterns, err) < 0 ||
	    find_all_files(a, roots, &patterns, &recipe, err) < 0)
		return -1;
	*out = recipe;
	return 0;
}
